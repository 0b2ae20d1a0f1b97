import { EBUSY, EPERM } from '../lib/errno';
import { AddressSpace } from '../types/address_space';

/**
 * The arithmetic of i_mmap_writable (Linux: include/linux/fs.h). Above 0: so many may write to the
 * file behind write(2)'s back. Below 0: so many forbid it, for ever.
 */

/** One more that may write; -EPERM if that is denied (Linux: mapping_map_writable). */
export function mapWritable(mapping: AddressSpace): i32 {
  let seen = mapping.iMmapWritable.load();
  while (seen >= 0) {
    const before = mapping.iMmapWritable.cmpxchg(seen, seen + 1);
    if (before == seen) return 0;
    seen = before;
  }
  return -EPERM;
}

/** One fewer (Linux: mapping_unmap_writable). */
export function unmapWritable(mapping: AddressSpace): void {
  mapping.iMmapWritable.sub(1);
}

/** Forbids it; -EBUSY while anybody may write (Linux: mapping_deny_writable). */
export function denyWritable(mapping: AddressSpace): i32 {
  let seen = mapping.iMmapWritable.load();
  while (seen <= 0) {
    const before = mapping.iMmapWritable.cmpxchg(seen, seen - 1);
    if (before == seen) return 0;
    seen = before;
  }
  return -EBUSY;
}

/** Takes a denial back (Linux: mapping_allow_writable). */
export function allowWritable(mapping: AddressSpace): void {
  mapping.iMmapWritable.add(1);
}
