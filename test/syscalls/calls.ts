/**
 * The calls of an oracle script as calls of the public interface.
 */
import { FOLL_LONGTERM, FOLL_WRITE, MmError, PAGE_SIZE, type Process } from '../../src/index.js';
import { bind, formatAddress, formatBytes, type Names, NotBound } from './script.js';
import { type Context, type Held, newAddress, type Run, settle, Words, zero } from './context.js';
import { PROCESS_CALLS } from './process-calls.js';
import { VIEWS } from './views.js';

/** More than any descriptor table holds. */
const MANY = 1 << 20;

function newFd({ names }: Context, w: Words, fd: number): string {
  bind(names, w.text(0), fd, false);
  return w.text(0);
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

function fstat({ process }: Context, w: Words): unknown {
  const { size, blocks, mode } = process.fstat(w.number(0));
  return { size, blocks, mode: `0${mode.toString(8)}` };
}

function dupAll({ process }: Context, w: Words): never {
  const fd = w.number(0);
  for (let i = 0; i < MANY; i++) process.dup(fd);
  throw new Error(`${MANY} descriptors, and no end`);
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
  madvise: ({ process }, w) => zero(process.madvise(w.number(0), w.number(1), w.number(2))),
  msync: ({ process }, w) => zero(process.msync(w.number(0), w.number(1), w.number(2))),
  mlock: ({ process }, w) => zero(process.mlock(w.number(0), w.number(1))),
  mlock2: ({ process }, w) => zero(process.mlock2(w.number(0), w.number(1), w.number(2))),
  munlock: ({ process }, w) => zero(process.munlock(w.number(0), w.number(1))),
  mlockall: ({ process }, w) => zero(process.mlockall(w.number(0))),
  munlockall: ({ process }) => zero(process.munlockall()),
  mseal: ({ process }, w) => zero(process.mseal(w.number(0), w.number(1), w.number(2))),
  mincore: ({ process }, w) => formatBytes(process.mincore(w.number(0), w.number(1))),
  memfd_create: (c, w) => newFd(c, w, c.process.memfdCreate(w.string(1), w.number(2))),
  open: (c, w) => newFd(c, w, c.process.open(w.path(1), w.number(2))),
  open_ro: (c, w) => newFd(c, w, c.process.open(w.path(1), 0)),
  open_path: (c, w) => newFd(c, w, c.process.open(w.string(1), w.number(2), w.number(3))),
  unlink: ({ process }, w) => zero(process.unlink(w.string(0))),
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
  ref: (c, w) => hold(c, w, (a, n) => c.process.getUserPagesFast(a, n, 0)),
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
  ...VIEWS,
  ...PROCESS_CALLS,
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

/** Takes `@NAME` off a line: the process whose call it is, and the rest. */
function addressee({ processes }: Context, line: string): { process: Process; call: string } {
  const [, name = 'q0', call = ''] = /^(?:@(\w+) )?(.*)$/.exec(line) ?? [];
  const process = processes.get(name);
  if (!process) throw new NotBound(`${name} is not bound`);
  return { process, call };
}

/** Runs one line. Errors that the interface does not promise, such as RangeError, are thrown. */
export function call(context: Context, line: string): Answer {
  settle(context);
  try {
    const { process, call: text } = addressee(context, line);
    const [name = '', ...words] = text.split(' ');
    const run = CALLS[name];
    if (!run) throw new Error(`the replayer does not know "${name}"`);
    context.process = process;
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
