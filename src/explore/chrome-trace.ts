/** A failure as Trace Event JSON, which chrome://tracing and Perfetto open. */
import type { Failure } from './failure.js';

/** Microseconds that a step is drawn with. */
const STEP_LENGTH = 10;

/** A thread for each CPU, slices for calls and steps, an arrow from each write to who reads it. */
export function chromeTrace(failure: Failure): object {
  const names = failure.cpuNames.map((name, tid) => ({
    ...{ name: 'thread_name', ph: 'M', pid: 1, tid, args: { name: `CPU${tid} ${name}` } },
  }));
  const slices = failure.trace.map((step) => ({
    name: `${step.operation ?? step.kind} ${step.location ?? ''}`.trimEnd(),
    cat: 'access',
    ph: 'X',
    pid: 1,
    tid: step.cpu,
    ts: step.step * STEP_LENGTH,
    dur: STEP_LENGTH,
    args: step,
  }));
  const calls = failure.calls.map(({ cpu, call, result, start, end }) => ({
    name: call,
    cat: 'call',
    ph: 'X',
    pid: 1,
    tid: cpu,
    ts: start * STEP_LENGTH,
    dur: ((end ?? failure.trace.length) - start) * STEP_LENGTH,
    args: { result },
  }));
  const arrows = failure.trace.flatMap((step) => {
    const from = step.readsFrom === undefined ? undefined : failure.trace[step.readsFrom];
    if (from === undefined || from.cpu === step.cpu) return [];
    const common = { name: 'reads from', cat: 'reads-from', id: step.step, pid: 1 };
    const middle = STEP_LENGTH / 2;
    return [
      { ...common, ph: 's', tid: from.cpu, ts: from.step * STEP_LENGTH + middle },
      { ...common, ph: 'f', bp: 'e', tid: step.cpu, ts: step.step * STEP_LENGTH + middle },
    ];
  });
  const otherData = { scenario: failure.scenario, error: failure.error.message };
  return {
    traceEvents: [...names, ...calls, ...slices, ...arrows],
    displayTimeUnit: 'ns',
    otherData,
  };
}
