/** Small programs whose numbers of classes are published or were counted by brute force. */
import {
  scenario,
  type Cpu,
  type CpuProgram,
  type Scenario,
} from '../../../../src/explore/scenario.js';

type Program = CpuProgram<number[]>;

/** CPUs with the same program. */
function cpusOf(count: number, program: (index: number) => Program): Record<string, Program> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`cpu${index}`, program(index)]),
  );
}

const withWords = (
  name: string,
  words: number,
  cpus: Record<string, Program>,
): Scenario<number[]> => scenario({ name, setup: (machine) => machine.words(words), cpus });

/** N threads, each `v = x; x = v + 1`: (N!)^2 classes. */
export function inc(n: number): Scenario<number[]> {
  return withWords(
    `inc(${n})`,
    1,
    cpusOf(
      n,
      () =>
        function* ([x], cpu) {
          const value = yield* cpu.load(x!);
          yield* cpu.store(x!, value + 1);
        },
    ),
  );
}

/** N threads that add: N! classes. */
export function fetchAdd(n: number): Scenario<number[]> {
  return withWords(
    `fetchAdd(${n})`,
    1,
    cpusOf(
      n,
      () =>
        function* ([x], cpu) {
          yield* cpu.fetchAdd(x!, 1);
        },
    ),
  );
}

/** One writer, N readers: 2^N classes. */
export function readers(n: number): Scenario<number[]> {
  return withWords(`readers(${n})`, 1, {
    *writer([x], cpu) {
      yield* cpu.store(x!, 1);
    },
    ...cpusOf(
      n,
      () =>
        function* ([x], cpu) {
          yield* cpu.load(x!);
        },
    ),
  });
}

/** One thread looks for the last zero, N add one to their left neighbour: (N + 3) 2^(N - 2). */
export function lastzero(n: number): Scenario<number[]> {
  return withWords(`lastzero(${n})`, n + 1, {
    *seeker(array, cpu) {
      let i = n;
      while ((yield* cpu.load(array[i]!)) !== 0) i--;
    },
    ...cpusOf(
      n,
      (j) =>
        function* (array, cpu) {
          const value = yield* cpu.load(array[j]!);
          yield* cpu.store(array[j + 1]!, value + 1);
        },
    ),
  });
}

/** Two threads add to each other's word, n times, a third looks: 140 classes, 1,698 for 3. */
export function fib(n: number): Scenario<number[]> {
  const adder = (own: number): Program =>
    function* (words, cpu) {
      for (let i = 0; i < n; i++) {
        const mine = yield* cpu.load(words[own]!);
        const other = yield* cpu.load(words[1 - own]!);
        yield* cpu.store(words[own]!, mine + other);
      }
    };
  return scenario({
    name: `fib(${n})`,
    setup: (machine) => machine.words(2, 1),
    cpus: {
      first: adder(0),
      second: adder(1),
      *reader(words, cpu) {
        yield* cpu.load(words[0]!);
        yield* cpu.load(words[1]!);
      },
    },
  });
}

/** N threads put four messages each into a hash table of 128: 8 classes for 12, 64 for 13. */
export function indexer(n: number): Scenario<number[]> {
  return withWords(
    `indexer(${n})`,
    128,
    cpusOf(
      n,
      (thread) =>
        function* (table, cpu) {
          for (let m = 1; m <= 4; m++) {
            const w = m * 11 + thread;
            let h = (w * 7) % 128;
            while ((yield* cpu.compareExchange(table[h]!, 0, w)) !== 0) h = (h + 1) % 128;
          }
        },
    ),
  );
}

/** Thread i swaps i for i + 1: 2, 5, 14, 43 classes. */
export function casrot(n: number): Scenario<number[]> {
  return withWords(
    `casrot(${n})`,
    1,
    cpusOf(
      n,
      (i) =>
        function* ([x], cpu) {
          yield* cpu.compareExchange(x!, i, i + 1);
        },
    ),
  );
}

/** How {@link gup} is built. */
interface GupOptions {
  /** Without the second read of the page table. */
  bug?: boolean;
  /** The pinners say what they still know. */
  points?: boolean;
}

/** The page protocol: one unmapper that frees and reuses, N pinners. */
export function gup(n: number, options: GupOptions = {}): Scenario<Gup> {
  return scenario<Gup>({
    name: `gup(${n})${options.bug ? ' without the second read' : ''}`,
    setup(machine) {
      const [pte, ref, owner] = machine.words(3, 1) as [number, number, number];
      return { pte, ref, owner };
    },
    cpus: { unmap, ...Object.fromEntries(pinners(n, options)) },
  });
}

interface Gup {
  pte: number;
  ref: number;
  owner: number;
}

function* unmap({ pte, ref, owner }: Gup, cpu: Cpu) {
  yield* cpu.exchange(pte, 0);
  if ((yield* cpu.compareExchange(ref, 1, 0)) !== 1) return undefined;
  yield* cpu.store(owner, 0);
  yield* cpu.store(owner, 2);
  yield* cpu.store(ref, 1);
  return undefined;
}

function pinners(n: number, { bug, points }: GupOptions): [string, CpuProgram<Gup>][] {
  return Array.from({ length: n }, (_, i) => [
    `pin${i}`,
    function* ({ pte, ref, owner }, cpu) {
      if ((yield* cpu.load(pte)) === 0) return;
      let seen = yield* cpu.load(ref);
      while (seen !== 0) {
        if (points) cpu.point('swap', seen);
        const before = yield* cpu.compareExchange(ref, seen, seen + 1);
        if (before === seen) break;
        seen = before;
      }
      if (seen === 0) return;
      if (points) cpu.point('pinned');
      if (bug === true || (yield* cpu.load(pte)) !== 0) {
        const page = yield* cpu.load(owner);
        cpu.assert(page === 1, `the pinned page has owner ${page}, expected 1`);
      }
      if (points) cpu.point('put');
      yield* cpu.fetchAdd(ref, -1);
    },
  ]);
}

/** One CPU stores, N swap 0 for 1: 5, 13, 33 classes. */
export function wcas(n: number): Scenario<number[]> {
  return withWords(`wcas(${n})`, 1, {
    *writer([x], cpu) {
      yield* cpu.store(x!, 2);
    },
    ...cpusOf(
      n,
      () =>
        function* ([x], cpu) {
          yield* cpu.compareExchange(x!, 0, 1);
        },
    ),
  });
}
