import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fuzz } from './campaign.js';
import { difference, explain } from './compare.js';
import { readCorpus, recordCorpus } from './corpus.js';
import { EmulatedKernel } from './emulated.js';
import { whyNoNativeKernel } from './native.js';

/**
 * MMEMU_SEED repeats a run; the MMEMU_FUZZ_* are set by `npm run fuzz`.
 */
const seed = Number(process.env['MMEMU_SEED'] ?? Date.now() | 0);
const runs = Number(process.env['MMEMU_FUZZ_RUNS'] ?? 300);
const calls = (process.env['MMEMU_FUZZ_CALLS'] ?? '').split(',').filter((name) => name !== '');
const TIMEOUT_MS = 60_000 + runs * 100;

const reason = whyNoNativeKernel();

/** On standard error, and only when somebody waits for it. */
function onProgress(done: number): void {
  if (process.env['MMEMU_FUZZ_RUNS'] !== undefined) process.stderr.write(`\r${done} of ${runs} `);
}

describe('random sequences, against the kernel of this machine', () => {
  const title = `${runs} sequences are answered alike`;
  if (reason !== undefined) it.skip(`${title} (${reason})`, () => {});
  else {
    it(
      title,
      async () => {
        if (process.env['MMEMU_FUZZ_RECORD'] !== undefined) await recordCorpus();
        expect(await fuzz({ runs, seed, calls, onProgress })).toBeUndefined();
      },
      TIMEOUT_MS,
    );
  }
});

describe('random sequences, as the kernel answered them once', () => {
  let emulated: EmulatedKernel;
  beforeAll(async () => {
    emulated = await EmulatedKernel.boot();
  });
  afterAll(() => emulated.close());

  it('are answered alike, and leave the machine sound', () => {
    const { cases } = readCorpus();
    expect(cases.length).toBeGreaterThan(100);
    for (const { lines, answers } of cases) {
      const found = difference(answers, emulated.run(lines));
      if (found) throw new Error(explain(lines, found));
    }
    expect(emulated.violations()).toEqual([]);
  });
});
