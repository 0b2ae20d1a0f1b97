/**
 * A case in progress, and what the calls of a script have in common.
 */
import { PAGE_SIZE, type Machine, type Process } from '../../src/index.js';
import {
  bind,
  evaluate,
  evaluateData,
  evaluateString,
  formatAddress,
  type Names,
  noNames,
} from './script.js';

/** What pins and plain references have in common. */
export interface Held {
  readonly length: number;
  read(offset: number, length: number): Uint8Array;
  write(offset: number, bytes: Uint8Array): void;
  release(): void;
}

/** A case in progress: its processes, what its names stand for, and the pages it holds. */
export interface Context {
  readonly machine: Machine;
  /** By name, in the order of their making; one that has exited is no longer there. */
  readonly processes: Map<string, Process>;
  /** The process whose line is being run. */
  process: Process;
  readonly names: Names;
  /** A process that is none of the case's, with a file for `settle`. */
  readonly janitor: Process;
  readonly janitorFd: number;
  /** Pins and references, each with the offset of its first byte in its first page. */
  readonly held: Map<string, { pages: Held; offset: number }>;
}

/** A case that has done nothing yet, in a process of its own. */
export function newContext(machine: Machine): Context {
  const process = machine.spawn();
  const processes = new Map([['q0', process]]);
  const janitor = machine.spawn();
  const janitorFd = janitor.memfdCreate('settle', 0);
  const names = noNames();
  return { machine, processes, process, names, held: new Map(), janitor, janitorFd };
}

/**
 * Empties this CPU's batches of pages, as the oracle does before each line: dropping a page of a
 * file does so on the way.
 */
export function settle({ janitor, janitorFd }: Context): void {
  janitor.pwrite(janitorFd, [0], 0);
  janitor.ftruncate(janitorFd, 0);
}

/** Leaves nothing behind of a case. */
export function endContext({ processes, held, janitor }: Context): void {
  for (const { pages } of held.values()) pages.release();
  for (const process of processes.values()) process.exit();
  janitor.exit();
}

/** One line being run: its words after the call, read as what the call needs. */
export class Words {
  readonly #context: Context;
  readonly #words: readonly string[];

  constructor(context: Context, words: readonly string[]) {
    this.#context = context;
    this.#words = words;
  }

  /** The word as it stands. */
  text(index: number): string {
    return this.#words[index] ?? '';
  }

  /** The word's value; a missing word is 0. */
  number(index: number): number {
    const word = this.#words[index];
    return word === undefined ? 0 : evaluate(word, this.#context.names);
  }

  data(index: number): Uint8Array {
    return evaluateData(this.text(index));
  }

  string(index: number): string {
    return evaluateString(this.text(index));
  }

  path(index: number): string {
    return `/proc/self/fd/${this.number(index)}`;
  }
}

/** Runs a call and says what it answers. */
export type Run = (context: Context, w: Words) => unknown;

/**
 * Where the machine chose the place, the answer is just the new name. Where the script asked for
 * a place and got it, the answer is that address.
 */
export function newAddress({ names }: Context, w: Words, address: number): string {
  const hint = w.number(1);
  const granted = hint !== 0 && address === hint - (hint % PAGE_SIZE);
  const shown = granted ? formatAddress(address, names) : w.text(0);
  bind(names, w.text(0), address, true);
  return shown;
}

/** A call that returns nothing has succeeded with 0. */
export function zero(result: unknown): unknown {
  return result ?? 0;
}
