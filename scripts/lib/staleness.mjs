// Whether a step of the build must run: a stamp per step remembers when it last did.
import { readFileSync } from 'node:fs';
import { modified, shown } from './paths.mjs';
import { writeIfChanged } from './write.mjs';

/**
 * Why a step must run, as a short text; undefined when its outputs are up to date.
 * Stale means: an output is missing or was touched by somebody else, an input is newer than the
 * start of the last run, or the list of the inputs is another one (a file came or went).
 */
export function reasonToRun(stampPath, inputs, outputs) {
  for (const output of outputs) if (modified(output) === undefined) return `no ${shown(output)}`;
  const stamp = readStamp(stampPath);
  if (stamp === undefined) return 'never built';
  if (stamp.inputs !== listOf(inputs)) return 'files came or went';
  for (const input of inputs) {
    const time = modified(input);
    if (time === undefined || time > stamp.started) return `${shown(input)} changed`;
  }
  for (const output of outputs) {
    if (modified(output) > stamp.ended) return `${shown(output)} was changed by hand`;
  }
  return undefined;
}

/** Remembers a successful run. `started` is when the step began to read its inputs. */
export function leaveStamp(stampPath, inputs, started) {
  const stamp = { started, ended: Date.now() + 1, inputs: listOf(inputs) };
  writeIfChanged(stampPath, JSON.stringify(stamp));
}

const listOf = (inputs) => inputs.map(shown).join('\n');

function readStamp(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
