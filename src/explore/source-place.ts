/** Where a scenario made a call, from the stack. */

/** The folder of the explorer: frames in it are its own. */
const OWN_FOLDER = new URL('.', import.meta.url).href.replace(/^file:\/\//, '');

/**
 * File and line of the innermost caller outside of the explorer, `file.ts:12`; undefined where
 * the stack does not say.
 */
export function sourcePlace(): string | undefined {
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  const frame = frames.find((line) => /:\d+:\d+\)?$/.test(line) && !line.includes(OWN_FOLDER));
  return /([^/\\(]+:\d+):\d+\)?$/.exec(frame ?? '')?.[1];
}
