import { COW_ANON_EXCLUSIVE } from '../../abi';
import { thisCpu } from '../../lib/percpu';

/**
 * Who may write to the page of a private mapping in place, and who gets a copy: the axis `cow`. A
 * policy is a class that is only ever a type, as those of `pin`, with one method
 *
 *   canReuse(page, vma)   true if the process whose write has faulted owns the page alone
 *
 * Preconditions:
 * - the lock of the page table is held, and an entry of the VMA in it maps the page, which is
 *   anonymous.
 *
 * Two errors are possible. To copy too much: a device or another holder of a reference keeps the
 * old page, and what it writes is lost to the process. To copy too little: somebody who read the
 * page while it was shared sees what is written to it later.
 *
 * Only the last generation remembers in the page that it is one process's own (PG_anon_exclusive),
 * and only with it GUP for reading unshares a page first. In the others the bit is never set.
 */

/** True if PG_anon_exclusive tells which pages are one process's own. */
export function keepsExclusive(): bool {
  return thisCpu().cowPolicy == COW_ANON_EXCLUSIVE;
}
