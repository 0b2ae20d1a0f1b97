/** A made-up measurement with known figures, for tests of statistics and reports. */
import { BUCKETS, bucketOf } from '../../../../src/contend/histogram.js';
import type {
  ContendSettings,
  FootprintLine,
  FootprintRow,
  RawContend,
  RawSample,
  Sharing,
} from '../../../../src/contend/types.js';

interface Speed {
  alone: number;
  contended: readonly Sharing[];
}

/**
 * Pairs a second of one thread alone, and how much a second thread on a contended line takes
 * away.
 */
const SPEEDS: Readonly<Record<string, Speed>> & { pincount: Speed } = {
  'get-page': { alone: 40e6, contended: ['same-page'] },
  pincount: { alone: 32e6, contended: ['same-page'] },
  'i-mmap-writable': { alone: 20e6, contended: ['same-page', 'same-file'] },
  'i-mmap-writable-percpu': { alone: 24e6, contended: ['same-page'] },
};

export const SETTINGS: ContendSettings = {
  policies: Object.keys(SPEEDS),
  threads: [1, 2],
  sharing: ['same-page', 'same-file', 'separate-files'],
  batch: [1, 256],
  seconds: 0.25,
  rounds: 3,
  seed: 1,
};

/** The rate that {@link syntheticSamples} gives a cell in the middle round of three. */
export function expectedRate(policy: string, sharing: Sharing, threads: number): number {
  const { alone, contended } = SPEEDS[policy] ?? SPEEDS.pincount;
  if (threads === 1) return alone;
  return contended.includes(sharing) ? alone * 0.4 : alone * threads * 0.95;
}

/** Samples of every cell; round r runs at 0.9, 1.0, 1.1 times the expected rate. */
export function syntheticSamples(settings: ContendSettings = SETTINGS): RawSample[] {
  const samples: RawSample[] = [];
  for (let round = 0; round < settings.rounds; round++)
    for (const sharing of settings.sharing)
      for (const batch of settings.batch)
        for (const threads of settings.threads)
          for (const policy of settings.policies) {
            const rate = expectedRate(policy, sharing, threads) * (0.9 + 0.1 * round);
            samples.push(sample({ policy, sharing, threads, batch, round, rate, settings }));
          }
  return samples;
}

interface SampleOptions extends Pick<
  RawSample,
  'policy' | 'sharing' | 'threads' | 'batch' | 'round'
> {
  rate: number;
  settings: ContendSettings;
}

function sample({ rate, settings, ...cell }: SampleOptions): RawSample {
  const { threads, batch } = cell;
  const seconds = Array.from({ length: threads }, () => settings.seconds);
  const pairs = seconds.map((s) => (rate / threads) * s);
  const histogram = new Uint32Array(BUCKETS);
  const typical = (threads / rate) * 1e9 * batch;
  histogram[bucketOf(typical)] = 900;
  histogram[bucketOf(typical * 1.5)] = 95;
  histogram[bucketOf(typical * 20)] = 5;
  return { ...cell, seconds, pairs, histogram };
}

function line(name: string, fields: string[], loads: number, rmws: number): FootprintLine {
  return { line: name, fields, loads, stores: 0, rmws };
}

function row(
  policy: string,
  batch: number,
  phase: 'pin' | 'unpin',
  lines: FootprintLine[],
): FootprintRow {
  const sum = (of: (one: FootprintLine) => number) => lines.reduce((n, one) => n + of(one), 0);
  const totals = {
    cacheLines: lines.length,
    loads: sum((one) => one.loads),
    stores: sum((one) => one.stores),
    rmws: sum((one) => one.rmws),
  };
  const perPage = {
    cacheLines: totals.cacheLines / batch,
    loads: totals.loads / batch,
    stores: totals.stores / batch,
    rmws: totals.rmws / batch,
  };
  return { policy, batch, phase, ...totals, perPage, lines };
}

/** Footprints in which `i-mmap-writable` writes one more line of the file than `pincount`. */
export function syntheticFootprints(settings: ContendSettings = SETTINGS): FootprintRow[] {
  return settings.policies.flatMap((policy) =>
    settings.batch.flatMap((batch) => {
      const pages = Array.from({ length: batch }, (_, i) =>
        line(`page[${i}]`, policy === 'get-page' ? ['refcount'] : ['refcount', 'pincount'], 1, 1),
      );
      const walk = ['pgd', 'p4d', 'pmd', 'pte'].map((level) =>
        line(`${level}[0]`, ['entry'], 1, 0),
      );
      const cpu: FootprintLine = { ...line('percpu', ['irqs_off'], 0, 0), stores: 2 };
      const counter = line('address_space', ['i_mmap_writable', 'host'], 1, 1);
      const extra = policy === 'i-mmap-writable' ? [counter] : [];
      return [
        row(policy, batch, 'pin', [cpu, ...walk, ...pages, ...extra]),
        row(policy, batch, 'unpin', [...pages, ...extra]),
      ];
    }),
  );
}

/** A whole measurement. */
export function syntheticRaw(changes: Partial<RawContend> = {}): RawContend {
  return {
    startedAt: '2026-01-02T03:04:05.000Z',
    host: {
      cpu: 'Synthetic CPU <2 GHz> & "Co"',
      cores: 2,
      node: '20.20.2',
      v8: '11.3.244.8',
      platform: 'linux-x64',
      kernel: '6.18.0',
      load: [0.5, 0.25, 0.125],
    },
    build: { version: '0.1.0', wasm: 'c0ffee'.repeat(10) },
    options: SETTINGS,
    pingPongNs: 151,
    samples: syntheticSamples(changes.options ?? SETTINGS),
    footprints: syntheticFootprints(changes.options ?? SETTINGS),
    balance: { pinsTaken: 123456, pinsReleased: 123456, countersBackAtZero: true, violations: [] },
    interrupted: false,
    ...changes,
  };
}
