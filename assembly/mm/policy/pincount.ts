import { Page } from '../../types/page';
import { freePage } from '../page_alloc';
import { tryGetPage } from '../page_ref';

/** What one pin adds to the reference count (Linux: GUP_PIN_COUNTING_BIAS). */
export const GUP_PIN_COUNTING_BIAS: i32 = 1024;

/**
 * A pin adds 1024 to the page's reference count, so that 1024 or more say "maybe pinned", as Linux
 * does since 5.7 (try_grab_folio, folio_maybe_dma_pinned). The first of the 1024 must be taken with
 * a compare-and-swap that fails on a free page; the rest is a plain addition.
 */
@unmanaged
export class PinCount {

  @inline get countsFiles(): bool {
    return false;
  }


  @inline get countsWriters(): bool {
    return false;
  }


  @inline grab(page: Page, write: bool): bool {
    if (!tryGetPage(page)) return false;
    page.refcount.add(GUP_PIN_COUNTING_BIAS - 1);
    return true;
  }


  @inline release(page: Page, write: bool): void {
    if (page.refcount.fetchSub(GUP_PIN_COUNTING_BIAS) == GUP_PIN_COUNTING_BIAS) freePage(page);
  }


  @inline countFile(page: Page, counted: u32): u32 {
    return 0;
  }


  @inline uncountFile(mapping: u32): void {}
}
