import { inRange } from '../check.js';
import { policies } from '../policies.js';
import { GUP_ENTRY_SIZE, NR_CPUS_MAX, PERCPU_VECTOR_SIZE } from '../wasm/generated/layout.js';
import { SHARINGS, type ContendOptions, type ContendSettings } from './types.js';

/** Pages that a CPU's vector holds. */
const BATCH_MAX = PERCPU_VECTOR_SIZE / GUP_ENTRY_SIZE;
/** CPU 0 is the caller and only watches. */
const THREADS_MAX = NR_CPUS_MAX - 1;
const SECONDS_MAX = 3600;

/** Settings that take some 35 seconds on two cores, repeats of starved cells included. */
const DEFAULTS = {
  policies: ['get-page', 'pincount', 'i-mmap-writable', 'i-mmap-writable-percpu'],
  sharing: SHARINGS,
  batch: [1, 256],
  seconds: 0.08,
  rounds: 7,
  seed: 1,
};

/**
 * Checks the options of `contend()` and fills the defaults in.
 * @param cores how many threads the host can run at once
 * @throws RangeError, TypeError that name the option and what it may be
 */
export function resolveSettings(options: ContendOptions, cores: number): ContendSettings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('options: expected an object');
  }
  const names = pinPolicies();
  const known = [...Object.keys(DEFAULTS), 'threads', 'onProgress', 'signal'];
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new RangeError(`options: there is no option "${name}"; there are ${known.join(', ')}`);
  }
  const seconds = options.seconds ?? DEFAULTS.seconds;
  if (typeof seconds !== 'number') throw new TypeError('seconds: expected a number');
  if (!(seconds > 0 && seconds <= SECONDS_MAX)) {
    throw new RangeError(`seconds: expected more than 0, at most ${SECONDS_MAX}, got ${seconds}`);
  }
  return {
    policies: listOf(options.policies ?? DEFAULTS.policies, 'policies', oneOf(names)),
    threads: listOf(options.threads ?? powersUpTo(cores), 'threads', numberTo(THREADS_MAX)),
    sharing: listOf(options.sharing ?? DEFAULTS.sharing, 'sharing', oneOf(SHARINGS)),
    batch: listOf(options.batch ?? DEFAULTS.batch, 'batch', numberTo(BATCH_MAX)),
    seconds,
    rounds: inRange(options.rounds ?? DEFAULTS.rounds, 1, 10_000, 'rounds'),
    seed: inRange(options.seed ?? DEFAULTS.seed, 0, 2 ** 32 - 1, 'seed'),
  };
}

function pinPolicies(): string[] {
  const pin = policies().find(({ axis }) => axis === 'pin');
  return pin?.values.map(({ name }) => name) ?? [];
}

/** 1, 2, 4 ... and the number of cores itself. */
function powersUpTo(cores: number): number[] {
  const most = Math.min(cores, THREADS_MAX);
  const powers = [1, 2, 4, 8, 16, 32].filter((threads) => threads < most);
  return [...powers, Math.max(1, most)];
}

function listOf<T>(
  values: readonly T[],
  name: string,
  check: (value: T, name: string) => void,
): readonly T[] {
  if (!Array.isArray(values)) throw new TypeError(`${name}: expected an array`);
  const list = values as readonly T[];
  if (list.length === 0) throw new RangeError(`${name}: must not be empty`);
  for (const value of list) check(value, name);
  return [...new Set(list)];
}

function oneOf<T extends string>(names: readonly T[]): (value: T, name: string) => void {
  return (value, name) => {
    if (typeof value !== 'string') throw new TypeError(`${name}: expected strings`);
    if (!names.includes(value)) {
      throw new RangeError(`${name}: there is no "${value}"; there are ${names.join(', ')}`);
    }
  };
}

function numberTo(high: number): (value: number, name: string) => void {
  return (value, name) => {
    inRange(value, 1, high, name);
  };
}
