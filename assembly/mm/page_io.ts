import { VM_PSWPIN, VM_PSWPOUT } from '../abi';
import { SwpEntry } from '../arch/swapops';
import { machine } from '../lib/machine';
import { PAGE_SHIFT, PAGE_SIZE } from '../memlayout';
import {
  CONTENTS_FULL,
  CONTENTS_NONE,
  PG_DIRTY,
  PG_UPTODATE,
  Page,
  pageAddress,
  pageStamp,
} from '../types/page';
import { swapInfo } from '../types/swap_info';
import { folioFreeSwap, pageSwapEntry } from './swap_state';
import { countVmEvent } from './vmstat';

/**
 * Reading and writing slots (Linux: mm/page_io.c). The device is memory, so both are over at once,
 * and no page is ever under writeback.
 */

/** Reads the contents of a locked page's slot (Linux: swap_read_folio). */
export function swapReadPage(page: Page): void {
  const contents = machine().contents;
  const slot = pageSwapEntry(page);
  if (contents == CONTENTS_FULL) memory.copy(pageAddress(page.pfn), slotAddress(slot), PAGE_SIZE);
  else if (contents != CONTENTS_NONE) store<u64>(pageStamp(page.pfn), load<u64>(slotStamp(slot)));
  page.flags.or(PG_UPTODATE);
  countVmEvent(VM_PSWPIN);
}

/**
 * Writes a locked page of the swap cache to its slot; a slot that no entry names is given back
 * instead, and the page stays dirty (Linux: swap_writeout). The page is not mapped: what a device
 * writes to it meanwhile marks it dirty again. Linux unlocks the page, since its device takes time;
 * here it stays locked.
 */
export function swapWritepage(page: Page): void {
  if (folioFreeSwap(page)) return;
  page.flags.testAndClear(PG_DIRTY); // first: a write from now on makes it dirty again
  const contents = machine().contents;
  const slot = pageSwapEntry(page);
  if (contents == CONTENTS_FULL) memory.copy(slotAddress(slot), pageAddress(page.pfn), PAGE_SIZE);
  else if (contents != CONTENTS_NONE) store<u64>(slotStamp(slot), load<u64>(pageStamp(page.pfn)));
  countVmEvent(VM_PSWPOUT);
}

function slotAddress(entry: SwpEntry): usize {
  return <usize>swapInfo().contents + ((<usize>(entry - 1)) << PAGE_SHIFT);
}

function slotStamp(entry: SwpEntry): usize {
  return <usize>swapInfo().contents + ((<usize>(entry - 1)) << 3);
}
