import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callText, givenText } from '../../../../../src/explore/core/call-text.js';
import {
  F_ADD_SEALS,
  F_SEAL_GROW,
  F_SEAL_WRITE,
  Machine,
  MADV_PAGEOUT,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../../../../src/index.js';

describe('a call as text', () => {
  let machine: Machine;
  let process: Process;
  beforeAll(async () => {
    machine = await Machine.boot({ memory: '256KiB' });
    process = machine.spawn();
  });
  afterAll(() => machine.close());

  it('has the names of constants, and says which process it is of', () => {
    const seals = F_SEAL_WRITE | F_SEAL_GROW;
    expect(callText(process, 'fcntl', [3, F_ADD_SEALS, seals])).toBe(
      '[pid 1] fcntl(3, F_ADD_SEALS, F_SEAL_GROW|F_SEAL_WRITE)',
    );
    expect(callText(process, 'madvise', [0x7ff000, PAGE_SIZE, MADV_PAGEOUT])).toBe(
      '[pid 1] madvise(0x7ff000, 4096, MADV_PAGEOUT)',
    );
    const flags = MAP_PRIVATE | MAP_ANONYMOUS;
    expect(callText(process, 'mmap', [0, PAGE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0])).toBe(
      '[pid 1] mmap(0, 4096, PROT_READ|PROT_WRITE, MAP_ANONYMOUS|MAP_PRIVATE, -1, 0)',
    );
  });

  it('has arguments and results in a few characters', () => {
    const addr = process.mmap(0, PAGE_SIZE, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const pages = process.pinUserPages(addr, 1, 1);
    expect(callText(pages, 'write', [0, Uint8Array.of(1, 2)])).toBe('pages.write(0, [1, 2])');
    expect(givenText(pages)).toBe('1 page');
    pages.release();
    expect(givenText(process)).toBe('process 1');
    expect(givenText(new Uint8Array(9))).toBe('[0, 0, 0, 0, ... 9 bytes]');
    expect(givenText(undefined)).toBe('');
    expect(givenText({ word: 16n })).toBe('{"word":"0x10"}');
    expect(givenText('x'.repeat(100))).toHaveLength(63);
    let thrown: unknown;
    try {
      process.munmap(1, 1);
    } catch (error) {
      thrown = error;
    }
    expect(givenText(thrown)).toBe('EINVAL');
  });
});
