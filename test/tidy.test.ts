// The rules of style that a program can check. Each rule also gets something that it must refuse.
import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { checksIn, mistakesOf } from '../scripts/lib/bug-checks.mjs';
import { forbiddenInCore, missingSizeAssert } from './tidy/core-rules.js';
import { read, repositoryFiles, type SourceFile } from './tidy/files.js';
import { upwardImportsOfCore, wrongImportsOfFacade } from './tidy/imports.js';
import {
  forbiddenWords,
  longFunctions,
  longLines,
  undocumentedExports,
} from './tidy/text-rules.js';

const paths = repositoryFiles();
const core = read(paths, /^assembly\/(?!inspect\/|generated\/).*(?<!\.d)\.ts$/);
const facade = read(paths, /^src\/(?!wasm\/generated\/|vendor\/).*\.ts$/);
const code = read(paths, /^(assembly|src|test|bench|scripts)\/(?!.*generated\/).*\.(ts|mts|mjs)$/);
const texts = read(paths, /\.(ts|mts|mjs|js|json|md|c|h|txt|sh|html|css)$|^[^.]+$|^\.ci\//);

const at = (path: string, text: string): SourceFile => ({ path, text });
const all = (files: readonly SourceFile[], rule: (file: SourceFile) => string[]): string[] =>
  files.flatMap((file) => rule(file));

describe('the core', () => {
  test('is there to be checked', () => {
    expect(core.length).toBeGreaterThan(0);
  });

  test('imports downwards only', () => {
    expect(all(core, upwardImportsOfCore)).toEqual([]);
  });

  test('has nothing that an instance would keep for itself', () => {
    expect(all(core, forbiddenInCore)).toEqual([]);
  });

  test('asserts the size of its structs', () => {
    const types = core.filter((file) => file.path.startsWith('assembly/types/'));
    expect(all(types, missingSizeAssert)).toEqual([]);
  });

  test('says of every exported function what it does', () => {
    const rule = (file: SourceFile) => undocumentedExports(file, ts.SyntaxKind.FunctionDeclaration);
    expect(all(core, rule)).toEqual([]);
  });

  test('gives every BUG_ON a number of its own', () => {
    const checks = core
      .filter((file) => file.path !== 'assembly/lib/bug.ts')
      .flatMap((file) => checksIn(file.path, file.text));
    expect(mistakesOf(checks)).toEqual([]);
  });
});

describe('the facade', () => {
  test('imports downwards only, and never from the sources of the core', () => {
    expect(all(facade, wrongImportsOfFacade)).toEqual([]);
  });

  test('documents everything that it exports', () => {
    expect(all(facade, undocumentedExports)).toEqual([]);
  });
});

describe('all code', () => {
  test('has lines of at most 100 characters', () => {
    expect(all(code, longLines)).toEqual([]);
  });

  test('has functions of at most 70 lines', () => {
    expect(all(code, longFunctions)).toEqual([]);
  });

  test('has no mark of unfinished work, no registry host, no folder of one machine', () => {
    const rule = (file: SourceFile) =>
      file.path === 'test/tidy.test.ts' ? [] : forbiddenWords(file);
    expect(all(texts, rule)).toEqual([]);
  });
});

describe('the rules refuse', () => {
  test.each([
    ['an import from below to above', 'assembly/lib/list.ts', "import { a } from '../mm/gup';"],
    ['a folder without a layer', 'assembly/fs/a.ts', ''],
  ])('%s', (_, path, text) => {
    expect(upwardImportsOfCore(at(path, text))).toHaveLength(1);
  });

  test.each([
    ['src/wasm/load.ts', "import { a } from '../machine.js';"],
    ['src/process.ts', "import { a } from '../assembly/abi.js';"],
    ['src/cli/main.ts', "import { a } from '../machine.js';"],
    ['src/cli/main.ts', "import type { A } from '../contend/types.js';"],
  ])('in %s: %s', (path, text) => {
    expect(wrongImportsOfFacade(at(path, text))).toHaveLength(1);
  });

  test.each([
    "import type { A } from './machine.js';",
    "import { a } from './wasm/generated/layout.js';",
    "export { a } from './errors.js';",
  ])('but not in src/threads.ts: %s', (text) => {
    expect(wrongImportsOfFacade(at('src/threads.ts', text))).toEqual([]);
  });

  test.each([
    'function f(): void { const a = new A(); }',
    "function f(): void { trap('why'); }",
    'function f(): void { trap(`why`); }',
    'let counter: i32 = 0;',
    'class A { static b: i32 = 1; }',
    'const table = [1, 2];',
    'function f(m: Map): void {}',
    'function f(p: usize): u32 { return atomic.load<u32>(p); }',
    'const p = memory.data(8);',
    '// @ts-ignore',
  ])('in the core: %s', (text) => {
    expect(forbiddenInCore(at('assembly/mm/a.ts', text))).toHaveLength(1);
  });

  test.each([
    "import { a } from './b';",
    "if (offsetof<A>('b') != 8) ERROR('b moved');",
    "@external('env', 'now') declare function now(): f64;",
    'class A { static readonly b: i32 = 1; }',
    'function f(p: usize): void { memory.fill(p, 0, 8); }',
  ])('but not in the core: %s', (text) => {
    expect(forbiddenInCore(at('assembly/mm/a.ts', text))).toEqual([]);
  });

  test('a struct whose size nobody asserts', () => {
    const struct = '@unmanaged\nexport class A { b: u64; }\n';
    const assert = "if (offsetof<A>() != 8) ERROR('A must take 8 bytes');\n";
    expect(missingSizeAssert(at('assembly/types/a.ts', struct))).toHaveLength(1);
    expect(missingSizeAssert(at('assembly/types/a.ts', struct + assert))).toEqual([]);
  });

  test('a number that two checks share, none, or an expression', () => {
    const mistakes = (text: string) => mistakesOf(checksIn('a.ts', text));
    expect(mistakes('BUG_ON(a,\n 7);\nVM_BUG_ON(b, 8); BUG(9);')).toEqual([]);
    expect(mistakes('BUG_ON(a, 7);\nBUG(7);')).toEqual([
      'a.ts:2: number 7 is that of a.ts:1; 8 is free',
    ]);
    expect(mistakes('BUG_ON(a);')).toHaveLength(1);
    expect(mistakes('BUG_ON(a, N);')).toHaveLength(1);
  });

  test('an export without a doc comment', () => {
    expect(undocumentedExports(at('src/a.ts', '// why\nexport const a = 1;'))).toHaveLength(1);
    expect(undocumentedExports(at('src/a.ts', '/** Why. */\nexport const a = 1;'))).toEqual([]);
  });

  test('lines and functions that are too long', () => {
    expect(longLines(at('a.ts', 'x'.repeat(101)))).toHaveLength(1);
    const body = (lines: number) => `function f() {\n${'a();\n'.repeat(lines - 2)}}`;
    expect(longFunctions(at('a.ts', body(71)))).toHaveLength(1);
    expect(longFunctions(at('a.ts', body(70)))).toEqual([]);
  });

  test('words of unfinished work, hosts and folders', () => {
    const line = ['// TO', 'DO: later'].join('');
    const host = ['registry.npm', 'js.org'].join('');
    const folder = ['cd /ro', 'ot/x'].join('');
    expect([line, host, folder].map((text) => forbiddenWords(at('a.md', text)).length)).toEqual([
      1, 1, 1,
    ]);
  });
});
