/**
 * Random sequences of calls, as scripts for native/oracle. Few names, few pages and overlapping
 * ranges, so that most calls meet what others left behind.
 */
import fc from 'fast-check';
import { ALWAYS, CALLS, SWAPPING } from './call-kinds.js';

/** Files and mappings to begin with, each there or not. */
const BEGINNING = [
  'memfd_create f0 file MFD_ALLOW_SEALING',
  'pwrite f0 a1a2*6144 0',
  'mmap a0 0 32768 PROT_READ|PROT_WRITE MAP_PRIVATE|MAP_ANONYMOUS -1 0',
  'mmap a1 0 24576 PROT_READ|PROT_WRITE MAP_SHARED f0 0',
  'mmap a2 0 24576 PROT_READ|PROT_WRITE MAP_PRIVATE f0 0',
];
/** What is asked of each process at the end, in this order: loads of `dump` change the pages. */
const ENDING = [
  'maps',
  ...['a0', 'a1', 'a2', 'a3'].flatMap((name) => [`pages ${name} 10`, `kpagecount ${name} 10`]),
  'smaps',
  ...['a0', 'a1', 'a2', 'a3'].map((name) => `dump ${name} 10`),
  'pages a1 10',
];
const MIN_CALLS = 5;
const MAX_CALLS = 60;
/** Pins of a sequence; each name is bound once, since otherwise it would lose its pages. */
const MAX_PINS = 6;
const OF_PINS = new Set(['unpin', 'dma_read', 'dma_write']);

/**
 * Makes a list of calls a script. Processes are forked once and used from then on. No pin is taken
 * under a name that has one; only the process that took it uses it, and that process does not
 * exit: the rings of io_uring are its own, and they end some time after it.
 */
function script(lines: readonly string[]): string[] {
  const living = new Set(['q0']);
  const born = new Set(living);
  const holders = new Map<string, string>();
  const plain: string[] = [];
  for (const line of lines) {
    const [, by = 'q0', call = ''] = /^(?:@(\w+) )?(.*)$/.exec(line) ?? [];
    const [kind = '', name = ''] = call.split(' ');
    if (!living.has(by)) continue;
    if (kind === 'fork') {
      if (born.has(name)) continue;
      born.add(name);
      living.add(name);
    } else if (kind === 'exit') {
      if (by === 'q0' || [...holders.values()].includes(by)) continue;
      living.delete(by);
    } else if (kind === 'pin' || kind === 'ref') {
      if (holders.size === MAX_PINS || holders.has(name)) continue;
      holders.set(name, by);
    } else if (OF_PINS.has(kind)) {
      const holder = holders.get(name);
      if (holder !== undefined) plain.push(addressed(holder, call));
      continue;
    }
    plain.push(line);
  }
  const ends = [...living].flatMap((name) => ENDING.map((call) => addressed(name, call)));
  return [...plain, ...ends];
}

function addressed(name: string, call: string): string {
  return name === 'q0' ? call : `@${name} ${call}`;
}

/** Sequences of the calls named, or of all if none is; with `swap` pages are swapped out, too. */
export function sequences(only: readonly string[], swap = false): fc.Arbitrary<string[]> {
  const wanted = (name: string) => only.length === 0 || only.includes(name) || ALWAYS.has(name);
  const kinds = [...CALLS, ...(swap ? SWAPPING : [])].filter(({ name }) => wanted(name));
  const call = fc.oneof(...kinds.map(({ weight, lines }) => ({ weight, arbitrary: lines })));
  const by = fc.constantFrom('q0', 'q0', 'q0', 'q1', 'q1', 'q2');
  const line = fc.tuple(by, call).map(([name, text]) => addressed(name, text));
  return fc
    .tuple(
      fc.subarray(BEGINNING, { minLength: 1 }),
      fc.array(line, { minLength: MIN_CALLS, maxLength: MAX_CALLS, size: 'max' }),
    )
    .map(([first, rest]) => script([...first, ...rest]));
}
