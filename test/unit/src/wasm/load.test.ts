// Loading the core: its builds, its memory, and a platform that has no shared memory.
import { execFile } from 'node:child_process';
import { execPath } from 'node:process';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { createMemory, instantiate, loadModule, wasmBytes } from '../../../../src/wasm/load.js';

const BUILDS = ['release', 'debug', 'bench', 'sched'] as const;

describe('a build', () => {
  test.each(BUILDS)('%s is WebAssembly, compiled once', async (build) => {
    const bytes = await wasmBytes(build);
    expect([...bytes.subarray(0, 4)]).toEqual([0, 0x61, 0x73, 0x6d]);
    expect(await loadModule(build)).toBe(await loadModule(build));
  });

  test('has the same state as another instance over the same memory', async () => {
    const module = await loadModule('release');
    const memory = createMemory(65536);
    const [one, two] = [instantiate(module, memory), instantiate(module, memory)];
    one.boot(256, 1024, 2, 0, 1, 1, 65530);
    two.cpuInit(1);
    const task = one.spawn();
    const addr = two.sysMmap(task, 0, 4096, 3, 0x22, -1, 0);
    expect(one.userTouch(task, addr, 4096, true)).toBe(0);
    expect(two.pfnAt(task, addr)).toBe(one.pfnAt(task, addr));
  });
});

describe('memory', () => {
  test('is shared, zeroed and of the size asked for', () => {
    const { buffer } = createMemory(3);
    expect(Object.prototype.toString.call(buffer)).toBe('[object SharedArrayBuffer]');
    expect(buffer.byteLength).toBe(3 * 65536);
    expect(new Uint8Array(buffer).every((byte) => byte === 0)).toBe(true);
  });

  test('that is too much is a RangeError', () => {
    expect(() => createMemory(65537)).toThrow();
  });

  test('needs shared buffers; without them the error says which headers to set', async () => {
    const index = new URL('../../../../dist/index.js', import.meta.url).href;
    const program = `
      delete globalThis.SharedArrayBuffer;
      const { Machine } = await import(${JSON.stringify(index)});
      const error = await Machine.boot({ memory: '1MiB' }).catch((thrown) => thrown);
      console.log(JSON.stringify([error.constructor.name, error.message]));`;
    const args = ['--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(execPath, args, { timeout: 20_000 });
    const [name, message] = JSON.parse(stdout) as [string, string];
    expect(name).toBe('TypeError');
    expect(message).toMatch(/^SharedArrayBuffer is missing: /);
    expect(message).toContain('"Cross-Origin-Opener-Policy: same-origin"');
    expect(message).toContain('"Cross-Origin-Embedder-Policy: require-corp"');
  });
});
