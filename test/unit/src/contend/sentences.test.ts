import { beforeAll, describe, expect, test } from '@jest/globals';
import { buildReport } from '../../../../src/contend/report.js';
import type { ContendReport, RawContend } from '../../../../src/contend/types.js';
import { type Inspect, loadInspect } from '../../../../src/inspect/inspect.js';
import { SETTINGS, syntheticRaw } from './synthetic.js';

let inspect: Inspect;
beforeAll(async () => {
  inspect = await loadInspect();
});

const report = (changes: Partial<RawContend> = {}): Promise<ContendReport> =>
  buildReport(syntheticRaw(changes), inspect);

const sentenceOf = ({ sentences }: ContendReport, policy: string) =>
  sentences.find((sentence) => sentence.policy === policy)?.text;

describe('the sentence of a policy', () => {
  // On one file with two threads pincount does 60.8 million pairs a second, i-mmap-writable 8.
  test('says what it costs, which cache lines it adds and how it scales', async () => {
    expect(sentenceOf(await report(), 'i-mmap-writable')).toBe(
      'i-mmap-writable: on one file with 2 threads a pin costs 7.60 times what pincount costs; ' +
        'it touches 1 more contended cache line per pin (address_space); ' +
        'from 1 to 2 threads it scales ×0.40 (pincount ×1.90); ' +
        'with 256 pages a call it costs 7.60 times.',
    );
  });

  test('gives the reference in nanoseconds', async () => {
    expect(sentenceOf(await report(), 'pincount')).toBe(
      'pincount: the reference, on one file with 2 threads a pin and its unpin take 32.9 ns ' +
        "of a thread's time; " +
        'it writes no contended cache line there per pin; ' +
        'from 1 to 2 threads it scales ×1.90; with 256 pages a call it takes 32.9 ns a page.',
    );
  });

  test('does not claim a difference that the interval does not show', async () => {
    const { samples } = syntheticRaw();
    const pincount = samples.filter((sample) => sample.policy === 'pincount');
    // As fast as pincount but for a round that is 5 % slower and one that is 5 % faster.
    const alike = pincount.map((sample) => ({
      ...sample,
      policy: 'get-page',
      pairs: sample.pairs.map((n) => n * (0.95 + 0.05 * sample.round)),
    }));
    const text = sentenceOf(await report({ samples: [...pincount, ...alike] }), 'get-page');
    expect(text).toContain('a pin costs the same within the error (0.95–1.05 times)');
  });

  test('gives nanoseconds when pincount was not measured', async () => {
    const options = { ...SETTINGS, policies: ['get-page'], threads: [1], batch: [1] };
    const text = sentenceOf(await report({ options }), 'get-page');
    expect(text).toBe(
      "get-page: on one file with 1 thread a pin and its unpin take 25 ns of a thread's time; " +
        'it writes no contended cache line there per pin.',
    );
  });

  test('speaks of one page when only that was measured', async () => {
    const options = { ...SETTINGS, sharing: ['same-page'] as const, batch: [1] };
    const text = sentenceOf(await report({ options }), 'pincount');
    expect(text).toContain('on one page with 2 threads');
    expect(text).toContain('writes 1 contended cache line (page[0]) there per pin');
  });

  test('says so when there is nothing to say', async () => {
    const { sentences } = await report({ samples: [], interrupted: true });
    expect(sentences.map(({ text }) => text)).toEqual(
      SETTINGS.policies.map((policy) => `${policy}: not measured.`),
    );
  });
});
