// Fails when generating the committed files anew changes them: somebody forgot to commit them.
import { readFileSync } from 'node:fs';
import { at, shown } from './lib/paths.mjs';
import { node, run } from './lib/run.mjs';

const COMMITTED = ['layout.ts', 'bugs.ts'].map((name) => at('src/wasm/generated', name));

/** The file as it is committed, or staged to be; undefined when it is neither. */
async function committed(path) {
  try {
    return await run(['git', 'show', `:${shown(path)}`]);
  } catch {
    return undefined;
  }
}

await run(node('scripts/gen-offsets.mjs'));
await run(
  node(
    'node_modules/assemblyscript/bin/asc.js',
    'assembly/generated/offsets.ts',
    '--target',
    'layout',
  ),
);
await run(node('scripts/gen-layout.mjs'));
await run(node('scripts/gen-bugs.mjs'));
for (const path of COMMITTED) {
  const before = await committed(path);
  const same = before === readFileSync(path, 'utf8');
  console.log(`${shown(path)}: ${same ? 'as committed' : 'differs from the committed file'}`);
  if (!same) process.exitCode = 1;
}
