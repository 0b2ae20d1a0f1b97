/**
 * The words of an oracle script: numbers, flag names, names that earlier lines have bound, and
 * byte strings. The language is that of native/oracle/README.md; the interpreter there and this
 * reader must agree on it word for word.
 */
import { readFileSync } from 'node:fs';

const CONSTANTS = JSON.parse(
  readFileSync(new URL('../fixtures/oracle/constants.json', import.meta.url), 'utf8'),
) as Record<string, number>;

/** Further away than this from every name, an address is printed as it is. */
const NEAR = 2 ** 30;
/** Shorter runs of one byte are printed in full. */
const RUN_MIN = 16;

/** What names of a case stand for. */
export interface Names {
  /** Descriptors and addresses, by name. */
  readonly values: Map<string, number>;
  /** The names that stand for addresses, the one bound last at the end. */
  readonly addresses: Set<string>;
}

/** A name is used that no call has bound, since the call that was to bind it has failed. */
export class NotBound extends Error {}

/** No names yet. */
export function noNames(): Names {
  return { values: new Map(), addresses: new Set() };
}

/** Binds a name to a descriptor or, with `isAddress`, to an address. */
export function bind(names: Names, name: string, value: number, isAddress: boolean): void {
  names.values.set(name, value);
  names.addresses.delete(name);
  if (isAddress) names.addresses.add(name);
}

function evaluateTerm(term: string, names: Names): bigint {
  if (/^0[0-7]+$/.test(term)) return BigInt(`0o${term.slice(1)}`);
  if (/^\d/.test(term)) return BigInt(term);
  const value = /^[A-Z]/.test(term) ? CONSTANTS[term] : names.values.get(term);
  if (value === undefined) throw new NotBound(`${term} is not bound`);
  return BigInt(value);
}

/** The value of terms joined by `+`, `-` and `|`, from left to right. */
export function evaluate(word: string, names: Names): number {
  const parts = word.split(/([-+|])/).filter((part) => part !== '');
  let operator = /^[-+]$/.test(parts[0] ?? '') ? parts.shift() : '+';
  let value = 0n;
  while (parts.length > 0) {
    const term = evaluateTerm(parts.shift() ?? '', names);
    if (operator === '|') value |= term;
    else value += operator === '-' ? -term : term;
    operator = parts.shift();
  }
  return Number(value);
}

/** Hex digits, two a byte; `HEX*N` repeats; `""` is empty. */
export function evaluateData(word: string): Uint8Array {
  if (word === '""') return new Uint8Array();
  const [hex = '', times = '1'] = word.split('*');
  return new Uint8Array(Buffer.from(hex.repeat(Number(times)), 'hex'));
}

/** A word; `C*N` repeats one character; `""` is empty. */
export function evaluateString(word: string): string {
  if (word === '""') return '';
  const [text = '', times] = word.split('*');
  return times === undefined ? text : text.repeat(Number(times));
}

/** Bytes as the oracle prints them: hex, long runs of one byte as `00*4096`. */
export function formatBytes(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  const isRun = bytes.length >= RUN_MIN && bytes.every((byte) => byte === bytes[0]);
  return isRun ? `${hex.slice(0, 2)}*${bytes.length}` : hex;
}

/** The named address that is nearest among those that `fits`; of equals the one bound last. */
function nearest(address: number, names: Names, fits: (value: number) => boolean) {
  let best = { name: '', distance: Infinity };
  for (const name of names.addresses) {
    const value = names.values.get(name) ?? NaN;
    const distance = Math.abs(address - value);
    if (fits(value) && distance <= best.distance) best = { name, distance };
  }
  return best.distance <= NEAR ? best : undefined;
}

/**
 * An address as the oracle prints it: relative to the highest named one that is not above it, else
 * to the lowest one above it.
 */
export function formatAddress(address: number, names: Names): string {
  const below = nearest(address, names, (value) => value <= address);
  if (below) return below.distance === 0 ? below.name : `${below.name}+${below.distance}`;
  const above = nearest(address, names, (value) => value > address);
  return above ? `${above.name}-${above.distance}` : `0x${address.toString(16)}`;
}
