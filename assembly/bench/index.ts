/** The core, with the loops that measure it and that race in its tests; not for production use. */
export * from '../index';
export { getSealsLoop, munmapLoop } from './calls';
export { clockCost, contendLoop } from './contend';
export { pingPong } from './pingpong';
export {
  freeLoop,
  pageOutLoop,
  pageOutRange,
  pinLoop,
  punchLoop,
  reclaimLoop,
  moveLoop,
  remapLoop,
  swapLoop,
  touchLoop,
} from './race';
export { forkLoop, pinWriteLoop, storeLoop } from './race_fork';
export { cowLoop, faultLoop, mapLoop, mremapLoop } from './process_loops';
