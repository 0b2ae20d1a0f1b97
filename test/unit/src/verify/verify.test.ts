import { describe, expect, it } from '@jest/globals';
import {
  FOLL_WRITE,
  MAP_ANONYMOUS,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  Machine,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
} from '../../../../src/index.js';
import { CoreMemory, offsetsOf } from '../../../../src/verify/core-memory.js';
import { isPresent, pfnOf, spanOf } from '../../../../src/verify/pte.js';
import { Findings } from '../../../../src/verify/violation.js';

const RW = PROT_READ | PROT_WRITE;
const MIB = 2 ** 20;

describe('CoreMemory', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const view = new DataView(memory.buffer);
  const core = new CoreMemory(memory);

  it('reads words of every width', () => {
    view.setBigUint64(64, 0x0012_3456_789a_bcden, true);
    expect(core.u64(64)).toBe(0x0012_3456_789a_bcde);
    expect(core.u32(64)).toBe(0x789a_bcde);
    expect(core.u8(65)).toBe(0xbc);
    view.setInt32(72, -5, true);
    expect(core.s32(72)).toBe(-5);
    view.setBigInt64(80, -7_000_000_000n, true);
    expect(core.s64(80)).toBe(-7_000_000_000);
  });

  it('reads zeros outside of the memory', () => {
    expect([core.u8(70_000), core.u32(70_000), core.s32(70_000), core.u64(0xffff_fff8)]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it('knows zeros from anything else', () => {
    expect(core.isZero(4096, 4096)).toBe(true);
    view.setUint8(8191, 1);
    expect(core.isZero(4096, 4096)).toBe(false);
    expect(core.isZero(65_000, 65_536)).toBe(false);
  });

  it('takes offsets from the generated table', () => {
    expect(offsetsOf('Page')).toMatchObject({ flags: 0, mapping: 24, mapcount: 48, refcount: 52 });
  });
});

describe('entries of page tables', () => {
  it('name a frame by both of their words', () => {
    expect(pfnOf(0x1234_5067, 0x8000_0000)).toBe(0x12345);
    expect(pfnOf(0xffff_f000, 0x0000_0001)).toBe(0x1f_ffff);
  });

  it('are there with or without an access', () => {
    expect([isPresent(0x67), isPresent(0x100), isPresent(0x1000)]).toEqual([true, true, false]);
  });

  it('cover 4 KiB, 2 MiB, 1 GiB and 512 GiB', () => {
    expect([0, 1, 2, 3].map(spanOf)).toEqual([4096, 2 * MIB, 1024 * MIB, 512 * 1024 * MIB]);
  });
});

describe('Findings', () => {
  it('say what they expected and found', () => {
    const findings = new Findings();
    expect(findings.equal('refcount', 'page 1', 2, 2)).toBe(true);
    expect(findings.sound).toBe(true);
    expect(findings.equal('refcount', () => 'page 1', 2, 3)).toBe(false);
    expect(findings.equalHex('object', 'page 2', 16, 255, () => 'a word')).toBe(false);
    expect(findings.violations).toEqual([
      {
        invariant: 'refcount',
        object: 'page 1',
        expected: 2,
        found: 3,
        message: 'page 1: the reference count is what owners hold: expected 2, found 3',
      },
      {
        invariant: 'object',
        object: 'page 2',
        expected: '0x10',
        found: '0xff',
        message: 'page 2: a word: expected 0x10, found 0xff',
      },
    ]);
  });

  it('end at a thousand', () => {
    const findings = new Findings();
    for (let page = 0; page < 5000; page++) findings.report('refcount', `page ${page}`, 1, 2);
    expect(findings.violations).toHaveLength(1000);
  });
});

describe('verify', () => {
  it('looks at a machine whose memory is all in use', async () => {
    const machine = await Machine.boot({ memory: '256MiB', contents: 'none', cpus: 4 });
    const process = machine.spawn();
    const fd = process.memfdCreate('buf', 0);
    process.ftruncate(fd, 100 * MIB);
    process.mmap(0, 100 * MIB, RW, MAP_SHARED | MAP_POPULATE, fd, 0);
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
    const anon = process.mmap(0, 150 * MIB, RW, flags, -1, 0);
    const pinned = process.pinUserPages(anon, 20_000, FOLL_WRITE);
    expect(machine.verify()).toEqual([]);
    process.exit(); // the pages go back block by block, but for those that are pinned
    expect(machine.verify()).toEqual([]);
    expect(machine.vmstat().nr_free_pages).toBe((256 * MIB) / PAGE_SIZE - 20_000);
    pinned.release();
    expect(machine.verify()).toEqual([]);
    await machine.close();
  });

  it('takes the largest machine by what was used of it', async () => {
    const machine = await Machine.boot({ memory: '64GiB', contents: 'none' });
    const process = machine.spawn();
    const flags = MAP_PRIVATE | MAP_ANONYMOUS;
    process.store(process.mmap(0, 2 ** 40, RW, flags, -1, 0), [1]);
    expect(machine.verify()).toEqual([]);
    await machine.close();
  });

  it('sees what workers have done', async () => {
    const machine = await Machine.boot({ memory: '8MiB', cpus: 2 });
    const process = machine.spawn();
    const at = process.mmap(0, 64 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const touched = await machine.kernel.call(
      1,
      'userTouch',
      process.task,
      at,
      64 * PAGE_SIZE,
      true,
    );
    expect(touched).toBe(0);
    expect(machine.verify()).toEqual([]);
    expect(machine.vmstat().nr_anon_pages).toBe(64);
    process.exit(); // CPU 0 frees what CPU 1 has allocated
    expect(machine.verify()).toEqual([]);
    await machine.close();
  });
});
