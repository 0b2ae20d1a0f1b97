/** Sets of agents as the bits of a number. */

/** How many members a set has. */
export function sizeOf(set: number): number {
  let n = set - ((set >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The lowest member of a set that is not empty. */
export function lowest(set: number): number {
  return 31 - Math.clz32(set & -set);
}

/** The member that has `n` members below it. */
export function nthOf(set: number, n: number): number {
  let rest = set;
  for (let i = 0; i < n; i++) rest &= rest - 1;
  return lowest(rest);
}

/** Whether an agent is a member. */
export function has(set: number, agent: number): boolean {
  return ((set >>> agent) & 1) !== 0;
}
