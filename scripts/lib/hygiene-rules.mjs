// When a build of the core is safe to instantiate once per worker over one shared memory.
// Static data would be written again by each instance, a start function would run in each, and a
// mutable global is private to each: only this CPU's base may be one.
import { inspectModule } from './wasm-sections.mjs';

const MEMORY = 'env.memory:memory';
const SCHED_POINTS = ['schedPoint', 'schedAwait', 'schedNote'].map(
  (name) => `sched_point.${name}:function`,
);
const RACES = 'sched_point.schedRace:function';

/**
 * The targets and what each may have. The debug build keeps its start section (folded `if`s
 * remain); the sched build announces each access, wait and event through imported functions, the
 * bench build asks the host for the time. The explore build is the sched build with two globals of
 * the asyncify pass more: it is instantiated once, for all CPUs. It tells of races, too.
 */
export const RULES = {
  release: { start: false, imports: [MEMORY] },
  debug: { start: true, imports: [MEMORY] },
  bench: { start: false, imports: [MEMORY, 'clock.now:function'] },
  sched: { start: false, imports: [MEMORY, ...SCHED_POINTS] },
  explore: { start: false, imports: [MEMORY, ...SCHED_POINTS, RACES], globals: 3 },
};

const MUTABLE_GLOBALS_MAX = 1;

/** What is wrong with the module `bytes` as the target `target`; empty when nothing is. */
export function violations(target, bytes) {
  const rule = RULES[target];
  const facts = inspectModule(bytes);
  const found = [];
  if (facts.start && !rule.start) found.push('has a start section');
  if (facts.data) found.push('has a data section');
  if (facts.mutableGlobals > (rule.globals ?? MUTABLE_GLOBALS_MAX)) {
    found.push(`has ${facts.mutableGlobals} mutable globals`);
  }
  const have = [...facts.imports].sort().join(', ');
  const want = [...rule.imports].sort().join(', ');
  if (have !== want) found.push(`imports ${have || 'nothing'} instead of ${want}`);
  return found;
}
