import { readBytes } from '#platform';
import { wasmBytes } from '../wasm/load.js';
import type { BuildFacts } from './types.js';

/** What is measured: the package's version, and the hash of the module with the loops. */
export async function buildFacts(): Promise<BuildFacts> {
  const manifest = await readBytes(new URL('../../package.json', import.meta.url));
  const hash = await crypto.subtle.digest('SHA-256', await wasmBytes('bench'));
  const { version } = JSON.parse(new TextDecoder().decode(manifest)) as { version: string };
  const hex = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0'));
  return { version, wasm: hex.join('') };
}
