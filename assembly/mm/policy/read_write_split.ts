import { Page } from '../../types/page';
import { freePage } from '../page_alloc';

/**
 * One count for readers and one for writers in the same word, as considered in 2014: the lower 20
 * bits of the reference count are references of every kind, the upper 11 are write pins. A seal
 * looks at the upper part only, so a read pin does not disturb it. Whoever releases must know which
 * kind it took; both together are one addition.
 */

/** What a write pin adds: one writer, one reference. */
export const WRITER: i32 = (1 << 20) + 1;
const WRITER_SHIFT: u32 = 20;
const REFERENCES: i32 = (1 << 20) - 1;
/** Neither part may run over into the other or into the sign; grabs stop well before. */
const MAX_REFERENCES: i32 = REFERENCES - 1024;
const MAX_WRITERS: i32 = 2046;


@unmanaged
export class ReadWriteSplit {

  @inline get countsFiles(): bool {
    return false;
  }


  @inline get countsWriters(): bool {
    return true;
  }


  @inline grab(page: Page, write: bool): bool {
    let seen = page.refcount.load();
    while (mayGrab(seen)) {
      const before = page.refcount.cmpxchg(seen, seen + (write ? WRITER : 1));
      if (before == seen) return true;
      seen = before;
    }
    return false;
  }


  @inline release(page: Page, write: bool): void {
    const share = write ? WRITER : 1;
    if (page.refcount.fetchSub(share) == share) freePage(page);
  }


  @inline countFile(page: Page, counted: u32): u32 {
    return 0;
  }


  @inline uncountFile(mapping: u32): void {}
}

/** Write pins in a reference count. */
export function writersOf(refcount: i32): i32 {
  return refcount >> WRITER_SHIFT;
}

function mayGrab(refcount: i32): bool {
  return (
    refcount > 0 && (refcount & REFERENCES) < MAX_REFERENCES && writersOf(refcount) < MAX_WRITERS
  );
}
