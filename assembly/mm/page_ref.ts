import { Page } from '../types/page';

/**
 * Takes a reference unless the page is free or frozen (Linux: folio_try_get). Whoever found the
 * page without a lock must look again, afterwards, whether it is still the page that was looked
 * for.
 */
export function tryGetPage(page: Page): bool {
  return tryAddPageRefs(page, 1);
}

/**
 * Adds references unless there is none, or so many that the count has become negative
 * (Linux: folio_ref_try_add, try_get_folio).
 */
export function tryAddPageRefs(page: Page, count: i32): bool {
  let seen = page.refcount.load();
  while (seen > 0) {
    const before = page.refcount.cmpxchg(seen, seen + count);
    if (before == seen) return true;
    seen = before;
  }
  return false;
}

/** Takes a reference beside one that the caller knows to exist (Linux: folio_get). */
export function getPage(page: Page): void {
  page.refcount.add(1);
}
