/** Hashes: of text for tokens, of numbers for states. Not against an adversary. */

/** Looked up once: through a context of its own (jest's) a global costs more than all of this. */
const { imul } = Math;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a of a string's UTF-16 units, 32 bits. */
export function hashText(text: string, from = FNV_OFFSET): number {
  let hash = from;
  for (let i = 0; i < text.length; i++) hash = imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash >>> 0;
}

/** FNV-1a of bytes, 32 bits. */
export function hashBytes(bytes: Uint8Array): number {
  let hash = FNV_OFFSET;
  for (const byte of bytes) hash = imul(hash ^ byte, FNV_PRIME);
  return hash >>> 0;
}

/** A hash as letters and digits. */
export function hashName(text: string): string {
  return hashText(text).toString(36).padStart(7, '0');
}

/** One number more in a hash of 32 bits (the step of MurmurHash3). */
export function mix(hash: number, value: number): number {
  let k = imul(value, 0xcc9e2d51);
  k = imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** The last step: every bit of the hash depends on every bit that went in. */
export function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
