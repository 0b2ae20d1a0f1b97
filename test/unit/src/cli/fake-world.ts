/** A world around the command line that measures nothing and remembers everything. */
import type { PolicyAxis, World } from '../../../../src/cli/world.js';
import { bugs } from '../../../../src/bugs.js';
import { buildReport } from '../../../../src/contend/report.js';
import type { ContendOptions, RawContend } from '../../../../src/contend/types.js';
import { syntheticRaw } from '../contend/synthetic.js';

const AXES: readonly PolicyAxis[] = [
  {
    axis: 'pin',
    values: [
      { name: 'get-page', default: false, description: 'A plain reference.', source: 'mm/gup.c' },
      { name: 'pincount', default: true, description: 'A bias of 1024.', source: 'mm/gup.c' },
    ],
  },
  {
    axis: 'seal',
    values: [
      { name: 'wait-for-pins', default: true, description: 'Tag and wait.', source: 'mm/memfd.c' },
    ],
  },
];

/** What a command did to its world. */
export interface FakeWorld extends World {
  readonly out: () => string;
  readonly err: () => string;
  /** The options of every call of contend(). */
  readonly calls: ContendOptions[];
  /** Presses Ctrl-C; says whether somebody listened. */
  readonly interrupt: () => boolean;
}

/** Settings of {@link fakeWorld}. */
export interface FakeOptions {
  readonly raw?: Partial<RawContend>;
  /** Takes the place of contend(). */
  readonly contend?: World['contend'];
  readonly isTTY?: boolean;
}

/** A world whose contend() reports a synthetic measurement at once. */
export function fakeWorld({ raw = {}, contend, isTTY = false }: FakeOptions = {}): FakeWorld {
  const written = { out: '', err: '' };
  const calls: ContendOptions[] = [];
  let clock = 0;
  let handler: (() => void) | undefined;
  return {
    contend: (options) => {
      calls.push(options);
      if (contend !== undefined) return contend(options);
      options.onProgress?.(1, 4);
      options.onProgress?.(4, 4);
      return buildReport(syntheticRaw(raw));
    },
    bugs,
    policies: () => AXES,
    runScenario: () => Promise.reject(new Error('a fake world has no thread for scenarios')),
    stress: () => Promise.reject(new Error('a fake world has no threads')),
    stdout: {
      write: (text, done) => {
        written.out += text;
        done?.();
      },
      columns: 100,
    },
    stderr: { write: (text) => (written.err += text), isTTY, columns: 100 },
    onInterrupt: (given) => {
      handler = given;
      return () => {
        handler = undefined;
      };
    },
    now: () => (clock += 1000),
    version: '1.2.3',
    out: () => written.out,
    err: () => written.err,
    calls,
    interrupt: () => {
      const heard = handler !== undefined;
      handler?.();
      return heard;
    },
  };
}
