/**
 * Shrinking: the shortest sequence that still makes a difference, by leaving out lines.
 */
import type { Sequence } from './native.js';

/** Says for each of the candidates whether it still fails. */
type Fails = (candidates: readonly Sequence[]) => Promise<boolean[]>;

/** The sequences that lack `size` neighbouring lines. */
function without(lines: Sequence, size: number): Sequence[] {
  const found: Sequence[] = [];
  for (let at = 0; at < lines.length; at += size) {
    found.push([...lines.slice(0, at), ...lines.slice(at + size)]);
  }
  return found;
}

/**
 * Leaves out halves, then quarters, and so on down to single lines, until no line can be left out.
 * Names that a line left out would have bound stay unbound: both kernels skip their use.
 */
export async function shrink(lines: Sequence, fails: Fails): Promise<Sequence> {
  let best = lines;
  let size = Math.ceil(best.length / 2);
  while (size > 0) {
    const candidates = without(best, size);
    const failing = await fails(candidates);
    const shorter = candidates[failing.indexOf(true)];
    if (shorter) best = shorter;
    if (!shorter && size === 1) return best;
    size = Math.max(1, Math.min(shorter ? size : size >> 1, best.length));
  }
  return best;
}
