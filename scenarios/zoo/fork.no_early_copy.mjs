/**
 * Fork shares a pinned page like any other: the parent's next store goes to a copy, away from the
 * device, in any order of the two calls but one.
 */
import { FOLL_WRITE, scenario } from 'mmemu';
import { mustStayPinned, onePage } from '../lib/private.mjs';

export default scenario({
  name: 'fork.no_early_copy',
  machine: { memory: '256KiB', contents: 'stamp', bugs: ['fork.no_early_copy'] },
  setup(machine) {
    const { process, addr } = onePage(machine);
    const pages = process.pinUserPages(addr, 1, FOLL_WRITE);
    return { process, addr, pages };
  },
  cpus: {
    *forker({ process }, cpu) {
      yield* cpu.on(process).fork();
    },
    *writer({ process, addr }, cpu) {
      yield* cpu.on(process).store(addr, Uint8Array.of(2));
    },
  },
  check: mustStayPinned,
});
