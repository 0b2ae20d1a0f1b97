/**
 * A reference that is older than a pin is dropped while the pin lives. Where put_page takes that for
 * the end of the pin, the page looks unpinned while the device still uses it.
 */
import { FOLL_WRITE, scenario } from 'mmemu';
import { onePage } from '../lib/private.mjs';

export default scenario({
  name: 'got.unpin_in_put_page',
  machine: { memory: '256KiB', contents: 'stamp', bugs: ['got.unpin_in_put_page'] },
  setup(machine) {
    const { process, addr } = onePage(machine);
    return { process, addr, reference: process.getUserPages(addr, 1, 0), pages: undefined };
  },
  cpus: {
    *device(context, cpu) {
      const { process, addr } = context;
      context.pages = yield* cpu.on(process).pinUserPagesFast(addr, 1, FOLL_WRITE);
    },
    *other({ reference }, cpu) {
      yield* cpu.on(reference).release();
    },
  },
  check(machine, { pages }) {
    const { pincount } = machine.page(pages.pfns[0]);
    if (pincount !== 1) throw new Error(`a device has the page, and its pincount is ${pincount}`);
  },
});
