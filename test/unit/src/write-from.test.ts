import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  F_ADD_SEALS,
  F_SEAL_WRITE,
  MADV_DONTNEED,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  Machine,
  O_APPEND,
  PAGE_SIZE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  F_SETFL,
  type Process,
} from '../../../src/index.js';

// The expectations are what Linux 6.18 does.

let machine: Machine;
let process: Process;
let fd: number;
/** One page of memory; nothing is mapped behind it. */
let addr: number;
beforeEach(async () => {
  machine = await Machine.boot({ memory: '1MiB' });
  process = machine.spawn();
  fd = process.memfdCreate('f', MFD_ALLOW_SEALING);
  const prot = PROT_READ | PROT_WRITE;
  addr = process.mmap(0, 2 * PAGE_SIZE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  process.munmap(addr + PAGE_SIZE, PAGE_SIZE);
  process.store(addr, new Uint8Array(PAGE_SIZE).fill(7));
});
afterEach(async () => {
  expect(machine.verify()).toEqual([]);
  await machine.close();
});

const refused = (code: string) => expect.objectContaining({ code, syscall: 'pwrite' });

describe("a write from a process's own memory", () => {
  test('moves what is there, where the file stands or at an offset', () => {
    expect(process.writeFrom(fd, addr, 5000 - PAGE_SIZE)).toBe(5000 - PAGE_SIZE);
    expect(process.writeFrom(fd, addr + 1, 2)).toBe(2);
    expect(process.writeFrom(fd, addr, 1, 3 * PAGE_SIZE - 1)).toBe(1);
    expect(process.lseek(fd, 0, 1)).toBe(5002 - PAGE_SIZE);
    expect(process.fstat(fd).size).toBe(3 * PAGE_SIZE);
    expect(process.pread(fd, 906 + 1, 0)).toEqual(new Uint8Array(907).fill(7, 0, 906));
  });

  test('ends where the buffer ends, and fails where it has not begun', () => {
    expect(process.writeFrom(fd, addr + 4000, 1000, 10)).toBe(96);
    expect(process.fstat(fd).size).toBe(106);
    expect(() => process.writeFrom(fd, addr + PAGE_SIZE, 10, 0)).toThrow(refused('EFAULT'));
    expect(process.writeFrom(fd, addr + PAGE_SIZE, 0, 0)).toBe(0);
    const none = process.mmap(0, PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(() => process.writeFrom(fd, none, 1, 0)).toThrow(refused('EFAULT'));
  });

  test('faults for its buffer: a page never touched, a mapping of the page that it writes', () => {
    const fresh = process.mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(process.writeFrom(fd, fresh, 2, 0)).toBe(2);
    process.pwrite(fd, [5], 0);
    const shared = process.mmap(0, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
    process.madvise(shared, PAGE_SIZE, MADV_DONTNEED);
    expect(process.writeFrom(fd, shared, 1, 1)).toBe(1);
    expect(process.pread(fd, 2, 0)).toEqual(Uint8Array.of(5, 5));
    process.ftruncate(fd, 0);
    expect(() => process.writeFrom(fd, shared, 1, 0)).toThrow(refused('EFAULT')); // SIGBUS
  });

  test('looks at seals first, and appends where O_APPEND says so', () => {
    process.fcntl(fd, F_SETFL, O_APPEND);
    process.writeFrom(fd, addr, 2, 0);
    process.writeFrom(fd, addr, 2, 0);
    expect(process.fstat(fd).size).toBe(4);
    process.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
    expect(() => process.writeFrom(fd, addr + PAGE_SIZE, 1, 0)).toThrow(refused('EPERM'));
  });

  test('goes into a pipe whole or not at all', () => {
    const [reader, writer] = process.pipe();
    const fails = (code: string) => expect.objectContaining({ code, syscall: 'write' });
    expect(() => process.writeFrom(writer, addr + 4000, 1000)).toThrow(fails('EFAULT'));
    expect(process.writeFrom(writer, addr, 3)).toBe(3);
    expect(process.read(reader, 9)).toEqual(Uint8Array.of(7, 7, 7));
    process.close(reader);
    expect(() => process.writeFrom(writer, addr + PAGE_SIZE, 1)).toThrow(fails('EPIPE'));
  });

  test('refuses what is no address and no length', () => {
    expect(() => process.writeFrom(fd, -1, 1)).toThrow(/addr/);
    expect(() => process.writeFrom(fd, addr, 1.5)).toThrow(/length/);
    expect(() => process.writeFrom(fd, 2 ** 47, 1, 0)).toThrow(refused('EFAULT'));
  });
});
