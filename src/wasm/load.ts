import { readBytes } from '#platform';
import type { CoreExports } from './exports.js';

/** Builds of the core that lie beside the library. */
export type WasmBuild = 'release' | 'debug' | 'bench' | 'sched' | 'explore';

/**
 * Addresses of the modules, each written out so that bundlers see them. They are right from src/
 * and from dist/, which lie side by side.
 */
const URLS: Readonly<Record<WasmBuild, () => URL>> = {
  release: () => new URL('../../dist/wasm/release.wasm', import.meta.url),
  debug: () => new URL('../../dist/wasm/debug.wasm', import.meta.url),
  bench: () => new URL('../../dist/wasm/bench.wasm', import.meta.url),
  sched: () => new URL('../../dist/wasm/sched.wasm', import.meta.url),
  explore: () => new URL('../../dist/wasm/explore.wasm', import.meta.url),
};

const compiled = new Map<WasmBuild, Promise<WebAssembly.Module>>();

/** The bytes of a build. */
export function wasmBytes(build: WasmBuild): Promise<Uint8Array<ArrayBuffer>> {
  return readBytes(URLS[build]());
}

/** A build, compiled once in this thread. */
export function loadModule(build: WasmBuild): Promise<WebAssembly.Module> {
  let module = compiled.get(build);
  if (module === undefined) {
    module = wasmBytes(build).then((bytes) => WebAssembly.compile(bytes));
    compiled.set(build, module);
    module.catch(() => compiled.delete(build)); // a later boot may be luckier
  }
  return module;
}

/** What a build may import beside the memory. */
export interface HostImports {
  /** Of the `sched` and `explore` builds: hears of each access before it happens (SchedNamed). */
  schedPoint?: (address: number, op: number, size: number) => void;
  /** Of the same: hears of each wait; the CPU goes on once `(word & mask) == value` is `equal`. */
  schedAwait?: (address: number, mask: number, value: number, equal: number, op: number) => void;
  /** Of the same: hears of what has just happened to an object (SchedNote). */
  schedNote?: (note: number, address: number, detail: number, behind: number) => void;
  /** Of the same: hears of races on plain fields (RaceHow). */
  schedRace?: (address: number, other: number, how: number) => void;
}

/** An instance of a build over the machine's memory. */
export function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  host: HostImports = {},
): CoreExports {
  const imports: WebAssembly.Imports = { env: { memory }, clock: { now: () => performance.now() } };
  const { schedPoint, schedAwait, schedNote = () => undefined } = host;
  const { schedRace = () => undefined } = host;
  if (schedPoint !== undefined && schedAwait !== undefined) {
    imports['sched_point'] = { schedPoint, schedAwait, schedNote, schedRace };
  }
  return new WebAssembly.Instance(module, imports).exports as unknown as CoreExports;
}

/** All that 32 bits can address. */
const PAGES_MAX = 65536;
const WASM_PAGE = 65536;

/**
 * Zeroed memory that threads can share, and that can grow.
 * @throws TypeError where the platform does not have it; RangeError where it has too little
 */
export function createMemory(pages: number): WebAssembly.Memory {
  if (typeof SharedArrayBuffer === 'undefined') {
    throw new TypeError(
      'SharedArrayBuffer is missing: in a browser the page must be cross-origin isolated; serve ' +
        'it with the headers "Cross-Origin-Opener-Policy: same-origin" and ' +
        '"Cross-Origin-Embedder-Policy: require-corp"',
    );
  }
  return new WebAssembly.Memory({ initial: pages, maximum: PAGES_MAX, shared: true });
}

/**
 * Makes a memory reach an address.
 * @throws RangeError where the host has not so much
 */
export function growTo(memory: WebAssembly.Memory, end: number): void {
  const missing = end - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / WASM_PAGE));
}
