/** A failure on threads as text. */
import type { StressCall } from './call-log.js';
import type { StressFailure } from './failure.js';

/** Calls that are listed. */
const CALLS_SHOWN = 60;
/** Events of the core that are listed. */
const EVENTS_SHOWN = 16;
const TIME_WIDTH = 10;

/** What broke, where, and what was going on. */
export function formatStressFailure(failure: StressFailure): string {
  const { kind, scenario, error, round, seed, cpu } = failure;
  const by = cpu === undefined ? '' : `, shown by "${cpu}"`;
  const lines = [
    `${kind.toUpperCase()} in "${scenario}": ${error.message}`,
    `round ${round} of seed ${seed}${by}`,
    ...callLines(failure),
    ...hangLines(failure),
    ...eventLines(failure),
  ];
  return `${lines.join('\n')}\n`;
}

/** Calls of all CPUs by their start, in microseconds. */
function callLines({ cpus }: StressFailure): string[] {
  const all = cpus.flatMap(({ name, calls }, at) =>
    timed(calls).map((row) => ({ ...row, name, at })),
  );
  if (all.length === 0) return [];
  all.sort((a, b) => a.time - b.time || a.at - b.at);
  const width = Math.max(...cpus.map(({ name }) => name.length), 3);
  const head = `${'start us'.padStart(TIME_WIDTH)} ${'end us'.padStart(TIME_WIDTH)}`;
  const lines = ['', `${head}  ${'CPU'.padEnd(width)}  call`];
  const shown = all.slice(-CALLS_SHOWN);
  if (shown.length < all.length) lines.push(`  ... ${all.length - shown.length} earlier calls`);
  for (const { name, call } of shown) {
    const times = `${microseconds(call.start)} ${microseconds(call.end)}`;
    const result = call.result === '' ? '' : ` = ${call.result ?? '(has not ended)'}`;
    lines.push(`${times}  ${name.padEnd(width)}  ${call.call}${result}`);
  }
  return lines;
}

/** Accesses to words have no time of their own: they keep their place behind the call before. */
function timed(calls: readonly StressCall[]): { call: StressCall; time: number }[] {
  let last = 0;
  return calls.map((call) => {
    last = call.start ?? last;
    return { call, time: last };
  });
}

function microseconds(time: number | undefined): string {
  return (time === undefined ? '' : (time * 1000).toFixed(1)).padStart(TIME_WIDTH);
}

function hangLines({ cpus }: StressFailure): string[] {
  const stuck = cpus.filter(({ doing }) => doing !== undefined);
  if (stuck.length === 0) return [];
  return ['', ...stuck.map(({ name, doing }) => `"${name}" is ${doing}`)];
}

function eventLines({ events }: StressFailure): string[] {
  if (events.length === 0) return [];
  const shown = events.slice(-EVENTS_SHOWN).map(({ cpu, kind, value, extra }) => {
    return `  CPU ${cpu}  ${kind} 0x${value.toString(16)} ${extra}`;
  });
  return ['', 'last events in the core', ...shown];
}
