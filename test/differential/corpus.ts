/**
 * Recorded sequences: what the kernel answered to some of them, for machines without one to ask.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import fc from 'fast-check';
import { type Answers, NativeKernel, type Sequence } from './native.js';
import { sequences } from './sequences.js';

const FILE = new URL('../fixtures/differential/corpus.json', import.meta.url);
const SEQUENCES = 200;
const SEED = 618;

/** One recorded sequence. */
export interface Recorded {
  readonly lines: Sequence;
  readonly answers: Answers;
}

interface Corpus {
  readonly kernel: string;
  readonly cases: readonly Recorded[];
}

/** The recorded sequences. */
export function readCorpus(): Corpus {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Corpus;
}

/** Asks the kernel of this machine again, and writes what it answers; one sequence a line. */
export async function recordCorpus(): Promise<void> {
  const native = new NativeKernel();
  const all = fc.sample(sequences([]), { numRuns: SEQUENCES, seed: SEED });
  const answers = await native.run(all);
  await native.close();
  const cases = all.map((lines, i) => JSON.stringify({ lines, answers: answers[i] }));
  const kernel = /^\d+\.\d+\.\d+/.exec(os.release())?.[0] ?? os.release();
  writeFileSync(FILE, `{"kernel":"${kernel}","cases":[\n${cases.join(',\n')}\n]}\n`);
}
