/** Small random programs, and their classes counted from all their interleavings. */
import { DfsStrategy } from '../../../../src/explore/dfs.js';
import { Execution } from '../../../../src/explore/execution.js';
import { HappensBefore } from '../../../../src/explore/happens-before.js';
import { Prng } from '../../../../src/explore/prng.js';
import { scenario, type Cpu, type Scenario } from '../../../../src/explore/scenario.js';
import { WordsProgram, type MemoryModel } from '../../../../src/explore/words-program.js';

type Operation = (words: number[], cpu: Cpu) => Iterable<undefined, unknown>;

/** The operations of a random CPU; `kinds` says which ones there are. */
function operation(prng: Prng, kinds: readonly string[], words: number): Operation {
  const at = prng.below(words);
  const value = prng.below(3);
  const kind = kinds[prng.below(kinds.length)];
  return (all, cpu) => {
    const word = all[at]!;
    switch (kind) {
      case 'load':
        return cpu.load(word);
      case 'store':
        return cpu.store(word, value);
      case 'readOnce':
        return cpu.readOnce(word);
      case 'writeOnce':
        return cpu.writeOnce(word, value);
      case 'fetchAdd':
        return cpu.fetchAdd(word, 1);
      case 'cas':
        return cpu.compareExchange(word, value, value + 1);
      case 'wait':
        return cpu.waitWhile(word, value);
      case 'fence':
        return cpu.fence();
      default:
        throw new Error(`no kind ${kind}`);
    }
  };
}

const PLAIN_KINDS = ['load', 'store', 'readOnce', 'writeOnce', 'fetchAdd', 'cas', 'cas', 'fence'];

/** A program of a few CPUs with a few operations each; what they read is their outcome. */
export function randomProgram(seed: number, ops: number, waiting: boolean): Scenario<number[]> {
  const prng = new Prng(seed);
  const kinds = waiting ? [...PLAIN_KINDS, 'wait', 'wait'] : PLAIN_KINDS;
  const words = 1 + prng.below(2);
  const hasLock = waiting && prng.below(2) === 1;
  const cpus = Array.from({ length: 2 + prng.below(2) }, (_, cpu) => {
    const list = Array.from({ length: 1 + prng.below(ops) }, () => operation(prng, kinds, words));
    const locks = hasLock && prng.below(3) > 0;
    const body = function* (all: number[], handle: Cpu) {
      const lock = all[words]!;
      if (locks) yield* handle.lock(lock);
      for (const op of list) handle.outcome(yield* op(all, handle));
      if (locks) yield* handle.unlock(lock);
    };
    return [`cpu${cpu}`, body] as const;
  });
  return scenario({
    name: `random ${seed}`,
    setup: (machine) => machine.words(words + 1),
    cpus: Object.fromEntries(cpus),
  });
}

/** Every class of a program, by running all interleavings; undefined if there are too many. */
export function bruteForce(
  program: Scenario<number[]>,
  model: MemoryModel,
  most: number,
): { classes: number; outcomes: string[]; deadlocks: number } | undefined {
  const words = new WordsProgram(program as Scenario, model);
  const execution = new Execution(words, 1000);
  const strategy = new DfsStrategy(words.log, words.cpuNames.length, Infinity);
  const order = new HappensBefore(words);
  const classes = new Set<string>();
  const outcomes = new Set<string>();
  const deadlocked = new Set<string>();
  for (let n = 0; strategy.next(); n++) {
    if (n > most) return undefined;
    order.truncate(0); // while the log is still that of the execution before
    const end = execution.run(strategy);
    while (order.length < words.log.length) order.append();
    order.forgetRaces();
    const name = className(words, order);
    classes.add(name);
    if (end === 'done') outcomes.add(words.outcome());
    else deadlocked.add(name);
  }
  return { classes: classes.size, outcomes: [...outcomes].sort(), deadlocks: deadlocked.size };
}

/** Equal for executions that differ only in the order of steps that do not conflict. */
function className({ log, agents }: WordsProgram, order: HappensBefore): string {
  const counts = new Array<number>(agents).fill(0);
  const index: number[] = [];
  for (let step = 0; step < log.length; step++) index.push(++counts[log.agent[step]!]!);
  const steps = index.map((own, step) => {
    const clock = counts.map((_, agent) => {
      const time = order.clock(step, agent);
      return time === 0 ? 0 : index[time - 1];
    });
    return `${log.agent[step]}.${own}:${clock.join(',')}`;
  });
  return steps.sort().join(' ');
}
