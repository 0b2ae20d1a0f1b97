/**
 * Two CPUs touch a mapping for the first time. Each looks whether the mapping has an anon_vma, and
 * one of them makes it, under locks that the other one's look does not take.
 */
import { MAP_ANONYMOUS, MAP_PRIVATE, PAGE_SIZE, PROT_READ, PROT_WRITE, scenario } from 'mmemu';

export default scenario({
  name: 'anon_vma.plain_check',
  machine: { memory: '256KiB', contents: 'none', bugs: ['anon_vma.plain_check'] },
  setup(machine) {
    const process = machine.spawn();
    const flags = MAP_PRIVATE | MAP_ANONYMOUS;
    const addr = process.mmap(0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
    process.load(addr, 2 * PAGE_SIZE); // zero pages need no anon_vma, but page tables
    return { process, addr };
  },
  cpus: {
    *first({ process, addr }, cpu) {
      yield* cpu.on(process).store(addr, Uint8Array.of(1));
    },
    *second({ process, addr }, cpu) {
      yield* cpu.on(process).store(addr + PAGE_SIZE, Uint8Array.of(2));
    },
  },
});
