/**
 * The first pin of a process, by GUP-fast, and a fork. Fork looks for pins only in a process that has
 * ever had one, and the flag that says so comes too late: the page is pinned, and shared.
 */
import { FOLL_WRITE, scenario } from 'mmemu';
import { mustStayPinned, onePage } from '../lib/private.mjs';

export default scenario({
  name: 'fork.has_pinned_late',
  machine: { memory: '256KiB', contents: 'stamp', bugs: ['fork.has_pinned_late'] },
  setup(machine) {
    const { process, addr } = onePage(machine);
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
