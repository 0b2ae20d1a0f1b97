// Fails when a build of the core stops being safe to instantiate once per worker.
import { readFileSync } from 'node:fs';
import { RULES, violations } from './lib/hygiene-rules.mjs';
import { at } from './lib/paths.mjs';
import { inspectModule } from './lib/wasm-sections.mjs';

for (const target of Object.keys(RULES)) {
  const bytes = readFileSync(at(`dist/wasm/${target}.wasm`));
  const found = violations(target, bytes);
  if (found.length > 0) process.exitCode = 1;
  const { start, mutableGlobals, imports } = inspectModule(bytes);
  const facts = `start ${start}, mutable globals ${mutableGlobals}, imports ${imports.join(' ')}`;
  console.log(`${target}.wasm: ${bytes.length} bytes, ${facts}`);
  for (const violation of found) console.error(`${target}.wasm ${violation}`);
}
