import { resolveOptions, type MachineOptions, type ResolvedOptions } from '../options.js';
import { MACHINE_BASE } from '../wasm/generated/layout.js';
import { offsetOf, type CoreViews } from '../wasm/views.js';
import { decode, encode, layoutName } from './format.js';
import { growTo } from '../wasm/load.js';
import { SNAPSHOT_PAGE, usedPages } from './regions.js';

const WORDS_A_PAGE = SNAPSHOT_PAGE / 8;

/**
 * The whole state of a machine as bytes.
 * @throws TypeError while a call is under way on another CPU
 */
export function takeSnapshot(views: CoreViews, options: ResolvedOptions): Uint8Array<ArrayBuffer> {
  const running = MACHINE_BASE + offsetOf('MachineState', 'workersRunning');
  if (views.u32At(running) !== 0) {
    throw new TypeError('snapshot: a call is under way on another CPU; wait for it first');
  }
  // Memory that has grown since is not in the views.
  const { buffer } = views.memory;
  const words = new BigUint64Array(buffer);
  const pages: { number: number; bytes: Uint8Array }[] = [];
  for (const [first, behind] of usedPages(views, options)) {
    for (let number = first; number < behind; number++) {
      if (isZero(words, number)) continue;
      const at = number * SNAPSHOT_PAGE;
      pages.push({ number, bytes: new Uint8Array(buffer, at, SNAPSHOT_PAGE) });
    }
  }
  return encode({ layout: layoutName(), options: { ...options } }, SNAPSHOT_PAGE, pages);
}

function isZero(words: BigUint64Array, number: number): boolean {
  const start = number * WORDS_A_PAGE;
  for (let at = start; at < start + WORDS_A_PAGE; at++) if (words[at] !== 0n) return false;
  return true;
}

/** A snapshot that was read: the options of its machine, and what puts its memory back. */
export interface OpenedSnapshot {
  readonly options: ResolvedOptions;
  fill(views: CoreViews): void;
}

/**
 * Reads a snapshot. What `options` names must be as it was when the snapshot was taken, since it is
 * part of the state; only `build` may differ.
 * @throws TypeError, RangeError for bytes that are no snapshot, and for options that do not fit
 */
export function openSnapshot(bytes: Uint8Array, options: MachineOptions = {}): OpenedSnapshot {
  const { header, pages } = decode(bytes, SNAPSHOT_PAGE);
  const before = resolveOptions(header.options);
  const wanted = resolveOptions({
    ...before,
    ...options,
    policy: { ...before.policy, ...options.policy },
  });
  refuseChanges({ ...before }, { ...wanted });
  return {
    options: wanted,
    fill(views) {
      for (const page of pages) {
        const at = page.number * SNAPSHOT_PAGE;
        growTo(views.memory, at + SNAPSHOT_PAGE); // a swap device that came later lies behind
        new Uint8Array(views.memory.buffer, at, SNAPSHOT_PAGE).set(page.bytes);
      }
    },
  };
}

function refuseChanges(before: Record<string, unknown>, wanted: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(before)) {
    if (name === 'build' || JSON.stringify(wanted[name]) === JSON.stringify(value)) continue;
    throw new RangeError(
      `${name}: is part of the snapshot, and there it is ${JSON.stringify(value)}`,
    );
  }
}
