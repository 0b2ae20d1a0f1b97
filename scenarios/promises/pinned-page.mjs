/**
 * A promise: a pinned page of private memory stays the page that its process has mapped, across a
 * fork, copy-on-write and reclaim. For each combination of the axis cow with forkPinned or unmapPinned.
 */
import { FOLL_WRITE, MADV_PAGEOUT, PAGE_SIZE, policies, scenario } from 'mmemu';
import { mustStayPinned, onePage } from '../lib/private.mjs';

const SMALL = { memory: '256KiB', swap: '64KiB', contents: 'stamp' };

/** The scenario for one combination, and one thing that happens to the page. */
export function pinnedPage(policy, happening = 'fork') {
  return scenario({
    name: `a pinned page stays mapped: ${happening}`,
    // A page that waits in a batch is not reclaimed.
    machine: { ...SMALL, policy: { lruBatch: 'none', ...policy } },
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
      *other({ process, addr }, cpu) {
        const calls = cpu.on(process);
        if (happening === 'fork') yield* calls.fork();
        else yield* calls.madvise(addr, PAGE_SIZE, MADV_PAGEOUT);
      },
    },
    check: mustStayPinned,
  });
}

/** What may happen to a pinned page, and the policies that the promise depends on then. */
export const combinations = {
  fork: combine('cow', 'forkPinned'),
  reclaim: combine('cow', 'unmapPinned'),
};

export default pinnedPage({});

function combine(...axes) {
  return axes.reduce(
    (all, axis) => all.flatMap((one) => namesOf(axis).map((name) => ({ ...one, [axis]: name }))),
    [{}],
  );
}

function namesOf(wanted) {
  return (
    policies()
      .find(({ axis }) => axis === wanted)
      ?.values.map(({ name }) => name) ?? []
  );
}
