// Builds the C programs and runs each for a moment: that they count right, not how fast they are.
import { describe, expect, test } from '@jest/globals';
import {
  kernelRateNames,
  kernelRates,
  nativeAvailable,
  runTwin,
  twinPingPong,
} from '../../../bench/native.js';

const POLICIES = [
  'get-page',
  'pincount',
  'i-mmap-writable',
  'i-mmap-writable-percpu',
  'read-write-split',
];
const SECONDS = 0.01;
const BUILD_TIMEOUT_MS = 120_000;

const whereAvailable = nativeAvailable() ? describe : describe.skip;

whereAvailable('the twin of GUP-fast', () => {
  test.each(POLICIES)(
    'gives back under %s what it took',
    async (policy) => {
      for (const sharing of ['same-page', 'same-file', 'separate-files'] as const) {
        for (const order of ['seq_cst', 'kernel'] as const) {
          const asked = { policy, sharing, order, threads: 2, batch: 3 };
          const result = await runTwin({ ...asked, seconds: SECONDS });
          expect(result).toMatchObject({ ...asked, balanced: true });
          expect(result.pages).toHaveLength(2);
          expect(result.cpuSeconds).toHaveLength(2);
          for (const pages of result.pages) expect(pages % 3).toBe(0);
          const sum = result.pages.reduce((total, n, i) => total + n / result.seconds[i]!, 0);
          expect(result.pairsPerSecond / sum).toBeCloseTo(1, 3);
        }
      }
    },
    BUILD_TIMEOUT_MS,
  );

  test('walks over page tables at the largest batch and number of threads', async () => {
    const result = await runTwin({
      policy: 'i-mmap-writable',
      sharing: 'same-file',
      threads: 64,
      batch: 1024,
      seconds: 0.05,
    });
    expect(result.pages.reduce((total, n) => total + n)).toBeGreaterThan(0);
  });

  test('throws a cache line to and fro', async () => {
    // Long enough for two threads that share one core: each turn is then a slice of the scheduler.
    expect(await twinPingPong(0.5)).toBeGreaterThan(0);
  });

  test.each([
    [{ policy: 'page-lock' }, /--policy: page-lock\npolicies: get-page pincount/],
    [{ threads: 65 }, /--threads: 65/],
    [{ threads: 0 }, /--threads: 0/],
    [{ batch: 1025 }, /--batch: 1025/],
    [{ batch: 1.5 }, /--batch: 1.5/],
    [{ seconds: NaN }, /--seconds: NaN/],
  ])('refuses %j and says what there is', async (wrong, message) => {
    const options = { policy: 'pincount', sharing: 'same-page' as const, seconds: SECONDS };
    await expect(runTwin({ ...options, ...wrong })).rejects.toThrow(message);
  });
});

whereAvailable("the kernel's rates", () => {
  test('measures every item or says why not', async () => {
    const names = await kernelRateNames();
    const rates = await kernelRates(undefined, 0.001);
    expect(rates.map(({ name }) => name)).toEqual(names);
    for (const rate of rates) {
      if ('skipped' in rate) expect(rate.skipped).not.toBe('');
      else expect(rate.opsPerSecond).toBeGreaterThan(0);
    }
  });

  test('measures only what is asked for', async () => {
    const rates = await kernelRates(['seal-write', 'get-seals'], 0.001);
    expect(rates.map(({ name }) => name)).toEqual(['get-seals', 'seal-write']);
    expect(await kernelRates([], 0.001)).toEqual([]);
    await expect(kernelRates(['get-seal'], 0.001)).rejects.toThrow(/--only: get-seal\nitems:/);
  });
});
