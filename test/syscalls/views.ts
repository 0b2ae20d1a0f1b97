/**
 * The calls of an oracle script that show memory, answered as the oracle prints them.
 */
import {
  MAP_SHARED,
  MmError,
  PAGE_SIZE,
  type PagemapEntry,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../../src/index.js';
import type { Context, Run } from './context.js';
import { formatAddress } from './script.js';

const KIB = 1024;

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

/** The kernel prints whole kilobytes. */
function smaps({ process, names }: Context): unknown[] {
  const whole = (bytes: number) => bytes - (bytes % KIB);
  return process.smaps().map(({ start, end, rss, pss, swap, locked, vmFlags }) => ({
    start: formatAddress(start, names),
    length: end - start,
    rss,
    pss: whole(pss),
    swap,
    locked: whole(locked),
    vmFlags,
  }));
}

/** Letters and the page's number, as in native/oracle/README.md. */
function pageText(entry: PagemapEntry, numbers: Map<number, number>): string {
  const { present, swapped, filePage, exclusive, guard, pfn } = entry;
  if (!present && !swapped && !guard) return filePage ? '-f' : '-';
  if (present && !numbers.has(pfn)) numbers.set(pfn, numbers.size);
  const letters = [present && 'p', swapped && 's', filePage && 'f', exclusive && 'x', guard && 'g'];
  return letters.filter(Boolean).join('') + (present ? String(numbers.get(pfn)) : '');
}

function pages({ processes }: Context, addr: number, nrPages: number): unknown {
  const numbers = new Map<number, number>();
  const shown = [...processes].map(([name, process]) => {
    const entries = process.pagemap(addr, nrPages);
    return [name, entries.map((entry) => pageText(entry, numbers)).join(' ')] as const;
  });
  return Object.fromEntries(shown);
}

function kpagecount({ machine, process }: Context, addr: number, nrPages: number): string {
  return process
    .pagemap(addr, nrPages)
    .map(({ present, pfn }) => (present ? String(machine.kpagecount(pfn)) : '-'))
    .join(' ');
}

function touch({ process }: Context, addr: number, bytes: Uint8Array): string {
  const page = addr - (addr % PAGE_SIZE);
  const [before] = process.pagemap(page, 1);
  process.store(addr, bytes);
  const [after] = process.pagemap(page, 1);
  if (!before?.present) return 'map';
  return before.pfn === after?.pfn ? 'keep' : 'copy';
}

function dumpPage({ process }: Context, addr: number): string {
  try {
    const [head, tail] = [process.load(addr, 2), process.load(addr + PAGE_SIZE - 2, 2)];
    return Buffer.concat([head, tail]).toString('hex');
  } catch (error) {
    if (error instanceof MmError && error.signal !== undefined) return error.signal;
    throw error;
  }
}

function dump(context: Context, addr: number, nrPages: number): string {
  const first = addr - (addr % PAGE_SIZE);
  const shown = Array.from({ length: nrPages }, (_, i) => dumpPage(context, first + i * PAGE_SIZE));
  return shown.join(' ');
}

/** By the name of the call. */
export const VIEWS: Record<string, Run> = {
  maps,
  smaps,
  pages: (c, w) => pages(c, w.number(0), w.number(1)),
  kpagecount: (c, w) => kpagecount(c, w.number(0), w.number(1)),
  touch: (c, w) => touch(c, w.number(0), w.data(1)),
  dump: (c, w) => dump(c, w.number(0), w.number(1)),
};
