/** Arguments of the command line: from text to values, with errors that say what is valid. */
import { InvalidArgumentError } from 'commander';

/** Wrong usage that shows only when the command runs; ends it with exit status 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** A parser of one option's text; throws InvalidArgumentError. */
export type Parser<T> = (text: string) => T;

/** A list separated by commas, such as `1,2,4`; repeated entries count once. */
export function listOf<T>(parse: Parser<T>): Parser<T[]> {
  return (text) => {
    const entries = text.split(',').map((entry) => entry.trim());
    if (entries.includes('')) throw new InvalidArgumentError('Give a list such as a,b,c.');
    return [...new Set(entries.map(parse))];
  };
}

/** One of the names that `valid` lists, asked for when needed. */
export function oneOf<T extends string>(valid: () => readonly T[]): Parser<T> {
  return (text) => {
    const found = valid().find((name) => name === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`'${text}' is none of: ${valid().join(', ')}.`);
  };
}

/** A whole number from `lowest` to `highest`. */
export function wholeNumber(lowest: number, highest: number): Parser<number> {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= lowest && value <= highest) return value;
    throw new InvalidArgumentError(`'${text}' is not a whole number from ${lowest} to ${highest}.`);
  };
}

/** A decimal number above 0, up to `highest`. */
export function positiveNumber(highest: number): Parser<number> {
  return (text) => {
    const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
    if (value > 0 && value <= highest) return value;
    throw new InvalidArgumentError(`'${text}' is not a number above 0 and up to ${highest}.`);
  };
}
