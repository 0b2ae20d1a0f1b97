/** A progress bar of one line. */
import type { World } from './world.js';

const BAR_CELLS = 24;

/** Takes the bar away, so that what is printed next stands on a clean line. */
export interface Progress {
  update(done: number, total: number): void;
  /** A line of text, where the total is not known. */
  note(text: string): void;
  clear(): void;
}

/** A bar on standard error when that is a terminal; else nothing is ever written. */
export function createProgress({ stderr, now }: Pick<World, 'stderr' | 'now'>): Progress {
  const nothing = (): void => undefined;
  if (stderr.isTTY !== true) return { update: nothing, note: nothing, clear: nothing };
  const started = now();
  // Some terminals say that they are 0 wide.
  const write = (line: string): void => {
    stderr.write(`\r\x1b[K${line.slice(0, (stderr.columns || 80) - 1)}`);
  };
  return {
    update: (done, total) => {
      write(progressLine(done, total, now() - started));
    },
    note: write,
    clear: () => {
      stderr.write('\r\x1b[K');
    },
  };
}

/** `[######..................]  25 %  12/48 cells  0:21 left`, `elapsed` in milliseconds. */
export function progressLine(done: number, total: number, elapsed: number): string {
  const share = total > 0 ? Math.min(done / total, 1) : 0;
  const filled = Math.round(share * BAR_CELLS);
  const bar = '#'.repeat(filled) + '.'.repeat(BAR_CELLS - filled);
  const percent = String(Math.floor(share * 100)).padStart(3);
  const left = done > 0 ? `${clock((elapsed / done) * (total - done))} left` : '';
  return `[${bar}] ${percent} %  ${done}/${total} cells  ${left}`.trimEnd();
}

/** Minutes and seconds, `1:05`, rounded up so that it never says 0:00 while something is left. */
function clock(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
