/**
 * Reclaim clears an entry, looks whether the page is pinned, and then makes it nobody's own. Without
 * a barrier between, the clear may wait in the store buffer while GUP-fast reads the old entry twice
 * and pins. The page is swapped out all the same; a fork then shares it, and the parent's next store
 * leaves the device's page. Only with store buffers: --memory-model tso.
 */
import { FOLL_NOFAULT, FOLL_WRITE, MADV_PAGEOUT, PAGE_SIZE, attempt, scenario } from 'mmemu';
import { mustStayPinned, onePage } from '../lib/private.mjs';

export default scenario({
  name: 'share.no_barrier',
  machine: {
    memory: '256KiB',
    swap: '64KiB',
    contents: 'stamp',
    policy: { lruBatch: 'none' }, // a page that waits in a batch is not reclaimed
    bugs: ['share.no_barrier'],
  },
  setup(machine) {
    const { process, addr } = onePage(machine);
    process.pinUserPages(addr, 1, FOLL_WRITE).release(); // from now on fork looks for pins
    return { process, addr, pages: undefined };
  },
  cpus: {
    *reclaim({ process, addr }, cpu) {
      yield* cpu.on(process).madvise(addr, PAGE_SIZE, MADV_PAGEOUT);
    },
    *device(context, cpu) {
      const { process, addr } = context;
      const flags = FOLL_WRITE | FOLL_NOFAULT; // what was swapped out stays there
      const pinned = yield* attempt(cpu.on(process).pinUserPagesFast(addr, 1, flags));
      if (pinned.ok) context.pages = pinned.value;
    },
  },
  check(machine, context) {
    context.process.fork();
    mustStayPinned(machine, context);
  },
});
