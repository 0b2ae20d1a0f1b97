/**
 * A write to one file from a mapping of another, into which a hole is being punched. The write
 * holds i_rwsem of its file, and the fault for its buffer waits for that of the other: here nothing
 * comes of it, but two that write to one another's file wait for ever.
 */
import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  MAP_SHARED,
  PAGE_SIZE,
  PROT_READ,
  scenario,
} from 'mmemu';

export default scenario({
  name: 'shmem.fault_takes_i_rwsem',
  machine: { memory: '256KiB', contents: 'stamp', bugs: ['shmem.fault_takes_i_rwsem'] },
  setup(machine) {
    const process = machine.spawn();
    const [source, target] = ['source', 'target'].map((name) => process.memfdCreate(name, 0));
    process.ftruncate(source, PAGE_SIZE);
    const addr = process.mmap(0, PAGE_SIZE, PROT_READ, MAP_SHARED, source, 0);
    return { process, source, target, addr };
  },
  cpus: {
    *writer({ process, target, addr }, cpu) {
      yield* cpu.on(process).writeFrom(target, addr, 1, 0);
    },
    *puncher({ process, source }, cpu) {
      const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
      yield* cpu.on(process).fallocate(source, mode, 0, PAGE_SIZE);
    },
  },
});
