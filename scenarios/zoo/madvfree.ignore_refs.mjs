/**
 * A device reads into a page that its process has given up with MADV_FREE, as it may. Reclaim that
 * does not count references finds the page clean, drops it, and what the device brings is lost.
 */
import { FOLL_WRITE, MADV_FREE, MADV_PAGEOUT, PAGE_SIZE, scenario } from 'mmemu';
import { onePage } from '../lib/private.mjs';

export default scenario({
  name: 'madvfree.ignore_refs',
  machine: {
    memory: '256KiB',
    contents: 'stamp',
    policy: { lruBatch: 'none' }, // a page that waits in a batch is not reclaimed
    bugs: ['madvfree.ignore_refs'],
  },
  setup(machine) {
    const { process, addr } = onePage(machine);
    const pages = process.getUserPages(addr, 1, FOLL_WRITE);
    process.madvise(addr, PAGE_SIZE, MADV_FREE);
    return { process, addr, pages };
  },
  cpus: {
    *device({ pages }, cpu) {
      yield* cpu.on(pages).write(0, Uint8Array.of(5));
      yield* cpu.on(pages).release({ dirty: true });
    },
    *reclaim({ process, addr }, cpu) {
      yield* cpu.on(process).madvise(addr, PAGE_SIZE, MADV_PAGEOUT);
    },
  },
  check(_, { process, addr }) {
    const [seen] = process.load(addr, 1);
    if (seen !== 5) throw new Error(`the device brought 5, and the process reads ${seen}`);
  },
});
