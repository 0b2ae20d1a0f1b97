// The steps of the build: what each reads, what it writes, which steps it needs first.
import { chmodSync, rmSync } from 'node:fs';
import { sep } from 'node:path';
import { at, coreSources, filesBelow, modified, scannedFiles } from './paths.mjs';
import { node, run } from './run.mjs';
import { copyWhole } from './write.mjs';

const CORE_COMPILER = 'node_modules/assemblyscript/bin/asc.js';
const INSPECT_COMPILER = 'node_modules/assemblyscript-0.19/bin/asc';
const TSC = 'node_modules/typescript/bin/tsc';
const WASM_MODULES = ['release', 'debug', 'sched', 'explore', 'bench', 'inspect'];
/** The builds of the core by their entry: `bench` is the core with its measuring loops. */
const CORE_ENTRIES = { bench: 'assembly/bench/index.ts' };

const LAYOUT_SOURCE = at('assembly/generated/offsets.ts');
const LAYOUT_TS = at('src/wasm/generated/layout.ts');
const BUGS_TS = at('src/wasm/generated/bugs.ts');

const scripts = (...names) => names.map((name) => at('scripts', name));
const scanner = () => scripts('lib/assembly-source.mjs', 'lib/structs.mjs');
const asc =
  (compiler, entry, target, ...more) =>
  () =>
    run(node(compiler, entry, '--target', target, ...more));
const compilerOf = (name) => at('node_modules', name, 'package.json');

const GENERATE = [
  {
    name: 'offsets',
    needs: [],
    inputs: () => [...scannedFiles(), ...scanner(), ...scripts('gen-offsets.mjs')],
    outputs: () => [LAYOUT_SOURCE],
    run: () => run(node('scripts/gen-offsets.mjs')),
  },
  {
    name: 'layout.wasm',
    needs: ['offsets'],
    inputs: () => [
      LAYOUT_SOURCE,
      ...scannedFiles(),
      at('asconfig.json'),
      compilerOf('assemblyscript'),
    ],
    outputs: () => [at('build/layout.wasm')],
    run: asc(CORE_COMPILER, 'assembly/generated/offsets.ts', 'layout'),
  },
  {
    name: 'layout.ts',
    needs: ['layout.wasm'],
    inputs: () => [
      at('build/layout.wasm'),
      ...scannedFiles(),
      ...scanner(),
      ...scripts('gen-layout.mjs'),
    ],
    outputs: () => [LAYOUT_TS],
    run: () => run(node('scripts/gen-layout.mjs')),
  },
  {
    name: 'bugs.ts',
    needs: [],
    inputs: () => [...coreSources(), ...scripts('gen-bugs.mjs', 'lib/bug-checks.mjs')],
    outputs: () => [BUGS_TS],
    run: () => run(node('scripts/gen-bugs.mjs')),
  },
];

const core = (target) => ({
  name: `${target}.wasm`,
  needs: [],
  inputs: () => [...coreSources(), at('asconfig.json'), compilerOf('assemblyscript')],
  outputs: () => [at(`build/${target}.wasm`)],
  run: asc(CORE_COMPILER, CORE_ENTRIES[target] ?? 'assembly/index.ts', target),
});

/** The sched build whose functions can be left at a scheduling point and entered again. */
const explore = {
  name: 'explore.wasm',
  needs: [],
  inputs: () => [
    ...coreSources(),
    ...scripts('asyncify.mjs', 'note-writes.mjs'),
    at('asconfig.json'),
    compilerOf('assemblyscript'),
  ],
  outputs: () => [at('build/explore.wasm'), at('build/explore.wasm.map')],
  run: asc(
    CORE_COMPILER,
    'assembly/index.ts',
    'explore',
    '--transform',
    at('scripts/asyncify.mjs'),
  ),
};

/** The core with its internal functions exported, for the unit tests: not part of the package. */
const testing = {
  name: 'testing.wasm',
  needs: [],
  inputs: () => [
    ...coreSources(),
    ...filesBelow(at('assembly/testing'), ['.ts']),
    at('asconfig.json'),
    compilerOf('assemblyscript'),
  ],
  outputs: () => [at('build/testing.wasm')],
  run: asc(CORE_COMPILER, 'assembly/testing/index.ts', 'testing'),
};

