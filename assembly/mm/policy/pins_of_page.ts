import { PIN_PINCOUNT, PIN_READ_WRITE_SPLIT } from '../../abi';
import { thisCpu } from '../../lib/percpu';
import { Page } from '../../types/page';
import { GUP_PIN_COUNTING_BIAS } from './pincount';
import { writersOf } from './read_write_split';

/** Whether the reference count of a page shows that a device uses it, by the pin policy. */

/** Pins that a policy counts in the page itself; 0 where it cannot tell them from references. */
export function pinsOfPage(page: Page, policy: u32): i32 {
  if (policy == PIN_PINCOUNT) return page.refcount.load() / GUP_PIN_COUNTING_BIAS;
  return policy == PIN_READ_WRITE_SPLIT ? writersOf(page.refcount.load()) : 0;
}

/**
 * False only if nobody pins the page (Linux: folio_maybe_dma_pinned); a policy that counts no pins
 * in pages knows none. To be sure that none comes, the caller has cleared the entries first, or
 * keeps write_protect_seq odd.
 */
export function maybeDmaPinned(page: Page): bool {
  return pinsOfPage(page, thisCpu().pinPolicy.load()) != 0;
}
