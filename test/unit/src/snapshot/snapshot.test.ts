import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  FOLL_WRITE,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  Machine,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Contents,
  type Process,
} from '../../../../src/index.js';

const RW = PROT_READ | PROT_WRITE;
const PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;

let machine: Machine;
let process: Process;
const opened: Machine[] = [];
beforeEach(async () => {
  machine = await Machine.boot({ memory: '8MiB', cpus: 2 });
  process = machine.spawn();
});
afterEach(async () => {
  await Promise.all([machine, ...opened.splice(0)].map((each) => each.close()));
});

async function restored(bytes: Uint8Array, options = {}): Promise<Machine> {
  const copy = await Machine.restore(bytes, options);
  opened.push(copy);
  return copy;
}

function first(of: Machine): Process {
  const [found] = of.processes();
  if (found === undefined) throw new Error('the machine has no process');
  return found;
}

describe('a snapshot', () => {
  it('brings memory, files and descriptors back', async () => {
    const at = process.mmap(0, 4 * PAGE_SIZE, RW, PRIVATE, -1, 0);
    process.store(at + PAGE_SIZE, [1, 2, 3]);
    const fd = process.memfdCreate('buf', 0);
    process.write(fd, new TextEncoder().encode('text'));
    const copy = await restored(machine.snapshot());
    const same = first(copy);
    expect(copy.verify()).toEqual([]);
    expect(same.pid).toBe(process.pid);
    expect(same.procMaps()).toBe(process.procMaps());
    expect([...same.load(at + PAGE_SIZE, 3)]).toEqual([1, 2, 3]);
    expect(new TextDecoder().decode(same.pread(fd, 9, 0))).toBe('text');
  });

  it('of a restored machine is the same, byte for byte', async () => {
    const at = process.mmap(0, 40 * PAGE_SIZE, RW, PRIVATE, -1, 0);
    process.store(at, new Uint8Array(40 * PAGE_SIZE).fill(7));
    const bytes = machine.snapshot();
    expect(machine.snapshot()).toEqual(bytes);
    expect((await restored(bytes)).snapshot()).toEqual(bytes);
  });

  it('leaves both machines to themselves afterwards', async () => {
    const at = process.mmap(0, PAGE_SIZE, RW, PRIVATE, -1, 0);
    process.store(at, [1]);
    const copy = await restored(machine.snapshot());
    process.store(at, [2]);
    first(copy).store(at, [3]);
    expect([...process.load(at, 1)]).toEqual([2]);
    expect([...first(copy).load(at, 1)]).toEqual([3]);
    process.exit();
    expect(copy.verify()).toEqual([]);
  });

  it('keeps pins, counters and the clock', async () => {
    const fd = process.memfdCreate('pinned', 0);
    process.ftruncate(fd, PAGE_SIZE);
    const at = process.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0);
    const [pfn] = process.pinUserPagesFast(at, 1, FOLL_WRITE).pfns;
    machine.advance(50);
    const copy = await restored(machine.snapshot());
    expect(copy.page(pfn ?? -1)).toEqual(machine.page(pfn ?? -1));
    expect(copy.page(pfn ?? -1).pincount).toBe(1);
    expect(copy.vmstat()).toEqual(machine.vmstat());
    expect(copy.now()).toBe(50);
  });

  it.each<Contents>(['none', 'stamp', 'full'])('works with contents %s', async (contents) => {
    const small = await Machine.boot({ memory: '1MiB', contents });
    opened.push(small);
    const user = small.spawn();
    const at = user.mmap(0, 3 * PAGE_SIZE, RW, PRIVATE, -1, 0);
    user.store(at, new Uint8Array(3 * PAGE_SIZE).fill(9));
    const copy = await restored(small.snapshot(), { build: 'debug' });
    expect(first(copy).load(at, 3 * PAGE_SIZE)).toEqual(user.load(at, 3 * PAGE_SIZE));
    expect(copy.verify()).toEqual([]);
  });

  it('does not grow with memory that was never used', async () => {
    const large = await Machine.boot({ memory: '1GiB' });
    opened.push(large);
    expect(large.snapshot().length).toBeLessThan(100_000);
  });

  it('works on other CPUs of the restored machine', async () => {
    const copy = await restored(machine.snapshot());
    const task = await copy.kernel.call(1, 'spawn');
    expect(task).toBeGreaterThan(0);
    expect(copy.processes()).toHaveLength(2);
    expect(copy.verify()).toEqual([]);
  });
});

describe('restore refuses', () => {
  it('what is no snapshot', async () => {
    await expect(Machine.restore(new Uint8Array(0))).rejects.toThrow(/not a snapshot/);
    await expect(Machine.restore(new Uint8Array(5000))).rejects.toThrow(TypeError);
    await expect(Machine.restore([1] as unknown as Uint8Array)).rejects.toThrow(/Uint8Array/);
  });

  it('a snapshot that is cut or damaged', async () => {
    const bytes = machine.snapshot();
    for (const length of [8, 12, 20, 500, bytes.length - 1]) {
      await expect(Machine.restore(bytes.slice(0, length))).rejects.toThrow(/cut or damaged/);
    }
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await expect(Machine.restore(bytes)).rejects.toThrow(/cut or damaged/);
  });

  it('options that the state contradicts, and says what is there', async () => {
    const bytes = machine.snapshot();
    await expect(Machine.restore(bytes, { memory: '4MiB' })).rejects.toThrow(/memory.*8388608/);
    await expect(Machine.restore(bytes, { cpus: 3 })).rejects.toThrow(/cpus/);
    await expect(Machine.restore(bytes, { policy: { pin: 'get-page' } })).rejects.toThrow(
      /pincount/,
    );
    await restored(bytes, { memory: '8MiB', policy: { pin: 'pincount' } });
  });
});
