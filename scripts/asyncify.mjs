// A transform of the compiler for explore.wasm: makes every function from which a scheduling point
// can be reached one that can be left there and entered again (Binaryen's asyncify pass), and every
// write of the core one that is noted. What the pass itself writes is not.
import binaryen from 'binaryen';
import { Transform } from 'assemblyscript/transform';
import { noteWrites } from './note-writes.mjs';

/** The imports at which a CPU may stop. */
const POINTS = ['sched_point.schedPoint', 'sched_point.schedAwait'];

export default class Asyncify extends Transform {
  afterCompile(module) {
    noteWrites(module);
    binaryen.setPassArgument('asyncify-imports', POINTS.join(','));
    binaryen.setPassArgument('asyncify-ignore-indirect', '');
    // Small code first: the pass makes every call and every live variable dearer.
    binaryen.setOptimizeLevel(3);
    binaryen.setShrinkLevel(0);
    module.optimize();
    module.runPasses(['asyncify']);
  }
}
