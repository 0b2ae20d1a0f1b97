import fc from 'fast-check';

/** Seed of every property: MMEMU_SEED repeats a run, else the clock chooses. */
const SEED = Number(process.env['MMEMU_SEED'] ?? Date.now() | 0);
/** MMEMU_RUNS multiplies how many programs each property tries. */
const FACTOR = Number(process.env['MMEMU_RUNS'] ?? 1);

/**
 * Checks a property on `runs` random inputs. A failure prints the smallest input that was found and
 * the seed.
 */
export function holds<T extends [unknown, ...unknown[]]>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  runs: number,
  predicate: (...inputs: T) => void,
): void {
  const property = fc.property(...arbitraries, (...inputs: T) => predicate(...inputs));
  fc.assert(property, { seed: SEED, numRuns: runs * FACTOR });
}
