/**
 * Reclaim unmaps a page that a device reads into. The process's next store finds the page in the
 * swap cache with the device's reference, takes it for shared, and goes to a copy: what the device
 * brings is lost. Machines that decide by references (2.6.11) must not unmap such a page.
 */
import { FOLL_WRITE, MADV_PAGEOUT, PAGE_SIZE, scenario } from 'mmemu';
import { mustStayPinned, onePage } from '../lib/private.mjs';

export default scenario({
  name: 'cow.refcount_vs_unmap',
  machine: {
    memory: '256KiB',
    swap: '64KiB',
    contents: 'stamp',
    policy: {
      cow: 'ref-equal',
      unmapPinned: 'refuse-if-ref-ne-map-plus-2',
      lruBatch: 'none', // a page that waits in a batch is not reclaimed
    },
    bugs: ['cow.refcount_vs_unmap'],
  },
  setup(machine) {
    const { process, addr } = onePage(machine);
    return { process, addr, pages: process.pinUserPages(addr, 1, FOLL_WRITE) };
  },
  cpus: {
    *writer({ process, addr }, cpu) {
      yield* cpu.on(process).store(addr, Uint8Array.of(2));
    },
    *reclaim({ process, addr }, cpu) {
      yield* cpu.on(process).madvise(addr, PAGE_SIZE, MADV_PAGEOUT);
    },
  },
  check: mustStayPinned,
});
