import { AddressSpace } from '../../types/address_space';
import { PAGE_MAPPING_ANON, Page } from '../../types/page';
import { putPage } from '../page_alloc';
import { tryGetPage } from '../page_ref';
import { mapWritable } from '../mapping_writable';
import { FILE_REFUSES } from './pin';

/**
 * A write pin raises `i_mmap_writable` of the page's file, as proposed in May 2014: F_SEAL_WRITE
 * then fails at once and exactly while such a pin lives, without looking at any page. The pin
 * remembers the mapping, since the page may have lost it by the time of the release.
 *
 * Every writer that pins pages of one file modifies one word of it: that is the cost to measure.
 */
@unmanaged
export class IMmapWritable {

  @inline get countsFiles(): bool {
    return true;
  }


  @inline get countsWriters(): bool {
    return false;
  }


  @inline grab(page: Page, write: bool): bool {
    return tryGetPage(page);
  }


  @inline release(page: Page, write: bool): void {
    putPage(page);
  }


  @inline countFile(page: Page, counted: u32): u32 {
    const mapping = page.mapping.load();
    if (mapping == counted || (mapping & PAGE_MAPPING_ANON) != 0) return 0;
    if (mapping == 0) return FILE_REFUSES;
    return mapWritable(changetype<AddressSpace>(<usize>mapping)) < 0 ? FILE_REFUSES : mapping;
  }


  @inline uncountFile(mapping: u32): void {
    changetype<AddressSpace>(<usize>mapping).iMmapWritable.sub(1);
  }
}
