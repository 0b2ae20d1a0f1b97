import { Page } from '../../types/page';
import { putPage } from '../page_alloc';
import { tryGetPage } from '../page_ref';

/**
 * A pin is a plain reference, as before Linux 5.7: nobody can tell it from any other. Also what
 * FOLL_GET takes under every policy.
 */
@unmanaged
export class GetPage {

  @inline get countsFiles(): bool {
    return false;
  }


  @inline grab(page: Page, write: bool): bool {
    return tryGetPage(page);
  }


  @inline release(page: Page, write: bool): void {
    putPage(page);
  }


  @inline countFile(page: Page, counted: u32): u32 {
    return 0;
  }


  @inline uncountFile(mapping: u32): void {}
}
