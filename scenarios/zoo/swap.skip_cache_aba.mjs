/**
 * Two CPUs swap in the same page past the swap cache. One maps it, stores to it, and it is swapped
 * out again, to the slot that was just given back: the entry looks as before, and the other CPU
 * maps what it has read before the store.
 */
import { MADV_PAGEOUT, PAGE_SIZE, scenario } from 'mmemu';
import { onePage } from '../lib/private.mjs';

export default scenario({
  name: 'swap.skip_cache_aba',
  machine: {
    memory: '256KiB',
    swap: '64KiB',
    contents: 'stamp',
    policy: { lruBatch: 'none' }, // a page that waits in a batch is not reclaimed
    bugs: ['swap.skip_cache_aba'],
  },
  setup(machine) {
    const { process, addr } = onePage(machine);
    process.madvise(addr, PAGE_SIZE, MADV_PAGEOUT);
    return { process, addr };
  },
  cpus: {
    *reader({ process, addr }, cpu) {
      yield* cpu.on(process).load(addr, 1);
    },
    *writer({ process, addr }, cpu) {
      yield* cpu.on(process).store(addr, Uint8Array.of(2));
      yield* cpu.on(process).madvise(addr, PAGE_SIZE, MADV_PAGEOUT);
    },
  },
  check(_, { process, addr }) {
    const [seen] = process.load(addr, 1);
    if (seen !== 2) throw new Error(`the process has stored 2 last, and reads ${seen}`);
  },
});
