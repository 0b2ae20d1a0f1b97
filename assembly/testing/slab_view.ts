import { kmem } from '../lib/kmem';
import { Depot, Magazine } from '../lib/slab';

/** Where the state of the allocator of kernel pages lies. */
export function kmemAddress(): usize {
  return changetype<usize>(kmem());
}

/** Where the depot of a cache lies. */
export function depotAddress(cache: u32): usize {
  return changetype<usize>(Depot.of(cache));
}

/** Where this CPU's magazine of a cache lies. */
export function magazineAddress(cache: u32): usize {
  return changetype<usize>(Magazine.of(cache));
}
