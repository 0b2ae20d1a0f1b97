import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { violations } from '../../scripts/lib/hygiene-rules.mjs';
import { inspectModule } from '../../scripts/lib/wasm-sections.mjs';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** (import "env" "memory" (memory 1 1 shared)) */
const MEMORY_IMPORT = [
  ...[0x02, 0x10, 0x01, 0x03, 0x65, 0x6e, 0x76, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79],
  ...[0x02, 0x03, 0x01, 0x01],
];
/** (type (func)), (func), a start section that names it, and its empty body. */
const FUNC_TYPE = [0x01, 0x04, 0x01, 0x60, 0x00, 0x00];
const FUNC = [0x03, 0x02, 0x01, 0x00];
const START = [0x08, 0x01, 0x00];
const CODE = [0x0a, 0x04, 0x01, 0x02, 0x00, 0x0b];
/** (data (i32.const 0) "\01") */
const DATA = [0x0b, 0x07, 0x01, 0x00, 0x41, 0x00, 0x0b, 0x01, 0x01];
/** (global (mut i32) (i32.const 11)) twice: the operand is the byte that ends expressions. */
const TWO_GLOBALS = [
  ...[0x06, 0x0b, 0x02],
  ...[0x7f, 0x01, 0x41, 0x0b, 0x0b],
  ...[0x7f, 0x01, 0x41, 0x0b, 0x0b],
];

const wasm = (...sections: number[][]): Uint8Array => Uint8Array.from([HEADER, ...sections].flat());

describe('the builds of the core can be instantiated once per worker', () => {
  test.each(['release', 'debug', 'sched', 'bench', 'explore'] as const)('%s.wasm', (target) => {
    const bytes = readFileSync(new URL(`../../dist/wasm/${target}.wasm`, import.meta.url));
    expect(violations(target, bytes)).toEqual([]);
  });
});

describe('the hygiene check sees what it must refuse', () => {
  test('a module with the memory alone passes', () => {
    expect(violations('release', wasm(MEMORY_IMPORT))).toEqual([]);
  });

  test('a data section, in every build', () => {
    const bytes = wasm(MEMORY_IMPORT, DATA);
    expect(violations('release', bytes)).toEqual(['has a data section']);
    expect(violations('debug', bytes)).toEqual(['has a data section']);
  });

  test('a start section, except in the debug build', () => {
    const bytes = wasm(FUNC_TYPE, MEMORY_IMPORT, FUNC, START, CODE);
    expect(violations('release', bytes)).toEqual(['has a start section']);
    expect(violations('debug', bytes)).toEqual([]);
  });

  test('a second mutable global', () => {
    const bytes = wasm(MEMORY_IMPORT, TWO_GLOBALS);
    expect(inspectModule(bytes).mutableGlobals).toBe(2);
    expect(violations('release', bytes)).toEqual(['has 2 mutable globals']);
  });

  test('a missing import, and one too many', () => {
    expect(violations('release', wasm())).toEqual(['imports nothing instead of env.memory:memory']);
    expect(violations('sched', wasm(MEMORY_IMPORT))).toHaveLength(1);
  });
});
