/** The core, with the loops that measure it and that race in its tests; not for production use. */
export * from '../index';
export { getSealsLoop, munmapLoop } from './calls';
export { clockCost, contendLoop } from './contend';
export { pingPong } from './pingpong';
export { pinLoop, punchLoop, remapLoop, touchLoop } from './race';
