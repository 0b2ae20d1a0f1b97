/**
 * Parent and child share a page that was swapped out, and the child has it back. The parent's fault
 * frees its slot, and then maps the page. In between neither a slot nor a mapping speaks for the
 * parent: the child takes the page for its own, and writes to what the parent maps next.
 */
import { MADV_PAGEOUT, PAGE_SIZE, scenario } from 'mmemu';
import { onePage } from '../lib/private.mjs';

export default scenario({
  name: 'swapin.free_before_rmap',
  machine: {
    memory: '256KiB',
    swap: '64KiB',
    contents: 'stamp',
    policy: { cow: 'map-plus-swap', lruBatch: 'none' }, // who decides by mappings and slots
    bugs: ['swapin.free_before_rmap'],
  },
  setup(machine) {
    const { process, addr } = onePage(machine);
    process.madvise(addr, PAGE_SIZE, MADV_PAGEOUT);
    const child = process.fork();
    child.load(addr, 1);
    return { process, child, addr };
  },
  cpus: {
    *parent({ process, addr }, cpu) {
      yield* cpu.on(process).load(addr, 1);
    },
    *child({ child, addr }, cpu) {
      yield* cpu.on(child).store(addr, Uint8Array.of(2));
    },
  },
  check(_, { process, addr }) {
    const [seen] = process.load(addr, 1);
    if (seen !== 1) throw new Error(`the child has written ${seen}, and its parent reads it`);
  },
});
