import {
  CACHE_GUP_VEC,
  FOLL_GET,
  FOLL_PIN,
  FOLL_WRITE,
  GUP_CHUNK_ENTRIES,
  GUP_CHUNK_NEXT,
  GUP_ENTRY_SIZE,
  GUP_INLINE_ENTRIES,
  KPAGE_DATA,
  PIN_I_MMAP_WRITABLE,
  PIN_I_MMAP_WRITABLE_PERCPU,
  PIN_PINCOUNT,
  PIN_READ_WRITE_SPLIT,
} from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';
import type { Inode } from './files.js';
import type { Frames } from './frames.js';
import type { KernelPages } from './kernel-pages.js';
import { walkList } from './lists.js';
import { VECS } from './places.js';
import type { Slabs } from './slabs.js';

const VEC = offsetsOf('GupVec');
const ENTRY = offsetsOf('GupEntry');

/** What a pin adds to a reference count under policy `pincount`. */
const PIN_BIAS = 1024;
/** What a page taken for writing adds under `read-write-split`: one writer, one reference. */
const WRITER = 2 ** 20 + 1;

/** What was found in the vectors beside what they hold of each frame. */
export interface Held {
  /** Pages of vectors with FOLL_PIN. */
  readonly pins: number;
  /** By address of the struct address_space: how often vectors are counted in the file. */
  readonly counted: ReadonlyMap<number, number>;
}

/** Walks the vectors of GUP, and notes in the frames what they hold of each. */
export function readVectors(
  audit: Audit,
  slabs: Slabs,
  pages: KernelPages,
  frames: Frames,
  inodes: ReadonlyMap<number, Inode>,
): Held {
  const { memory } = audit;
  const mappings = new Set([...inodes.values()].map((inode) => inode.mapping));
  const counted = new Map<number, number>();
  let pins = 0;
  const isLink = (link: number) => slabs.isLive(CACHE_GUP_VEC, link - VEC.list);
  for (const link of walkList(audit, VECS, 'list of vectors', isLink)) {
    const vec = link - VEC.list;
    const flags = memory.u32(vec + VEC.gupFlags);
    const name = `vector ${hex(vec)}`;
    slabs.use(CACHE_GUP_VEC, vec, 'list of vectors');
    for (const entry of entriesOf(audit, pages, vec, name)) {
      note(audit, frames, memory.u32(entry + ENTRY.pfn), flags, name);
      if ((flags & FOLL_PIN) !== 0) pins++;
      const mapping = memory.u32(entry + ENTRY.mapping);
      if (mapping === 0) continue;
      counted.set(mapping, (counted.get(mapping) ?? 0) + 1);
      checkCounted(audit, flags, name, mappings.has(mapping) ? '' : hex(mapping));
    }
  }
  return { pins, counted };
}

/** The entries in use of a vector, wherever they lie; claims its chunks. */
function entriesOf(audit: Audit, pages: KernelPages, vec: number, name: string): number[] {
  const { memory, findings } = audit;
  const length = memory.u32(vec + VEC.length);
  let chunk = memory.u32(vec + VEC.chunk);
  if (chunk === 0) {
    if (length > GUP_INLINE_ENTRIES) findings.report('object', name, 'at most 4', length, 'length');
    const count = Math.min(length, GUP_INLINE_ENTRIES);
    return Array.from({ length: count }, (_, at) => vec + VEC.inline0 + at * GUP_ENTRY_SIZE);
  }
  const entries: number[] = [];
  while (chunk !== 0 && pages.claim(chunk, KPAGE_DATA, name)) {
    const count = Math.min(length - entries.length, GUP_CHUNK_ENTRIES);
    for (let at = 0; at < count; at++) entries.push(chunk + at * GUP_ENTRY_SIZE);
    chunk = memory.u32(chunk + GUP_CHUNK_NEXT);
  }
  findings.equal('object', name, length, entries.length, 'entries that it has room for');
  return entries;
}

function note(audit: Audit, frames: Frames, pfn: number, flags: number, name: string): void {
  const slot = frames.slotOf(pfn);
  if (slot < 0) {
    audit.findings.report('object', name, 'a frame in use', pfn, 'a frame that it holds');
    return;
  }
  const isPin = (flags & FOLL_PIN) !== 0;
  const isWrite = (flags & FOLL_WRITE) !== 0;
  frames.held[slot] = (frames.held[slot] ?? 0) + shareOf(audit.pinPolicy, isPin, isWrite);
  if (isPin) frames.pins[slot] = (frames.pins[slot] ?? 0) + 1;
  if (isWrite) frames.writers[slot] = (frames.writers[slot] ?? 0) + 1;
  if (isPin && isWrite) frames.writePins[slot] = (frames.writePins[slot] ?? 0) + 1;
  if (isPin === ((flags & FOLL_GET) !== 0)) {
    audit.findings.report('object', name, 'FOLL_GET or FOLL_PIN', hex(flags), 'gupFlags');
  }
}

/** What one entry of a vector adds to the reference count of its page. */
function shareOf(policy: number, isPin: boolean, isWrite: boolean): number {
  if (isPin && policy === PIN_PINCOUNT) return PIN_BIAS;
  return isWrite && policy === PIN_READ_WRITE_SPLIT ? WRITER : 1;
}

function checkCounted(audit: Audit, flags: number, name: string, stranger: string): void {
  const { findings, pinPolicy } = audit;
  const counts = pinPolicy === PIN_I_MMAP_WRITABLE || pinPolicy === PIN_I_MMAP_WRITABLE_PERCPU;
  if (!counts || (flags & FOLL_WRITE) === 0) {
    findings.report('pin-counters', name, 'nothing counted', 'a file', 'what it counts');
  }
  if (stranger !== '')
    findings.report('object', name, 'a file', stranger, 'the file it has counted');
}
