import { linesOfMap } from '#platform';

/** Turns a byte offset in a module into the line of a source file. */
export type LineOf = (offset: number, file: string) => number | undefined;

/** Frames of the explorer itself, and of WebAssembly above it, that a stack may have. */
const FRAMES = 64;
/** A frame of WebAssembly: the function's name, and the offset in the module. */
const FRAME = /at ([^\s(]*)?.*wasm-function\[\d+\]:0x([0-9a-f]+)/;
/** A plain field's own function, which identical fields of other classes share. */
const FIELD = /#[gs]et:/;
/** Files whose functions stand for an access and not for a place in the algorithm. */
const ACCESSORS =
  /\/(lib\/(atomic|races|written|spinlock|rwsem|seqlock|wait|lockdep|poison|watch)|mm\/highmem)\//;

let lines: Promise<LineOf> | undefined;

/** The source map of explore.wasm; finds nothing where the platform has no way to read it. */
export function loadLines(): Promise<LineOf> {
  lines ??= linesOfMap(new URL('../../../dist/wasm/explore.wasm.map', import.meta.url));
  return lines;
}

/**
 * Where in the core the access is that was just announced: `gup_fast_pte gup_fast.ts:88`, by
 * Linux's spelling of the function; undefined outside of the core.
 * @param skip - functions whose files match stand for others, too
 */
export function coreSite(lineOf: LineOf, skip?: RegExp): string | undefined {
  const before = Error.stackTraceLimit;
  const format = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  Error.stackTraceLimit = FRAMES;
  // As V8 writes them: others that rewrite stacks do not know WebAssembly.
  Error.prepareStackTrace = (_, sites) => sites.map(frameText).join('\n');
  const stack = new Error().stack ?? '';
  Error.stackTraceLimit = before;
  if (format === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
  else Object.defineProperty(Error, 'prepareStackTrace', format);
  for (const frame of stack.split('\n')) {
    const [, name = '', offset] = FRAME.exec(frame) ?? [];
    if (offset === undefined || ACCESSORS.test(`/${name}/`)) continue;
    if (FIELD.test(name) || skip?.test(`/${name}/`) === true) continue;
    const file = `${name.split('/').at(-2) ?? name}.ts`;
    const line = lineOf(parseInt(offset, 16), file);
    return `${linuxName(name)} ${line === undefined ? file : `${file}:${line}`}`;
  }
  return undefined;
}

/** As V8 prints it; its type does not say that it has words for itself. */
function frameText(site: { toString(): string }): string {
  return `at ${site.toString()}`;
}

/** `assembly/mm/gup_fast/gupFastPte<...>` as `gup_fast_pte`. */
function linuxName(name: string): string {
  const plain = /([A-Za-z0-9_]+)(?:[#~<|].*)?$/.exec(name)?.[1] ?? name;
  return plain.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/^_/, '');
}
