import { GUP_CHUNK_ENTRIES, GUP_CHUNK_NEXT, GUP_ENTRY_SIZE } from '../wasm/generated/layout.js';
import { offsetOf, type CoreViews } from '../wasm/views.js';

/** The frame numbers that a vector of GUP holds, in order. */
export function pfnsOf(views: CoreViews, vec: number): number[] {
  const length = views.read('GupVec', 'length', vec);
  let run = views.read('GupVec', 'chunk', vec);
  const inline = run === 0;
  if (inline) run = vec + offsetOf('GupVec', 'inline0');
  const pfns: number[] = [];
  for (let index = 0; index < length; index++) {
    const at = inline ? index : index % GUP_CHUNK_ENTRIES;
    if (at === 0 && index > 0) run = views.u32At(run + GUP_CHUNK_NEXT);
    pfns.push(views.u32At(run + at * GUP_ENTRY_SIZE));
  }
  return pfns;
}