const inspect = {
  name: 'inspect.wasm',
  needs: [],
  inputs: () => [
    ...filesBelow(at('assembly/inspect'), ['.ts']),
    at('asconfig.json'),
    compilerOf('assemblyscript-0.19'),
    compilerOf('as-bind'),
  ],
  outputs: () => [at('build/inspect.wasm')],
  run: asc(INSPECT_COMPILER, 'assembly/inspect/index.ts', 'inspect'),
};

const sources = () => filesBelow(at('src'), ['.ts']);
const compiled = () =>
  sources()
    .filter((path) => !path.endsWith('.d.ts'))
    .map((path) => path.replace(at('src'), at('dist')).replace(/\.ts$/, '.js'));

const library = {
  name: 'dist',
  needs: ['layout.ts', 'bugs.ts'],
  inputs: () => [
    ...sources(),
    at('tsconfig.json'),
    at('tsconfig.build.json'),
    at('package.json'),
    compilerOf('typescript'),
  ],
  outputs: compiled,
  async run() {
    dropOrphans();
    await run(node(TSC, '-p', 'tsconfig.build.json'));
    const cli = at('dist/cli/main.js');
    if (modified(cli) !== undefined) chmodSync(cli, 0o755);
  },
};

/** Removes from dist what a source that no longer exists has left there: it would be published. */
function dropOrphans() {
  const kept = new Set(compiled().flatMap((path) => [path, path.replace(/\.js$/, '.d.ts')]));
  for (const path of filesBelow(at('dist'), ['.js', '.d.ts'])) {
    if (!kept.has(path) && !path.startsWith(at('dist/vendor') + sep)) rmSync(path);
  }
}

const AS_BIND = at('node_modules/as-bind/dist/as-bind.esm.js');
const AS_BIND_LICENSE = at('node_modules/as-bind/LICENSE');

/** [from, to]: the modules, and as-bind's runtime for the published and for the tested library. */
const COPIES = [
  ...WASM_MODULES.map((name) => [at(`build/${name}.wasm`), at(`dist/wasm/${name}.wasm`)]),
  [at('build/explore.wasm.map'), at('dist/wasm/explore.wasm.map')],
  [AS_BIND, at('dist/vendor/as-bind.js')],
  [AS_BIND_LICENSE, at('dist/vendor/LICENSE.as-bind')],
  [AS_BIND, at('src/vendor/as-bind.js')],
  [AS_BIND_LICENSE, at('src/vendor/LICENSE.as-bind')],
];

/** A quick build may leave some modules out. */
const built = () => COPIES.filter(([from]) => modified(from) !== undefined);

const copies = {
  name: 'copies',
  needs: WASM_MODULES.map((name) => `${name}.wasm`),
  inputs: () => built().map(([from]) => from),
  outputs: () => built().map(([, to]) => to),
  async run() {
    for (const [from, to] of built()) copyWhole(from, to);
  },
};

/** C programs: make knows better than a stamp what is stale, and says nothing when nothing is. */
const native = {
  name: 'native',
  needs: [],
  always: true,
  run: () => run(['make', '-s', '-C', 'native']),
};

const benchSources = () => filesBelow(at('bench'), ['.ts']);
const bench = {
  name: 'dist-bench',
  needs: ['dist'],
  inputs: () => [
    ...benchSources(),
    ...filesBelow(at('dist'), ['.d.ts']),
    at('tsconfig.json'),
    at('tsconfig.bench.json'),
  ],
  outputs: () =>
    benchSources().map((path) =>
      path.replace(at('bench'), at('dist-bench')).replace(/\.ts$/, '.js'),
    ),
  run: () => run(node(TSC, '-p', 'tsconfig.bench.json')),
};

/** The steps of one build, in an order in which each comes after those that it needs. */
export function steps({ withNative, withBench, quick }) {
  const targets = quick ? ['release'] : ['release', 'debug', 'sched', 'bench'];
  const cores = [...targets.map(core), ...(quick ? [] : [explore]), testing];
  const list = [...GENERATE, ...cores, inspect, library, copies];
  if (withNative) list.push(native);
  if (withBench && benchSources().length > 0) list.push(bench);
  return list;
}
