import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findLeak } from '../../../../../../src/explore/core/oracles/leaks.js';
import {
  FOLL_WRITE,
  Machine,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  O_CREAT,
  O_RDWR,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../../../../../src/index.js';
import { MEM_MAP, PAGE_STRUCT_SIZE, STRUCTS } from '../../../../../../src/wasm/generated/layout.js';

const RW = PROT_READ | PROT_WRITE;

let machine: Machine;
let process: Process;
let addr: number;
beforeEach(async () => {
  machine = await Machine.boot({ memory: '256KiB', swap: '64KiB' });
  process = machine.spawn();
  addr = process.mmap(0, 2 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  process.store(addr, Uint8Array.of(1));
});
afterEach(() => machine.close());

/** Adds to the reference count of a page, behind the core's back. */
function addReference(pfn: number, count: number): void {
  const { views } = machine.kernel;
  const at = MEM_MAP + pfn * PAGE_STRUCT_SIZE + STRUCTS.Page.fields.refcount.offset;
  views.i32[at >> 2]! += count;
}

describe('at the end', () => {
  it('a scenario may hold pages, files, pipes and processes', () => {
    const fd = process.memfdCreate('buf', 0);
    process.ftruncate(fd, PAGE_SIZE);
    process.store(process.mmap(0, PAGE_SIZE, RW, MAP_SHARED, fd, 0), Uint8Array.of(2));
    process.write(process.open('/named', O_CREAT | O_RDWR, 0o600), Uint8Array.of(3));
    process.pinUserPagesFast(addr, 2, FOLL_WRITE);
    const [, input] = process.pipe();
    process.vmsplice(input, addr, PAGE_SIZE);
    process.fork().store(addr, Uint8Array.of(4));
    machine.reclaim(8);
    const before = machine.snapshot();
    expect(findLeak(machine)).toBeUndefined();
    expect(machine.snapshot()).toEqual(before);
    expect([...process.load(addr, 1)]).toEqual([1]);
  });

  it('a page that keeps a reference is a leak', () => {
    const [{ pfn = -1 } = {}] = process.pagemap(addr, 1);
    addReference(pfn, 1);
    const leak = findLeak(machine);
    expect(leak?.kind).toBe('leak');
    expect(leak?.message).toMatch(
      new RegExp(
        `^a leak, when all processes have exited: page ${pfn}: a page in use has an owner`,
      ),
    );
    addReference(pfn, -1);
    expect(findLeak(machine)).toBeUndefined();
  });
});
