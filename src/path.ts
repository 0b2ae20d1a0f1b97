/** Paths as the machine's one, flat tmpfs has them. */

/** A path without what names nothing. */
export interface NormalPath {
  /** From the root, without `.`, `..` and empty parts: `/tmp/x`, or `/`. */
  readonly path: string;
  /** It ended like the name of a directory. */
  readonly directory: boolean;
}

const PART_MAX = 255;
/** As much as the core keeps of a path. */
const PATH_MAX = 254;

const encoder = new TextEncoder();

/**
 * Takes out empty parts, `.` and `..` as if directories existed; a path that does not begin at the
 * root begins there all the same, for that is where processes are.
 * @returns undefined for an empty path, which names nothing (Linux: ENOENT)
 */
export function normalPath(path: string): NormalPath | undefined {
  if (path === '') return undefined;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return { path: `/${parts.join('/')}`, directory: /(^|\/)\.{0,2}$/.test(path) };
}

/** The bytes of a path, or undefined for one that is too long (Linux: ENAMETOOLONG). */
export function pathBytes(path: string): Uint8Array | undefined {
  const bytes = encoder.encode(path);
  const longest = Math.max(...path.split('/').map((part) => encoder.encode(part).length));
  return longest > PART_MAX || bytes.length > PATH_MAX ? undefined : bytes;
}
