/**
 * A campaign: many random sequences on both kernels, until they differ.
 */
import fc from 'fast-check';
import { swapsToMemory } from '../../scripts/lib/host-swap.mjs';
import { difference, explain } from './compare.js';
import { EmulatedKernel } from './emulated.js';
import { type Answers, NativeKernel, type Sequence } from './native.js';
import { sequences } from './sequences.js';
import { shrink } from './shrink.js';

/** Sequences that are on their way to the oracle while the emulator runs others. */
const BATCH = 100;
/** The whole machine is checked once in so many sequences. */
const VERIFY_EVERY = 50;

/** How much to run. */
export interface Campaign {
  readonly runs: number;
  /** The same seed and calls give the same sequences. */
  readonly seed: number;
  /** Only these calls and what they need; all if empty. */
  readonly calls: readonly string[];
  /** Called now and then with the number of sequences done. */
  readonly onProgress?: (done: number) => void;
}

type Settled = Campaign & { readonly swap: boolean };

/** The batch with that number. */
function batchOf({ runs, seed, calls, swap }: Settled, batch: number): Sequence[] {
  const numRuns = Math.min(BATCH, runs - batch * BATCH);
  return fc.sample(sequences(calls, swap), { numRuns, seed: (seed * 1_000_003 + batch) | 0 });
}

/** Both kernels, and the comparison. */
class Duel {
  readonly #native = new NativeKernel();
  readonly #emulated: EmulatedKernel;
  #count = 0;

  constructor(emulated: EmulatedKernel) {
    this.#emulated = emulated;
  }

  /** The oracle's answers to a batch. */
  ask(batch: readonly Sequence[]): Promise<Answers[]> {
    return this.#native.run(batch);
  }

  /** What is wrong with a sequence, as text; undefined if both kernels agree. */
  judge(lines: Sequence, native: Answers): string | undefined {
    const found = difference(native, this.#emulated.run(lines));
    if (found) return explain(lines, found);
    if (++this.#count % VERIFY_EVERY !== 0) return undefined;
    const violations = this.#emulated.violations();
    return violations.length > 0 ? [...lines, ...violations].join('\n') : undefined;
  }

  /** The shortest sequence that still differs, explained. */
  async shortest(lines: Sequence): Promise<string> {
    const judgeAll = async (candidates: readonly Sequence[]) => {
      const natives = await this.ask(candidates);
      return candidates.map((each, i) => this.judge(each, natives[i] ?? { died: 0 }));
    };
    const fails = async (candidates: readonly Sequence[]) =>
      (await judgeAll(candidates)).map((text) => text !== undefined);
    const [text] = await judgeAll([await shrink(lines, fails)]);
    return text ?? ['the difference comes and goes:', ...lines].join('\n');
  }

  /** Ends both. */
  async close(): Promise<void> {
    await this.#emulated.close();
    await this.#native.close();
  }
}

/** Runs a campaign; the shortest sequence that the kernels answer differently, or undefined. */
export async function fuzz(wanted: Campaign): Promise<string | undefined> {
  const campaign = { ...wanted, swap: swapsToMemory() };
  const duel = new Duel(await EmulatedKernel.boot(campaign.swap ? '16MiB' : 0));
  try {
    const batches = Math.ceil(campaign.runs / BATCH);
    let next = duel.ask(batchOf(campaign, 0));
    for (let batch = 0; batch < batches; batch++) {
      const [lines, natives] = [batchOf(campaign, batch), await next];
      if (batch + 1 < batches) next = duel.ask(batchOf(campaign, batch + 1));
      const wrong = lines.find((each, i) => duel.judge(each, natives[i] ?? { died: 0 }));
      if (wrong) {
        if (batch + 1 < batches) await next;
        const text = await duel.shortest(wrong);
        const sequence = batch * BATCH + lines.indexOf(wrong);
        return `MMEMU_SEED=${campaign.seed}, sequence ${sequence}:\n${text}`;
      }
      campaign.onProgress?.(batch * BATCH + lines.length);
    }
    return undefined;
  } finally {
    await duel.close();
  }
}
