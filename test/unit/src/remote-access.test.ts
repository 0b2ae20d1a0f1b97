import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  Machine,
  PAGE_SIZE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../../src/index.js';

const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;

let machine: Machine;
let p: Process;
let fd: number;

beforeEach(async () => {
  machine = await Machine.boot({ memory: '4MiB' });
  p = machine.spawn();
  fd = p.memfdCreate('f', 0);
  p.pwrite(fd, new Uint8Array(2 * PAGE_SIZE).fill(3), 0);
});
afterEach(async () => {
  expect(machine.verify()).toEqual([]);
  await machine.close();
});

const fails = (call: () => unknown, code: string) => {
  expect(call).toThrow(expect.objectContaining({ code }));
};

describe('a look from outside', () => {
  it.each([PROT_NONE, PROT_READ, PROT_WRITE, RW])('reads memory that allows %i', (prot) => {
    const addr = p.mmap(0, 2 * PAGE_SIZE, RW, ANON, -1, 0);
    p.store(addr + 4090, [1, 2, 3, 4, 5, 6, 7, 8]);
    p.mprotect(addr, 2 * PAGE_SIZE, prot);
    expect([...p.peek(addr + 4090, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('reads zeros that nobody has written, and makes no page for them', () => {
    const addr = p.mmap(0, PAGE_SIZE, PROT_READ, ANON, -1, 0);
    expect(p.peek(addr, PAGE_SIZE)).toEqual(new Uint8Array(PAGE_SIZE));
    expect(machine.meminfo().AnonPages).toBe(0);
  });

  it('ends where the memory does, and finds nothing in a hole', () => {
    const addr = p.mmap(0, PAGE_SIZE, PROT_READ, ANON, -1, 0);
    p.munmap(addr + PAGE_SIZE, PAGE_SIZE);
    expect(p.peek(addr + 4000, 200).length).toBe(96);
    fails(() => p.peek(0x10000, 1), 'EIO');
    fails(() => p.poke(0x10000, [1]), 'EIO');
    expect(p.peek(0x10000, 0).length).toBe(0);
    expect(p.poke(0x10000, [])).toBe(0);
  });

  it('does not reach beyond the end of a file', () => {
    const addr = p.mmap(0, 4 * PAGE_SIZE, RW, MAP_SHARED, fd, 0);
    expect(p.peek(addr + PAGE_SIZE, 2 * PAGE_SIZE).length).toBe(PAGE_SIZE);
    fails(() => p.peek(addr + 2 * PAGE_SIZE, 1), 'EIO');
  });
});

describe('a hand from outside', () => {
  it('writes to private memory that the process may not write, on a page of its own', () => {
    const addr = p.mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
    p.load(addr, 1);
    expect(p.poke(addr + 1, [9, 8])).toBe(2);
    expect([...p.load(addr, 4)]).toEqual([3, 9, 8, 3]);
    expect([...p.pread(fd, 4, 0)]).toEqual([3, 3, 3, 3]);
    fails(() => p.store(addr, [1]), 'EFAULT');
    expect(p.poke(addr, [7])).toBe(1);
    expect([...p.load(addr, 3)]).toEqual([7, 9, 8]);
  });

  it('writes to memory without any access', () => {
    const addr = p.mmap(0, PAGE_SIZE, PROT_NONE, ANON, -1, 0);
    expect(p.poke(addr, [5])).toBe(1);
    expect([...p.peek(addr, 2)]).toEqual([5, 0]);
    fails(() => p.load(addr, 1), 'EFAULT');
  });

  it('writes to shared memory only where it may be written', () => {
    const shared = p.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0);
    expect(p.poke(shared, [4])).toBe(1);
    expect([...p.pread(fd, 2, 0)]).toEqual([4, 3]);
    p.mprotect(shared, PAGE_SIZE, PROT_READ);
    fails(() => p.poke(shared, [6]), 'EIO');
  });

  it('writes up to the first byte that it cannot', () => {
    const addr = p.mmap(0, 2 * PAGE_SIZE, RW, ANON, -1, 0);
    p.munmap(addr + PAGE_SIZE, PAGE_SIZE);
    expect(p.poke(addr + PAGE_SIZE - 3, [1, 2, 3, 4, 5])).toBe(3);
    expect([...p.load(addr + PAGE_SIZE - 3, 3)]).toEqual([1, 2, 3]);
  });

  it('keeps no reference', () => {
    const addr = p.mmap(0, PAGE_SIZE, RW, ANON, -1, 0);
    p.poke(addr, [1]);
    p.munmap(addr, PAGE_SIZE);
    expect(machine.meminfo().AnonPages).toBe(0);
  });
});
