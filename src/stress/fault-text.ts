import { ScenarioError } from '../explore/scenario.js';

/** The library's own files. */
const LIBRARY = new URL('..', import.meta.url).href;

/**
 * What is wrong with a scenario, in one line: errors of the library by their message, others with
 * the line of the file that they come from, if it can be told.
 */
export function faultText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ScenarioError || error instanceof RangeError) return error.message;
  if ('code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return error.message;
  const frames = error.stack?.split('\n') ?? [];
  const frame = frames.find((each) => each.includes('file:') && !each.includes(LIBRARY)) ?? '';
  const [, line] = /:(\d+)(?::\d+)?\)?$/.exec(frame) ?? [];
  return `${line === undefined ? '' : `line ${line}: `}${error.name}: ${error.message}`;
}
