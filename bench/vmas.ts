/**
 * Address spaces with as many mappings as Linux allows: what it costs to find one, to make one and
 * to cut one. Places are visited in an order that no cache can guess; what undoes the work is not
 * under the watch. The time of the call from JavaScript is in it.
 */
import {
  Machine,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  PAGE_SIZE,
  PROT_READ,
} from '../dist/index.js';
import type { BenchExports } from '../dist/wasm/exports.js';
import { inRounds, type Bench } from './section.js';

/** As /proc/sys/vm/max_map_count has it. */
const MAPPINGS = 65_530;
/** So many calls a piece; that many mappings are missing, or there could be no new ones. */
const CALLS = 2048;
/** The best of so many pieces counts: noise only adds. */
const PIECES = 8;

const START = 0x1_0000_0000;
/** From one mapping of three pages to the next; between them are holes of five. */
const STEP = 8 * PAGE_SIZE;
const PAGES = 3;
const FLAGS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

interface Place {
  readonly core: BenchExports;
  readonly task: number;
  /** The first addresses of mappings, shuffled. */
  readonly at: readonly number[];
}

/** Measures the section `vmas`. */
export async function measureVmas(bench: Bench): Promise<void> {
  const machine = await Machine.boot({ memory: '16MiB', contents: 'none', build: 'bench' });
  try {
    const place = prepare(machine, bench.settings.quick ? MAPPINGS / 10 : MAPPINGS);
    piece(place); // until compiled for good
    await inRounds(bench, 'vmas', async () => {
      const pieces = Array.from({ length: PIECES }, () => piece(place));
      for (const name of ['lookup', 'insert', 'split'] as const) {
        const best = Math.min(...pieces.map((each) => each[name]));
        bench.recorder.add(`vmas.${name}`, (best * 1e6) / CALLS);
      }
      await new Promise(setImmediate); // lets Ctrl-C in
    });
  } finally {
    await machine.close();
  }
}

function prepare(machine: Machine, mappings: number): Place {
  const { task } = machine.spawn();
  const core = machine.kernel.run((exports) => exports) as unknown as BenchExports;
  const at = Array.from({ length: Math.floor(mappings) - 2 * CALLS }, (_, i) => START + i * STEP);
  shuffle(at);
  for (const addr of at) core.sysMmap(task, addr, PAGES * PAGE_SIZE, PROT_READ, FLAGS, -1, 0);
  return { core, task, at };
}

/** The same order in each run (Knuth: algorithm P, with a generator of Lehmer's). */
function shuffle(list: number[]): void {
  let seed = 1;
  for (let i = list.length - 1; i > 0; i--) {
    seed = (seed * 48_271) % 0x7fff_ffff;
    const other = seed % (i + 1);
    [list[i], list[other]] = [list[other] ?? 0, list[i] ?? 0];
  }
}

/** Milliseconds of CALLS calls each. */
function piece({ core, task, at }: Place): Record<'lookup' | 'insert' | 'split', number> {
  const chosen = at.slice(0, CALLS);
  const hole = (addr: number) => addr + (PAGES + 1) * PAGE_SIZE;
  const middle = (addr: number) => addr + PAGE_SIZE;
  const times = (call: (addr: number) => number): number => {
    const start = performance.now();
    for (const addr of chosen) call(addr);
    return performance.now() - start;
  };
  // Unmapping where nothing is mapped finds the next mapping, and does nothing with it.
  const lookup = times((addr) => core.sysMunmap(task, hole(addr), PAGE_SIZE));
  const insert = times((addr) => core.sysMmap(task, hole(addr), PAGE_SIZE, 0, FLAGS, -1, 0));
  times((addr) => core.sysMunmap(task, hole(addr), PAGE_SIZE));
  const split = times((addr) => core.sysMprotect(task, middle(addr), 2 * PAGE_SIZE, 0));
  times((addr) => core.sysMprotect(task, middle(addr), 2 * PAGE_SIZE, PROT_READ));
  return { lookup, insert, split };
}
