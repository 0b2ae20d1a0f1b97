const TWO_TO_32 = 2 ** 32;

/**
 * A 64-bit value as a number: negative if its top bit is set, and without that bit. So entries of
 * page tables, whose top bit says that nothing may be executed, keep the bits at their other end.
 * Counters that are a little below 0 are that: no entry has so many bits.
 */
export function wideValue(low: number, high: number): number {
  if ((high | 0) === -1) return low - TWO_TO_32;
  const rest = low + (high & 0x7fff_ffff) * TWO_TO_32;
  return high >>> 31 === 0 ? rest : -rest;
}
