/**
 * GUP-fast pins a page while fork is about to write-protect it. Fork has seen it unpinned and shares
 * it; the parent's next store then goes to a copy, and the device keeps the child's page.
 */
import { FOLL_WRITE, scenario } from 'mmemu';
import { mustStayPinned, onePage } from '../lib/private.mjs';

export default scenario({
  name: 'fork.no_write_protect_seq',
  machine: { memory: '256KiB', contents: 'stamp', bugs: ['fork.no_write_protect_seq'] },
  setup(machine) {
    const { process, addr } = onePage(machine);
    process.pinUserPages(addr, 1, FOLL_WRITE).release(); // from now on fork looks for pins
    return { process, addr, pages: undefined };
  },
  cpus: {
    *device(context, cpu) {
      const { process, addr } = context;
      context.pages = yield* cpu.on(process).pinUserPagesFast(addr, 1, FOLL_WRITE);
    },
    *forker({ process }, cpu) {
      yield* cpu.on(process).fork();
    },
  },
  check: mustStayPinned,
});
