import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll } from '@jest/globals';

/** The library that threads load: the compiled one. */
const library = new URL('../../../../dist/index.js', import.meta.url).href;

let folder: string;
let made = 0;

/** Makes and removes the folder of this file's modules. */
export function useModules(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mmemu-stress-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
}

/** The address of a module with this text behind an import of the library. */
export async function moduleOf(text: string): Promise<URL> {
  const path = join(folder, `scenario${++made}.mjs`);
  await writeFile(path, `import * as mm from '${library}';\n${text}`);
  return pathToFileURL(path);
}

/** The address of a scenario with these members. */
export function scenarioOf(members: string): Promise<URL> {
  return moduleOf(`export default mm.scenario({ name: 'tried', ${members} });`);
}

/** Members of a scenario on a process with one page: its number 1 is in the page. */
export const ONE_PAGE = `
  machine: { memory: '256KiB', contents: 'stamp' },
  setup(machine) {
    const process = machine.spawn();
    const addr = process.mmap(0, 4096, 3, mm.MAP_PRIVATE | mm.MAP_ANONYMOUS, -1, 0);
    process.store(addr, [1]);
    return { process, addr };
  },`;
