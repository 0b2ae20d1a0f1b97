import { BUG_GOT_UNPIN_IN_PUT_PAGE } from '../../abi';
import { reenacts } from '../../lib/machine';
import { Page } from '../../types/page';
import { putPage } from '../page_alloc';
import { tryGetPage } from '../page_ref';
import { GUP_PIN_COUNTING_BIAS } from './pincount';

/**
 * A pin is a plain reference, as before Linux 5.7: nobody can tell it from any other. Also what
 * FOLL_GET takes under every policy.
 */
@unmanaged
export class GetPage {

  @inline get countsFiles(): bool {
    return false;
  }


  @inline get countsWriters(): bool {
    return false;
  }


  @inline grab(page: Page, write: bool): bool {
    return tryGetPage(page);
  }


  @inline release(page: Page, write: bool): void {
    if (reenacts(BUG_GOT_UNPIN_IN_PUT_PAGE)) putPageOrPin(page);
    else putPage(page);
  }


  @inline countFile(page: Page, counted: u32): u32 {
    return 0;
  }


  @inline uncountFile(mapping: u32): void {}
}

/**
 * Takes every put of a page that looks pinned for the end of a pin, as the first version of
 * PageDmaPinned did: a reference older than the pin ends it.
 */
function putPageOrPin(page: Page): void {
  if (page.refcount.load() > GUP_PIN_COUNTING_BIAS) page.refcount.sub(GUP_PIN_COUNTING_BIAS);
  else putPage(page);
}
