import type { TraceEvent } from '../errors.js';
import { formatStressFailure } from './format.js';
import type { SentFailure, StressCpu } from './protocol.js';
import type { StressFailureKind } from './thread-cpu.js';

/** A promise that was broken on threads: what, in which round, and what each CPU did in it. */
export class StressFailure {
  /** The oracle: an assertion, the scenario's check, an invariant of the machine, a hang ... */
  readonly kind: StressFailureKind;
  /** What was thrown, or what the oracle says. */
  readonly error: Error;
  readonly scenario: string;
  /** The round's number, from 1. */
  readonly round: number;
  readonly seed: number;
  /** The CPU that showed it, by name; undefined for none. */
  readonly cpu: string | undefined;
  /** The last operations of each CPU, in the order of the scenario. */
  readonly cpus: readonly StressCpu[];
  /** Of a panic: what the CPUs did last, in the core. */
  readonly events: readonly TraceEvent[];

  /** @internal */
  constructor(scenario: string, seed: number, sent: SentFailure) {
    const { kind, name, message, stack, events } = sent.error;
    this.kind = kind;
    this.error = Object.assign(new Error(message), { name });
    if (stack !== undefined) this.error.stack = stack;
    this.scenario = scenario;
    this.round = sent.round;
    this.seed = seed;
    this.cpu = sent.cpus[sent.cpu]?.name;
    this.cpus = fromTheStart(sent.cpus);
    this.events = events;
  }

  /** What broke, and the calls of all CPUs with their times. */
  format(): string {
    return formatStressFailure(this);
  }

  /** All of it as plain data. */
  toJSON(): object {
    const { kind, scenario, round, seed, cpu, cpus, events } = this;
    const error = { name: this.error.name, message: this.error.message };
    return { scenario, kind, error, round, seed, cpu, cpus, events };
  }
}

/** Times as milliseconds since the first call of all. */
function fromTheStart(cpus: readonly StressCpu[]): StressCpu[] {
  const starts = cpus.flatMap(({ calls }) => calls.flatMap(({ start }) => start ?? []));
  const first = starts.reduce((least, start) => Math.min(least, start), Infinity);
  const since = (time: number | undefined) =>
    time === undefined ? undefined : Math.max(0, time - first);
  return cpus.map((cpu) => ({
    ...cpu,
    calls: cpu.calls.map((call) => ({ ...call, start: since(call.start), end: since(call.end) })),
  }));
}
