/**
 * The calls of an oracle script as calls of the public interface.
 */
import {
  FOLL_LONGTERM,
  FOLL_WRITE,
  MAP_SHARED,
  MmError,
  PAGE_SIZE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../src/index.js';
import {
  bind,
  evaluate,
  evaluateData,
  evaluateString,
  formatAddress,
  formatBytes,
  type Names,
  NotBound,
} from './script.js';

/** More than any descriptor table holds. */
const MANY = 1 << 20;

/** What pins and plain references have in common. */
interface Held {
  readonly length: number;
  read(offset: number, length: number): Uint8Array;
  write(offset: number, bytes: Uint8Array): void;
  release(): void;
}

/** A case in progress: the process, what its names stand for, and the pages it holds. */
export interface Context {
  readonly process: Process;
  readonly names: Names;
  /** Pins and references, each with the offset of its first byte in its first page. */
  readonly held: Map<string, { pages: Held; offset: number }>;
}

/** One line being run: its words after the call, read as what the call needs. */
class Words {
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

type Run = (context: Context, w: Words) => unknown;

function newFd({ names }: Context, w: Words, fd: number): string {
  bind(names, w.text(0), fd, false);
  return w.text(0);
}

/**
 * Where the machine chose the place, the answer is just the new name. Where the script asked for
 * a place and got it, the answer is that address.
 */
function newAddress({ names }: Context, w: Words, address: number): string {
  const hint = w.number(1);
  const granted = hint !== 0 && address === hint - (hint % PAGE_SIZE);
  const shown = granted ? formatAddress(address, names) : w.text(0);
  bind(names, w.text(0), address, true);
  return shown;
}

/** Fewer pages than asked for: io_uring and vmsplice keep none then and answer EFAULT. */
class TooFewPages extends Error {}

/** Takes the pages that hold `length` bytes from an address on. */
function hold(context: Context, w: Words, take: (addr: number, nrPages: number) => Held): string {
  const [address, length] = [w.number(1), w.number(2)];
  const offset = address % PAGE_SIZE;
  const nrPages = Math.ceil((offset + length) / PAGE_SIZE);
  const pages = take(address - offset, nrPages);
  if (pages.length < nrPages) {
    pages.release();
    throw new TooFewPages();
  }
  context.held.set(w.text(0), { pages, offset });
  return w.text(0);
}

function heldPages({ held }: Context, name: string): { pages: Held; offset: number } {
  const found = held.get(name);
  if (!found) throw new NotBound(`${name} is not bound`);
  return found;
}

function maps({ process, names }: Context): unknown[] {
  return process.maps().map(({ start, end, prot, flags, offset, name }) => {
    const access = [prot & PROT_READ && 'r', prot & PROT_WRITE && 'w', prot & PROT_EXEC && 'x'];
    const perms = [...access, flags & MAP_SHARED ? 's' : 'p'].map((letter) => letter || '-');
    return {
      start: formatAddress(start, names),
      length: end - start,
      perms: perms.join(''),
      offset,
      name,
    };
  });
}

function fstat({ process }: Context, w: Words): unknown {
  const { size, blocks, mode } = process.fstat(w.number(0));
  return { size, blocks, mode: `0${mode.toString(8)}` };
}

function dupAll({ process }: Context, w: Words): never {
  const fd = w.number(0);
  for (let i = 0; i < MANY; i++) process.dup(fd);
  throw new Error(`${MANY} descriptors, and no end`);
}

/** A call that returns nothing has succeeded with 0. */
function zero(result: unknown): unknown {
  return result ?? 0;
}

function unpin(context: Context, w: Words): number {
  heldPages(context, w.text(0)).pages.release();
  context.held.delete(w.text(0));
  return 0;
}

function mmap(c: Context, w: Words): string {
  const [addr, length, prot, flags] = [w.number(1), w.number(2), w.number(3), w.number(4)];
  return newAddress(c, w, c.process.mmap(addr, length, prot, flags, w.number(5), w.number(6)));
}

const CALLS: Record<string, Run> = {
  mmap,
  munmap: ({ process }, w) => zero(process.munmap(w.number(0), w.number(1))),
  mprotect: ({ process }, w) => zero(process.mprotect(w.number(0), w.number(1), w.number(2))),
  memfd_create: (c, w) => newFd(c, w, c.process.memfdCreate(w.string(1), w.number(2))),
  open: (c, w) => newFd(c, w, c.process.open(w.path(1), w.number(2))),
  open_ro: (c, w) => newFd(c, w, c.process.open(w.path(1), 0)),
  dup: (c, w) => newFd(c, w, c.process.dup(w.number(1))),
  dup_all: dupAll,
  close: ({ process }, w) => zero(process.close(w.number(0))),
  ftruncate: ({ process }, w) => zero(process.ftruncate(w.number(0), w.number(1))),
  fallocate: ({ process: p }, w) =>
    zero(p.fallocate(w.number(0), w.number(1), w.number(2), w.number(3))),
  read: ({ process }, w) => formatBytes(process.read(w.number(0), w.number(1))),
  pread: ({ process }, w) => formatBytes(process.pread(w.number(0), w.number(1), w.number(2))),
  write: ({ process }, w) => process.write(w.number(0), w.data(1)),
  pwrite: ({ process }, w) => process.pwrite(w.number(0), w.data(1), w.number(2)),
  lseek: ({ process }, w) => process.lseek(w.number(0), w.number(1), w.number(2)),
  fstat,
  fchmod: ({ process }, w) => zero(process.fchmod(w.number(0), w.number(1))),
  fcntl: ({ process }, w) => process.fcntl(w.number(0), w.number(1), w.number(2)),
  fsync: ({ process }, w) => zero(process.fsync(w.number(0))),
  load: ({ process }, w) => formatBytes(process.load(w.number(0), w.number(1))),
  store: ({ process }, w) => zero(process.store(w.number(0), w.data(1))),
  pin: (c, w) => hold(c, w, (a, n) => c.process.pinUserPages(a, n, FOLL_WRITE | FOLL_LONGTERM)),
  ref: (c, w) => hold(c, w, (a, n) => c.process.getUserPages(a, n, 0)),
  unpin,
  dma_read: (c, w) => {
    const { pages, offset } = heldPages(c, w.text(0));
    return formatBytes(pages.read(offset + w.number(1), w.number(2)));
  },
  dma_write: (c, w) => {
    const { pages, offset } = heldPages(c, w.text(0));
    const data = w.data(2);
    pages.write(offset + w.number(1), data);
    return data.length;
  },
  maps,
  diff: (_, w) => w.number(0) - w.number(1),
};

/** What the recorded line holds, beside the call: exactly one of result, error, signal, skipped. */
export interface Answer {
  result?: unknown;
  error?: string;
  signal?: string;
  /** Where the access faulted; absent for an address that the CPU does not report. */
  at?: string;
  skipped?: string;
}

/** Runs one line. Errors that the interface does not promise, such as RangeError, are thrown. */
export function call(context: Context, line: string): Answer {
  const [name = '', ...words] = line.split(' ');
  const run = CALLS[name];
  if (!run) throw new Error(`the replayer does not know "${name}"`);
  try {
    return { result: run(context, new Words(context, words)) };
  } catch (error) {
    return answerOf(error, context.names);
  }
}

function answerOf(error: unknown, names: Names): Answer {
  if (error instanceof NotBound) return { skipped: error.message };
  if (error instanceof TooFewPages) return { error: 'EFAULT' };
  if (!(error instanceof MmError)) throw error;
  if (error.signal === undefined) return { error: error.code };
  if (error.address === undefined) return { signal: error.signal };
  return { signal: error.signal, at: formatAddress(error.address, names) };
}
