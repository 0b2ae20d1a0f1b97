/**
 * The calls of an oracle script that make and end processes, and that change or hand on memory.
 */
import { O_NONBLOCK } from '../../src/index.js';
import { newAddress, type Context, type Run, zero } from './context.js';
import { bind, formatAddress, formatBytes } from './script.js';

function fork(context: Context, name: string): string {
  context.processes.set(name, context.process.fork());
  return name;
}

function exit({ processes, process }: Context): number {
  process.exit();
  for (const [name, other] of processes) if (other === process) processes.delete(name);
  return 0;
}

function brk(context: Context, name: string, addr: number): string {
  const end = context.process.brk(addr);
  const shown = addr === 0 ? name : formatAddress(end, context.names);
  bind(context.names, name, end, true);
  return shown;
}

function pipe(context: Context, reader: string, writer: string): number {
  const [read, write] = context.process.pipe(O_NONBLOCK);
  bind(context.names, reader, read, false);
  bind(context.names, writer, write, false);
  return 0;
}

/** By the name of the call. */
export const PROCESS_CALLS: Record<string, Run> = {
  fork: (c, w) => fork(c, w.text(0)),
  exit,
  mremap: (c, w) => {
    const [old, oldLength, newLength, flags] = [w.number(1), w.number(2), w.number(3), w.number(4)];
    return newAddress(c, w, c.process.mremap(old, oldLength, newLength, flags, w.number(5)));
  },
  madvise: (c, w) => zero(c.process.madvise(w.number(0), w.number(1), w.number(2))),
  mlock: (c, w) => zero(c.process.mlock(w.number(0), w.number(1))),
  mlock2: (c, w) => zero(c.process.mlock2(w.number(0), w.number(1), w.number(2))),
  munlock: (c, w) => zero(c.process.munlock(w.number(0), w.number(1))),
  mlockall: (c, w) => zero(c.process.mlockall(w.number(0))),
  munlockall: (c) => zero(c.process.munlockall()),
  mseal: (c, w) => zero(c.process.mseal(w.number(0), w.number(1), w.number(2))),
  msync: (c, w) => zero(c.process.msync(w.number(0), w.number(1), w.number(2))),
  mincore: (c, w) =>
    formatBytes(c.process.mincore(w.number(0), w.number(1)).map((byte) => byte & 1)),
  brk: (c, w) => brk(c, w.text(0), w.number(1)),
  pipe: (c, w) => pipe(c, w.text(0), w.text(1)),
  vmsplice: (c, w) => c.process.vmsplice(w.number(0), w.number(1), w.number(2), w.number(3)),
  peek: (c, w) => formatBytes(c.process.peek(w.number(0), w.number(1))),
  poke: (c, w) => zero(c.process.poke(w.number(0), w.data(1))),
};
