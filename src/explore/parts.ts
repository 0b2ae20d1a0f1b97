import { hashText } from './hash.js';

/** What a value is, before what it holds: so that 1 and "1" differ. */
const NOTHING = 0x4077;
const NUMBER = 0x40b4;
const TEXT = 0x7e87;
const BYTES = 0xb17e;
const LIST = 0x1157;
const RECORD = 0x4ec0;
const OTHER = 0x07e4;
/** Another start for the second half of a text's hash. */
const TEXT_SEED = 0x6c078965;
/** How deep values are looked into. */
const DEPTH_MAX = 4;

type Visit = (part: number) => void;

/**
 * A value of JavaScript as 32-bit numbers: text, bytes, lists and records of such; an error is what
 * it says. Of a handle, or anything else with a class, only that there is one: what it stands for
 * lies in the machine.
 */
export function eachPart(value: unknown, visit: Visit, depth = 0): void {
  if (typeof value === 'number') visitNumber(value, visit);
  else if (typeof value === 'boolean') visit(value ? 1 : 0);
  else if (value === undefined || value === null) visit(NOTHING);
  else if (typeof value === 'string') visitText(value, visit);
  else if (typeof value === 'bigint') visitText(`${value}n`, visit);
  else if (typeof value !== 'object' || depth === DEPTH_MAX) visit(OTHER);
  else if (value instanceof Uint8Array) visitBytes(value, visit);
  else if (value instanceof Error) visitText(`${value.name}: ${value.message}`, visit);
  else visitObject(value, visit, depth);
}

/** A number, which may be an address of more than 32 bits, or a fraction. */
export function visitNumber(value: number, visit: Visit): void {
  visit(value | 0);
  if ((value | 0) === value) return;
  visit(NUMBER);
  visit(Math.floor(value / 2 ** 32) | 0);
  if (!Number.isInteger(value)) visitText(String(value), visit);
}

/** The words of some bytes, and the bytes behind the last whole word. */
export function visitBytes(bytes: Uint8Array, visit: Visit): void {
  visit(BYTES + bytes.length);
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    const half = bytes[at]! | (bytes[at + 1]! << 8);
    visit(half | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  }
  for (let at = whole; at < bytes.length; at++) visit(bytes[at]!);
}

function visitText(text: string, visit: Visit): void {
  visit(TEXT + text.length);
  visit(hashText(text));
  visit(hashText(text, TEXT_SEED));
}

function visitObject(object: object, visit: Visit, depth: number): void {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (Array.isArray(object)) {
    visit(LIST + object.length);
    for (const part of object) eachPart(part, visit, depth + 1);
  } else if (prototype === Object.prototype || prototype === null) {
    visit(RECORD);
    for (const [key, part] of Object.entries(object)) {
      visitText(key, visit);
      eachPart(part, visit, depth + 1);
    }
  } else {
    visit(OTHER);
  }
}
