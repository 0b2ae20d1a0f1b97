/** Calls of the facade, their arguments and results, in a few characters. */
import { MmError } from '../../errors.js';
import { constantName, flagNames } from '../../names.js';
import { PageRefs } from '../../page-refs.js';
import { Process } from '../../process.js';
import { unwrapped } from './on-cpu.js';

/** Numbers from here on are shown in hexadecimal: addresses. */
const HEX_FROM = 2 ** 20;
const BYTES_SHOWN = 4;
/** Letters of anything else. */
const TEXT_SHOWN = 60;

const GUP = ['', '', 'FOLL_'];
/** Which constants an argument is made of, by its place; after an equals sign it is one of them. */
const CONSTANTS: Readonly<Record<string, readonly string[]>> = {
  fallocate: ['', 'FALLOC_FL_'],
  fcntl: ['', '=F_', 'F_SEAL_'],
  getUserPages: GUP,
  getUserPagesFast: GUP,
  madvise: ['', '', '=MADV_'],
  memfdCreate: ['', 'MFD_'],
  mlock2: ['', '', 'MLOCK_'],
  mlockall: ['MCL_'],
  mmap: ['', '', 'PROT_', 'MAP_'],
  mprotect: ['', '', 'PROT_'],
  mremap: ['', '', '', 'MREMAP_'],
  msync: ['', '', 'MS_'],
  pinUserPages: GUP,
  pinUserPagesFast: GUP,
};

/** A call with its arguments: `[pid 1] madvise(0x7ffff7ffe000, 4096, MADV_PAGEOUT)`. */
export function callText(target: object, name: string, args: readonly unknown[]): string {
  const who = target instanceof Process ? `[pid ${target.pid}] ` : '';
  const owner = target instanceof PageRefs ? 'pages.' : '';
  const given = args.map((arg, at) => argumentText(arg, CONSTANTS[name]?.[at] ?? ''));
  return `${who}${owner}${name}(${given.join(', ')})`;
}

function argumentText(arg: unknown, constants: string): string {
  if (typeof arg !== 'number' || constants === '') return givenText(arg);
  if (constants.startsWith('=')) return constantName(constants.slice(1), arg);
  return arg === 0 ? '0' : flagNames(constants, arg);
}

/** An argument or a result; empty for none. */
export function givenText(given: unknown): string {
  const value = unwrapped(given);
  if (typeof value === 'number') {
    return Math.abs(value) < HEX_FROM ? `${value}` : `0x${value.toString(16)}`;
  }
  if (value === undefined) return '';
  if (value instanceof Uint8Array) return bytesText([...value]);
  if (value instanceof MmError) return value.code;
  if (value instanceof Error) return value.message;
  if (value instanceof PageRefs) return value.length === 1 ? '1 page' : `${value.length} pages`;
  if (value instanceof Process) return `process ${value.pid}`;
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? `0x${part.toString(16)}` : part,
  );
  return text.length > TEXT_SHOWN ? `${text.slice(0, TEXT_SHOWN)}...` : text;
}

function bytesText(bytes: readonly number[]): string {
  const more = bytes.length > BYTES_SHOWN ? `, ... ${bytes.length} bytes` : '';
  return `[${bytes.slice(0, BYTES_SHOWN).join(', ')}${more}]`;
}
