import type { Machine } from '../../../machine.js';
import { SNAPSHOT_PAGE, usedPages } from '../../../snapshot/regions.js';
import { NAMES, VECS } from '../../../verify/places.js';
import { offsetOf, type CoreViews } from '../../../wasm/views.js';
import { ExploreError } from '../../explore-error.js';

/**
 * Leaks: what nobody can give back any more. A scenario may end while it holds pages, files and
 * processes. So, in a copy of its end, all of that is given back: the pages that vectors hold, and
 * every process exits. What there is of memory then belongs to the files that have a path, or to
 * nobody; verify() names objects without an owner, and the frames are counted.
 *
 * It is done once for each state that an execution ends in, behind everything else.
 */
export function findLeak(machine: Machine): ExploreError | undefined {
  const { views } = machine.kernel;
  const pages = copyOf(views, machine);
  try {
    return leakOf(machine);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return new ExploreError('leak', `not everything can be given back at the end: ${what}`);
  } finally {
    for (const [number, bytes] of pages) views.u8.set(bytes, number * SNAPSHOT_PAGE);
  }
}

function leakOf(machine: Machine): ExploreError | undefined {
  const { kernel } = machine;
  const toVector = offsetOf('GupVec', 'list');
  for (const link of [...kernel.views.list(VECS)]) {
    kernel.run((core) => core.gupReleaseCall(link - toVector, false));
  }
  for (const process of machine.processes()) process.exit();
  kernel.run((core) => core.lruAddDrainAll());
  const [violation] = machine.verify();
  if (violation !== undefined) {
    const message = `a leak, when all processes have exited: ${violation.message}`;
    return new ExploreError('leak', message, { object: violation.invariant });
  }
  const { MemTotal, MemFree, Cached } = machine.meminfo();
  const hasFiles = [...kernel.views.list(NAMES)].length > 0;
  const lost = MemTotal - MemFree - (hasFiles ? Cached : 0);
  if (lost === 0) return undefined;
  const message = `a leak: when all processes have exited, ${lost} kB belong to nobody`;
  return new ExploreError('leak', message);
}

/** A copy of what the machine has used of its memory. */
function copyOf(views: CoreViews, machine: Machine): Map<number, Uint8Array> {
  const pages = new Map<number, Uint8Array>();
  for (const [first, behind] of usedPages(views, machine.options)) {
    for (let number = first; number < behind; number++) {
      pages.set(number, views.copy(number * SNAPSHOT_PAGE, SNAPSHOT_PAGE));
    }
  }
  return pages;
}
