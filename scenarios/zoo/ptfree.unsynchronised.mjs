/**
 * munmap frees a page table at once, and the next process that needs one gets it. A GUP-fast that
 * was on its way through the table pins what the other process has mapped there; reading the entry
 * again shows no change.
 */
import { FOLL_WRITE, MAP_ANONYMOUS, MAP_PRIVATE, PAGE_SIZE, PROT_READ, PROT_WRITE } from 'mmemu';
import { attempt, scenario } from 'mmemu';
import { onePage } from '../lib/private.mjs';

const RW = PROT_READ | PROT_WRITE;

export default scenario({
  name: 'ptfree.unsynchronised',
  machine: { memory: '256KiB', contents: 'stamp', bugs: ['ptfree.unsynchronised'] },
  setup(machine) {
    const { process, addr } = onePage(machine);
    const stranger = machine.spawn();
    const other = stranger.mmap(addr, PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return { process, addr, stranger, other };
  },
  cpus: {
    *device({ process, addr }, cpu) {
      const pinned = yield* attempt(cpu.on(process).pinUserPagesFast(addr, 1, FOLL_WRITE));
      if (!pinned.ok) return;
      const [seen] = yield* pinned.value.read(0, 1);
      cpu.assert(seen === 1, `the process has written 1, its pin shows ${seen}`);
    },
    *unmapper({ process, addr, stranger, other }, cpu) {
      yield* cpu.on(process).munmap(addr, PAGE_SIZE);
      yield* cpu.on(stranger).store(other, Uint8Array.of(2));
    },
  },
});
