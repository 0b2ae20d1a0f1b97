// Packs the library as npm would publish it, checks the tarball (publint, attw), installs it into
// an empty project and uses it there as a stranger would.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at } from './lib/paths.mjs';
import { node, run } from './lib/run.mjs';

const folder = mkdtempSync(join(tmpdir(), 'mmemu-package-'));
const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
const tarball = join(folder, `mmemu-${version}.tgz`);
const project = join(folder, 'project');

/** Compiled by nobody: a user's program, in the words of the README. */
const PROGRAM = `
import { Machine, FOLL_LONGTERM, FOLL_WRITE, F_ADD_SEALS, F_SEAL_WRITE, MAP_SHARED,
  MFD_ALLOW_SEALING, PAGE_SIZE, PROT_READ, PROT_WRITE } from 'mmemu';
import assert from 'node:assert/strict';

const machine = await Machine.boot({ memory: '4MiB', cpus: 1 });
const p = machine.spawn();
const fd = p.memfdCreate('buf', MFD_ALLOW_SEALING);
p.ftruncate(fd, PAGE_SIZE);
const addr = p.mmap(0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
p.store(addr, new TextEncoder().encode('hello'));
const pins = p.pinUserPages(addr, 1, FOLL_WRITE | FOLL_LONGTERM);
p.munmap(addr, PAGE_SIZE);
assert.throws(() => p.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), { code: 'EBUSY' });
pins.release();
p.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
assert.throws(() => p.pwrite(fd, new Uint8Array([1]), 0), { code: 'EPERM' });
assert.equal(new TextDecoder().decode(p.pread(fd, 5, 0)), 'hello');
assert.deepEqual(machine.verify(), []);
await machine.close();
console.log('a pinned page refused the seal, a released one took it');
`;

const STEPS = [
  ['npm pack', () => run(['npm', 'pack', '--ignore-scripts', '--pack-destination', folder])],
  ['publint', () => run(node('node_modules/publint/src/cli.js', 'run', tarball, '--strict'))],
  ['attw', () => run(node('node_modules/@arethetypeswrong/cli/dist/index.js', tarball, ...ATTW))],
  ['install into an empty project', install],
  ['boot a machine there', () => run(node('program.mjs'), { cwd: project })],
  ['npx mmemu policies --json', policies],
];
const ATTW = ['--profile', 'esm-only', '--no-emoji'];

async function install() {
  mkdirSync(project);
  const manifest = { name: 'a-user', private: true, type: 'module' };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(project, 'program.mjs'), PROGRAM);
  return run(['npm', 'install', '--no-audit', '--no-fund', tarball], { cwd: project });
}

async function policies() {
  const output = await run(['npx', '--no-install', 'mmemu', 'policies', '--json'], {
    cwd: project,
  });
  const axes = JSON.parse(output);
  const pin = axes.find((entry) => entry.axis === 'pin');
  if (!pin?.values.some((value) => value.name === 'pincount')) {
    throw new Error(`no pin policy "pincount" in ${output}`);
  }
  return `${axes.length} axes\n`;
}

try {
  for (const [name, step] of STEPS) {
    const output = await step();
    console.log(`pass  ${name}\n${output.trim().replace(/^/gm, '      ')}`);
  }
} catch (error) {
  console.error(error.output ?? error);
  console.error('FAIL  the step above');
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
