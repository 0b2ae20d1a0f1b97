/** Numbers for what a CPU does at a moment, so that another thread can say where it hangs. */
import { Device } from '../device.js';
import { KIND_NAMES } from '../explore/access.js';
import { Machine } from '../machine.js';
import { PageRefs } from '../page-refs.js';
import { Process } from '../process.js';

/** Between rounds. */
export const IDLE = 0;
/** In the code of its generator. */
export const OWN_CODE = 1;
/** In setup. */
export const SETUP = 2;
/** Of CPU 0, in the scenario's check. */
export const CHECK = 3;
/** Of CPU 0, in the check of the machine. */
export const VERIFY = 4;
/** Its program has ended. */
export const ENDED = 5;
/** An access to a raw word: its kind comes on top. */
export const WORD = 16;
const CALL = 64;

const CALLS: readonly string[] = [Process, PageRefs, Device, Machine].flatMap(({ prototype }) =>
  Object.getOwnPropertyNames(prototype),
);
const NUMBERS = new Map(CALLS.map((name, index) => [name, CALL + index]));

/** The number of a call of the facade. */
export function callNumber(name: string): number {
  return NUMBERS.get(name) ?? CALL - 1;
}

/** In words: behind "it is". */
export function deedText(what: number, where: number): string {
  if (what >= CALL) return `in ${CALLS[what - CALL] ?? 'a call'}()`;
  if (what === CALL - 1) return 'in a call';
  if (what >= WORD) return `in ${KIND_NAMES[what - WORD] ?? 'an access'} of words[${where}]`;
  switch (what) {
    case OWN_CODE:
      return 'in its own code';
    case SETUP:
      return 'in setup';
    case CHECK:
      return 'in check';
    case VERIFY:
      return 'in verify()';
    case ENDED:
      return 'at its end';
    default:
      return 'between rounds';
  }
}
