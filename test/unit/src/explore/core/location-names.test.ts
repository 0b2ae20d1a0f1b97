import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LocationNames } from '../../../../../src/explore/core/location-names.js';
import {
  Machine,
  MAP_ANONYMOUS,
  MAP_POPULATE,
  MAP_PRIVATE,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../../../../src/index.js';
import {
  CPU_LRU_BATCHES,
  FOLIO_BATCH_BYTES,
  PERCPU_BASE,
  PERCPU_LRU,
} from '../../../../../src/wasm/generated/layout.js';

const [ENTRIES, TOP_LEVEL] = [512, 3];

describe('the name of a location', () => {
  let machine: Machine;
  let parent: Process;
  let child: Process;
  let addr: number;
  beforeAll(async () => {
    machine = await Machine.boot({ memory: '1MiB' });
    parent = machine.spawn();
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
    addr = parent.mmap(0, PAGE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
    child = parent.fork();
  });
  afterAll(() => machine.close());

  const mmOf = (process: Process) => machine.kernel.views.read('Task', 'mm', process.task);
  const nameOf = (address: number) => new LocationNames(machine.kernel.views).nameOf(address);

  /** The entry of a level for an address, as the hardware finds it. */
  function entryOf(process: Process, level: number): number {
    const { views } = machine.kernel;
    const indexAt = (at: number) => Math.floor(addr / (PAGE_SIZE * ENTRIES ** at)) % ENTRIES;
    let table = views.read('MmStruct', 'pgd', mmOf(process));
    for (let at = TOP_LEVEL; at > level; at--) {
      const entry = views.u32At(table + indexAt(at) * 8);
      table = entry - (entry % PAGE_SIZE);
    }
    return table + indexAt(level) * 8;
  }

  it('says of an entry of a page table whose it is, and what it maps', () => {
    const at = `0x${addr.toString(16)}`;
    expect(nameOf(entryOf(parent, 0))).toBe(`mm[${parent.pid}].pte[${at}]`);
    expect(nameOf(entryOf(child, 0))).toBe(`mm[${child.pid}].pte[${at}]`);
    const span = PAGE_SIZE * ENTRIES;
    const pmd = `0x${(addr - (addr % span)).toString(16)}`;
    expect(nameOf(entryOf(child, 1))).toBe(`mm[${child.pid}].pmd[${pmd}]`);
    expect(nameOf(entryOf(child, TOP_LEVEL))).toMatch(/^mm\[\d+\]\.pgd\[0x[0-9a-f]+\]$/);
  });

  it('says of an entry of a table that no process has where it lies', () => {
    const entry = entryOf(child, 0);
    const table = (entry - (entry % PAGE_SIZE)).toString(16);
    const index = (entry % PAGE_SIZE) / 8;
    child.exit();
    // Its table is free now; as one that is being made would be, it is nobody's.
    const { views } = machine.kernel;
    expect(nameOf(entry)).not.toMatch(/^mm/);
    const other = entryOf(parent, 0);
    const upper = entryOf(parent, 1);
    const kept = views.u32At(upper);
    views.i32[upper >> 2] = 0;
    const shown = (other - (other % PAGE_SIZE)).toString(16);
    expect(nameOf(other)).toBe(`pte@${shown}[${index}]`);
    views.i32[upper >> 2] = kept;
    expect(table).not.toBe(shown);
  });

  it('says of an address space whose it is', () => {
    const offset = mmOf(parent);
    expect(nameOf(machine.kernel.views.address('MmStruct', 'mmapLock', offset))).toBe(
      `mm[${parent.pid}].mmap_lock`,
    );
  });

  it('says of a field where it lies in structures that lie in one another', () => {
    const { kernel } = machine;
    const fd = parent.memfdCreate('file', 0);
    const file = kernel.run((core) => core.sysHoldFile(parent.task, fd));
    const inode = kernel.views.read('File', 'inode', file);
    kernel.run((core) => core.sysDropFile(file));
    const mapping = kernel.views.address('Inode', 'mapping0', inode);
    const tree = kernel.views.address('AddressSpace', 'iPages0', mapping);
    expect(nameOf(kernel.views.address('XArray', 'head', tree))).toBe(
      `inode@${inode.toString(16)}.i_data.i_pages.head`,
    );
  });

  it('says of a batch of pages which one it is', () => {
    const batches = PERCPU_BASE + PERCPU_LRU + CPU_LRU_BATCHES;
    expect(nameOf(batches + 4)).toBe('cpu[0].lru_add.folios[0]');
    expect(nameOf(batches + FOLIO_BATCH_BYTES * 5 + 12)).toBe('cpu[0].lru_move_tail.folios[2]');
    expect(nameOf(batches + FOLIO_BATCH_BYTES)).toBe('cpu[0].lru_activate.nr');
  });
});
