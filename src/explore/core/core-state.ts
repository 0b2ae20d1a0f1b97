import { finish, hashText, mix } from '../hash.js';
import type { WordMemory } from '../word-memory.js';
import type { CoreCpu } from './core-cpu.js';
import type { ExploredMachine } from './explored-machine.js';
import { HASH_SEEDS, type Histories } from '../histories.js';
import { eachPart } from '../parts.js';
import type { StoreViews } from './store-views.js';

/** What a state is made of, beside the machine. */
interface Parts {
  readonly explored: ExploredMachine;
  readonly words: WordMemory;
  readonly cpus: readonly CoreCpu[];
  readonly histories: Histories;
  readonly buffers: StoreViews | undefined;
  /** What oracles remember of the past. */
  readonly oracles: { eachPart(take: (part: number) => void): void };
}

/**
 * The state of a scenario on the core as a hash: everything that decides what can still happen.
 *
 * - The memory of the machine, and the raw words; under tso what the store buffers hold.
 * - Where each CPU stands, and what it has got so far (histories.ts).
 * - Of a call that is under way: what it has got from the core, and the stack of the core as
 *   asyncify has unwound it. The pass writes those local variables only that are still needed.
 * - What each CPU recorded as its outcome; of one that has ended that is all that is left.
 * - What oracles remember: what a file held when it was sealed is in no memory of the machine.
 * - What the object holds that setup has returned, which CPUs may write to and `check` may read.
 *
 * Other variables that generators share are not in it: nobody can see them.
 */
export class CoreState {
  readonly #parts: Parts;
  #high = 0;
  #low = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * @param where - by CPU; `ended` is the number of one that has ended
   * @param context - what setup has returned
   */
  hash(into: Uint32Array, where: Uint8Array, ended: number, context: unknown): void {
    const { explored, words, cpus, histories, buffers } = this.#parts;
    const memory = explored.hash();
    this.#high = HASH_SEEDS[0] ^ memory.high;
    this.#low = HASH_SEEDS[1] ^ memory.low;
    for (let word = 0; word < words.count; word++) this.#take(words.values[word]!);
    for (let cpu = 0; cpu < cpus.length; cpu++) {
      this.#take(where[cpu]!);
      if (where[cpu] !== ended) {
        this.#high = mix(this.#high, histories.half(cpu, 0));
        this.#low = mix(this.#low, histories.half(cpu, 1));
        explored.coroutines.eachOf(cpu, this.#take);
      }
      for (const outcome of cpus[cpu]!.outcomes) this.#take(hashText(outcome));
    }
    buffers?.eachPart(this.#take);
    this.#parts.oracles.eachPart(this.#take);
    eachPart(context, this.#take);
    into[0] = finish(this.#high);
    into[1] = finish(this.#low);
  }

  readonly #take = (value: number): void => {
    this.#high = mix(this.#high, value);
    this.#low = mix(this.#low ^ HASH_SEEDS[0], value);
  };
}
