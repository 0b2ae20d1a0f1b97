/**
 * A fault finds a page of a file, which is then cut off: the truncation has unmapped what was mapped,
 * and removes the page. The fault maps a page that belongs to no file.
 */
import { MAP_SHARED, PAGE_SIZE, PROT_READ, attempt, scenario } from 'mmemu';

export default scenario({
  name: 'truncate.fault_race',
  machine: {
    memory: '256KiB',
    contents: 'stamp',
    faultAround: PAGE_SIZE,
    bugs: ['truncate.fault_race'],
  },
  setup(machine) {
    const process = machine.spawn();
    const fd = process.memfdCreate('buf', 0);
    process.write(fd, [1]);
    return { process, fd, addr: process.mmap(0, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0) };
  },
  cpus: {
    *reader({ process, addr }, cpu) {
      yield* attempt(cpu.on(process).load(addr, 1)); // SIGBUS where the file has ended
    },
    *cutter({ process, fd }, cpu) {
      yield* cpu.on(process).ftruncate(fd, 0);
    },
  },
});
