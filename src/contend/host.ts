import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release } from 'node:os';
import { arch, platform, version, versions } from 'node:process';
import { wasmBytes } from '../wasm/load.js';
import type { BuildFacts, HostFacts } from './types.js';

/** Threads that this process can run at once. */
export function coresOfHost(): number {
  return availableParallelism();
}

/** The machine that measures. */
export function hostFacts(): HostFacts {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    node: version.replace(/^v/, ''),
    v8: versions.v8 ?? 'unknown',
    platform: `${platform}-${arch}`,
    kernel: release(),
    load: loadavg(),
  };
}

/** What is measured: the package's version, and the hash of the module with the loops. */
export async function buildFacts(): Promise<BuildFacts> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const hash = createHash('sha256').update(await wasmBytes('bench'));
  const { version: own } = JSON.parse(manifest) as { version: string };
  return { version: own, wasm: hash.digest('hex') };
}
