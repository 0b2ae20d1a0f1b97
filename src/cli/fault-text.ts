import { ScenarioError } from '../index.js';

/** What is wrong with a scenario, in one line: with the line of its file, if it can be told. */
export function faultText(error: unknown, file: URL): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ScenarioError || error instanceof RangeError) return error.message;
  if ('code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return error.message;
  const frame = error.stack?.split('\n').find((each) => each.includes(file.href)) ?? '';
  const [, line] = /:(\d+)(?::\d+)?\)?$/.exec(frame) ?? [];
  return `${line === undefined ? '' : `line ${line}: `}${error.name}: ${error.message}`;
}
