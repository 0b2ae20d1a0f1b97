import { STRUCTS } from '../wasm/generated/layout.js';

/**
 * A snapshot: `mmemusn1`, the length of the header, the header as JSON, padding to 8 bytes, then
 * for each page that is not all zeros its number and its bytes, and a checksum of all before it.
 * Two snapshots of the same state are the same bytes.
 */

const MAGIC = 'mmemusn1';
const PREFIX = MAGIC.length + 4;
const CHECKSUM_SIZE = 4;
const NUMBER_SIZE = 4;

/** What a snapshot says about itself. */
export interface SnapshotHeader {
  /** Of the core's structs: memory of another layout means nothing. */
  readonly layout: string;
  /** Pages that follow. */
  readonly pages: number;
  /** The options of the machine; checked like any others. */
  readonly options: Record<string, unknown>;
}

/** Names the layout of the core's structs. */
export function layoutName(): string {
  const text = new TextEncoder().encode(JSON.stringify(STRUCTS));
  return fnv1a(text, text.length).toString(16).padStart(8, '0');
}

/** Puts a snapshot together. */
export function encode(
  header: Omit<SnapshotHeader, 'pages'>,
  pageSize: number,
  pages: readonly { readonly number: number; readonly bytes: Uint8Array }[],
): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(toJson({ ...header, pages: pages.length }));
  const start = bodyAt(text.length);
  const total = start + pages.length * (NUMBER_SIZE + pageSize) + CHECKSUM_SIZE;
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  view.setUint32(MAGIC.length, text.length, true);
  bytes.set(text, PREFIX);
  let at = start;
  for (const page of pages) {
    view.setUint32(at, page.number, true);
    bytes.set(page.bytes, at + NUMBER_SIZE);
    at += NUMBER_SIZE + pageSize;
  }
  view.setUint32(at, fnv1a(bytes, at), true);
  return bytes;
}

/**
 * Takes a snapshot apart.
 * @throws TypeError for what is no snapshot; RangeError for one that is cut, damaged or of another
 * version
 */
export function decode(
  bytes: Uint8Array,
  pageSize: number,
): { header: SnapshotHeader; pages: Generator<{ number: number; bytes: Uint8Array }> } {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('bytes: expected a Uint8Array');
  const text = (from: number, to: number) => new TextDecoder().decode(bytes.slice(from, to));
  if (text(0, MAGIC.length) !== MAGIC) throw new TypeError('bytes: not a snapshot of a machine');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cut = () => new RangeError('bytes: the snapshot is cut or damaged');
  if (bytes.length < PREFIX + CHECKSUM_SIZE) throw cut();
  const length = view.getUint32(MAGIC.length, true);
  const behind = bytes.length - CHECKSUM_SIZE;
  if (PREFIX + length > behind || fnv1a(bytes, behind) !== view.getUint32(behind, true))
    throw cut();
  const header = fromJson(text(PREFIX, PREFIX + length));
  if (header.layout !== layoutName()) {
    throw new RangeError('bytes: the snapshot was taken by another version of the library');
  }
  const start = bodyAt(length);
  return { header, pages: pagesOf(bytes, view, start, header.pages, pageSize) };
}

function* pagesOf(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  count: number,
  pageSize: number,
): Generator<{ number: number; bytes: Uint8Array }> {
  for (let index = 0; index < count; index++) {
    const at = start + index * (NUMBER_SIZE + pageSize);
    const from = at + NUMBER_SIZE;
    yield { number: view.getUint32(at, true), bytes: bytes.subarray(from, from + pageSize) };
  }
}

/** JSON has no infinity, and a limit may be one. */
function toJson(header: SnapshotHeader): string {
  return JSON.stringify(header, (_, value: unknown) => (value === Infinity ? 'Infinity' : value));
}

function fromJson(text: string): SnapshotHeader {
  return JSON.parse(text, (_, value: unknown) =>
    value === 'Infinity' ? Infinity : value,
  ) as SnapshotHeader;
}

function bodyAt(headerLength: number): number {
  return Math.ceil((PREFIX + headerLength) / 8) * 8;
}

/** FNV-1a over the first `length` bytes, 32 bits. */
function fnv1a(bytes: Uint8Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < length; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash >>> 0;
}
