import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Device,
  F_ADD_SEALS,
  F_SEAL_WRITE,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  Machine,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../../src/index.js';

const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;

let machine: Machine;
let device: Device;
let p: Process;
let addr: number;

beforeEach(async () => {
  machine = await Machine.boot({ memory: '4MiB' });
  device = machine.device();
  p = machine.spawn();
  addr = p.mmap(0, 4 * PAGE_SIZE, RW, ANON, -1, 0);
});
afterEach(async () => {
  expect(machine.verify()).toEqual([]);
  await machine.close();
});

const fails = (call: () => unknown, code: string) => {
  expect(call).toThrow(expect.objectContaining({ code }));
};
const sectors = (count: number, byte: number) => new Uint8Array(512 * count).fill(byte);

describe('a read from a device', () => {
  it('writes to memory, sector by sector, when it is told to', () => {
    const transfer = device.submitRead(p, addr + 512, 2 * PAGE_SIZE);
    expect(transfer).toMatchObject({ direction: 'read', length: 8192, done: 0, inFlight: true });
    expect(transfer.pfns.length).toBe(3);
    expect(transfer.advance(1, sectors(1, 7))).toBe(512);
    expect(p.load(addr + 511, 3)).toEqual(Uint8Array.of(0, 7, 7));
    expect(p.load(addr + 1024, 1)[0]).toBe(0);
    transfer.data.fill(9, 512, 1024);
    expect(transfer.advance(1)).toBe(1024);
    expect(p.load(addr + 1024, 512)).toEqual(sectors(1, 9));
    expect(transfer.complete()).toBe(8192);
    expect(transfer.inFlight).toBe(false);
  });

  it('pins its pages by the policy of the machine, until it is done', () => {
    const transfer = device.submitRead(p, addr, PAGE_SIZE);
    const [pfn = -1] = transfer.pfns;
    expect(machine.page(pfn)).toMatchObject({ pincount: 1 });
    expect(machine.verify()).toEqual([]);
    transfer.complete();
    expect(machine.page(pfn).pincount).toBe(0);
    expect(transfer.pfns).toEqual([pfn]);
  });

  it('marks the pages dirty at once, and at the end', () => {
    const transfer = device.submitRead(p, addr, PAGE_SIZE);
    expect(machine.page(transfer.pfns[0] ?? -1).flags).toContain('dirty');
    transfer.cancel();
  });

  it('outlives the mapping and the process', () => {
    const free = machine.meminfo().MemFree;
    const transfer = device.submitRead(p, addr, 2 * PAGE_SIZE);
    transfer.advance(3, sectors(3, 1));
    p.munmap(addr, PAGE_SIZE);
    p.exit();
    expect(machine.verify()).toEqual([]);
    expect(transfer.complete()).toBe(2 * PAGE_SIZE);
    expect(machine.meminfo().MemFree).toBeGreaterThanOrEqual(free);
  });

  it('keeps a file from being sealed', () => {
    const fd = p.memfdCreate('f', MFD_ALLOW_SEALING);
    p.ftruncate(fd, PAGE_SIZE);
    const shared = p.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0);
    const transfer = device.submitRead(p, shared, PAGE_SIZE);
    p.munmap(shared, PAGE_SIZE);
    fails(() => p.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 'EBUSY');
    transfer.complete();
    expect(p.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)).toBe(0);
  });

  it('needs memory that may be written', () => {
    p.mprotect(addr, PAGE_SIZE, PROT_READ);
    fails(() => device.submitRead(p, addr, PAGE_SIZE), 'EFAULT');
    device.submitWrite(p, addr, PAGE_SIZE).complete();
  });
});

describe('a write to a device', () => {
  it('receives what is in memory when it gets there', () => {
    p.store(addr, sectors(2, 1));
    const transfer = device.submitWrite(p, addr, 1024);
    transfer.advance(1);
    p.store(addr, sectors(2, 2));
    expect(transfer.complete()).toBe(1024);
    expect(transfer.data).toEqual(new Uint8Array(1024).fill(1, 0, 512).fill(2, 512));
  });

  it('takes the zero page where nothing was written', () => {
    const transfer = device.submitWrite(p, addr, 2 * PAGE_SIZE);
    expect(new Set(transfer.pfns).size).toBe(1);
    expect(machine.verify()).toEqual([]);
    transfer.complete();
    expect(transfer.data).toEqual(new Uint8Array(2 * PAGE_SIZE));
  });

  it('gives up what is left when it is cancelled', () => {
    p.store(addr, sectors(2, 5));
    const transfer = device.submitWrite(p, addr, 1024);
    transfer.advance(1);
    expect(transfer.cancel()).toBe(512);
    expect(transfer.data[512]).toBe(0);
  });
});

describe('a request', () => {
  it('is refused unless it is a number of sectors', () => {
    fails(() => device.submitRead(p, addr + 1, 512), 'EINVAL');
    fails(() => device.submitRead(p, addr, 513), 'EINVAL');
    fails(() => device.submitWrite(p, addr, 0), 'EINVAL');
    fails(() => device.submitWrite(p, 0x10000, 512), 'EFAULT');
    expect(() => device.submitRead(p, addr, -512)).toThrow(RangeError);
    expect(() => device.submitRead({} as Process, addr, 512)).toThrow(TypeError);
  });

  it('is for a process of the same machine', async () => {
    await using other = await Machine.boot({ memory: '1MiB' });
    expect(() => other.device().submitRead(p, addr, 512)).toThrow('process: expected a process');
  });

  it('is as short as the memory that could be pinned', () => {
    p.munmap(addr + 2 * PAGE_SIZE, PAGE_SIZE);
    const transfer = device.submitRead(p, addr + 512, 4 * PAGE_SIZE - 512);
    expect(transfer.length).toBe(2 * PAGE_SIZE - 512);
    expect(transfer.complete()).toBe(2 * PAGE_SIZE - 512);
  });

  it('moves no more than it has, and nothing once it is over', () => {
    const transfer = device.submitRead(p, addr, 1024);
    expect(() => transfer.advance(3)).toThrow(RangeError);
    expect(() => transfer.advance(1, [1, 2])).toThrow(RangeError);
    expect(() => transfer.advance(0.5)).toThrow(RangeError);
    transfer.advance(2);
    expect(transfer.inFlight).toBe(true);
    transfer.complete();
    for (const call of [
      () => transfer.advance(0),
      () => transfer.complete(),
      () => transfer.cancel(),
    ]) {
      expect(call).toThrow('the transfer is not in flight any more');
    }
    const out = device.submitWrite(p, addr, 512);
    expect(() => out.advance(1, sectors(1, 1))).toThrow(TypeError);
    out.cancel();
  });
});
