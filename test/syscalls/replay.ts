/**
 * Replays recorded cases of the real kernel through the public interface. A fixture is one group;
 * `npm run oracle` records it.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Machine, type MachineOptions } from '../../src/index.js';
import { type Answer, call } from './calls.js';
import { type Context, endContext, newContext } from './context.js';

interface Line extends Answer {
  call: string;
}

interface Fixture {
  header: { group: string; kernel: string };
  cases: { name: string; lines: Line[] }[];
}

function loadFixture(group: string): Fixture {
  const url = new URL(`../fixtures/oracle/${group}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as Fixture;
}

/** The words of each call that the kernel takes as unsigned numbers; the call itself is word 0. */
const UNSIGNED: Record<string, number[]> = {
  mmap: [2, 3, 4, 5, 7],
  mremap: [2, 3, 4, 5, 6],
  munmap: [1, 2],
  mprotect: [1, 2, 3],
  madvise: [1, 2, 3],
  msync: [1, 2, 3],
  mlock: [1, 2],
  mlock2: [1, 2, 3],
  munlock: [1, 2],
  mlockall: [1],
  mseal: [1, 2, 3],
  mincore: [1, 2],
  load: [1, 2],
  store: [1],
  fcntl: [2, 3],
  fallocate: [2],
};

/**
 * Whether a line holds a number that only C has: beyond 2^53, or negative where the kernel takes
 * an unsigned value. The interface may refuse it as a RangeError where the kernel has an errno.
 */
function hasForeignNumber(line: string): boolean {
  const words = line.split(' ');
  const unsigned = UNSIGNED[words[0] ?? ''] ?? [];
  return words.some((word, index) => {
    const negative = word.startsWith('-');
    const value = Number(negative ? word.slice(1) : word);
    return value > Number.MAX_SAFE_INTEGER || (negative && value > 0 && unsigned.includes(index));
  });
}

/** Runs one line; a RangeError stands for the recorded refusal of a number that only C has. */
function replayLine(context: Context, recorded: Line): Line {
  try {
    const answer = call(context, recorded.call);
    // The CPU does not say where a non-canonical address faulted.
    if (recorded.signal !== undefined && recorded.at === undefined) delete answer.at;
    return { call: recorded.call, ...answer };
  } catch (error) {
    const refused = recorded.error !== undefined || recorded.signal !== undefined;
    if (error instanceof RangeError && refused && hasForeignNumber(recorded.call)) return recorded;
    throw error;
  }
}

/** Runs all lines of a case in a new process, and leaves nothing behind. */
function replayCase(machine: Machine, lines: Line[]): Line[] {
  const context = newContext(machine);
  const answers = lines.map((line) => replayLine(context, line));
  endContext(context);
  return answers;
}

/** Declares one test for each recorded case of a group. */
export function replayGroup(group: string, options: MachineOptions = {}): void {
  const { header, cases } = loadFixture(group);
  describe(`${group}, as Linux ${header.kernel} answers`, () => {
    let machine: Machine;
    beforeAll(async () => {
      machine = await Machine.boot({ memory: '64MiB', cpus: 1, ...options });
    });
    afterAll(() => machine.close());

    it.each(cases)('$name', ({ lines }) => {
      expect(replayCase(machine, lines)).toEqual(lines);
      expect(machine.verify()).toEqual([]);
    });
  });
}
