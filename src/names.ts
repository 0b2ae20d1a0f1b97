/** Calls as people write them, for messages. */
import * as flags from './constants.js';

/** `F_SEAL_WRITE|F_SEAL_GROW` for a word of flags with this prefix; what has no name in hex. */
export function flagNames(prefix: string, word: number): string {
  const names: string[] = [];
  let rest = word;
  for (const [name, bit] of bitsOf(prefix)) {
    if ((rest & bit) !== bit) continue;
    names.push(name);
    rest &= ~bit;
  }
  if (rest !== 0 || names.length === 0) names.push(hex(rest));
  return names.join('|');
}

/** Flags by their prefix, once somebody has asked for them: the explorer asks for ever the same. */
const known = new Map<string, readonly (readonly [string, number])[]>();

function bitsOf(prefix: string): readonly (readonly [string, number])[] {
  let bits = known.get(prefix);
  if (bits === undefined) {
    bits = Object.entries(flags).filter(([name, bit]) => name.startsWith(prefix) && bit !== 0);
    known.set(prefix, bits);
  }
  return bits;
}

/** The constant with this value and prefix, or the number. */
export function constantName(prefix: string, value: number): string {
  const found = Object.entries(flags).find(
    ([name, code]) => name.startsWith(prefix) && code === value,
  );
  return found?.[0] ?? String(value);
}

/** An address or word as C prints it. */
export function hex(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}
