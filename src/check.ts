/**
 * Checks of arguments, before anything happens. What Linux would judge passes; what C could not
 * even have said (a fraction, NaN, a string) is refused here. Messages name the argument.
 */

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number' || typeof value === 'boolean') return `${value}`;
  return value === null ? 'null' : typeof value;
}

function wholeNumber(value: unknown, name: string): number {
  if (typeof value !== 'number') {
    throw new TypeError(`${name}: expected a number, got ${describe(value)}`);
  }
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`${name}: expected a whole number below 2^53, got ${value}`);
  }
  return value;
}

/** An address, length or count that C would take as unsigned. */
export function unsigned(value: number, name: string): number {
  if (typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)) return value;
  wholeNumber(value, name);
  throw new RangeError(`${name}: must not be negative, got ${value}`);
}

/**
 * An offset or size that C would take as signed: whether it may be negative is for Linux to say.
 */
export function signed(value: number, name: string): number {
  return Number.isSafeInteger(value) ? value : wholeNumber(value, name);
}

/** A descriptor: any C int. */
export function descriptor(value: number, name: string): number {
  wholeNumber(value, name);
  if ((value | 0) === value) return value;
  throw new RangeError(`${name}: expected a 32-bit number, got ${value}`);
}

/** A word of flags, or a command: any 32 bits. */
export function flagWord(value: number, name: string): number {
  wholeNumber(value, name);
  if ((value | 0) === value || value >>> 0 === value) return value >>> 0;
  throw new RangeError(`${name}: expected 32 bits of flags, got ${value}`);
}

/** A number from `low` to `high`. */
export function inRange(value: number, low: number, high: number, name: string): number {
  wholeNumber(value, name);
  if (value < low || value > high) {
    throw new RangeError(`${name}: expected ${low} to ${high}, got ${value}`);
  }
  return value;
}

/** A time or another number that need not be whole. */
export function finite(value: number, name: string): number {
  if (typeof value !== 'number') {
    throw new TypeError(`${name}: expected a number, got ${describe(value)}`);
  }
  if (!Number.isFinite(value)) throw new RangeError(`${name}: expected a number, got ${value}`);
  return value;
}

/** Bytes to write. */
export function bytesOf(value: Uint8Array | readonly number[], name: string): Uint8Array {
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  const isByte = (byte: unknown) => typeof byte === 'number' && (byte & 0xff) === byte;
  if (Array.isArray(value) && value.every(isByte)) return Uint8Array.from(value);
  throw new TypeError(
    `${name}: expected a Uint8Array or an array of bytes, got ${describe(value)}`,
  );
}

/** A string. */
export function text(value: string, name: string): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`${name}: expected a string, got ${describe(value)}`);
}
