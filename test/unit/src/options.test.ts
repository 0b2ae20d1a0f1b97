// Options of Machine.boot: what is accepted, what is refused with whose name, and the defaults.
import { describe, expect, test } from '@jest/globals';
import { Machine, type MachineOptions } from '../../../src/index.js';
import { hostPagesFor, kernelPagesFor, parseSize, resolveOptions } from '../../../src/options.js';
import { expectSound, rejectionOf, thrownBy, wrong } from './support.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

describe('a size', () => {
  test.each<[number | string, number]>([
    [0, 0],
    [12345, 12345],
    ['4096', 4096],
    ['4096B', 4096],
    ['64KiB', 64 * KIB],
    ['256MiB', 256 * MIB],
    ['1.5MiB', 1.5 * MIB],
    ['2 GiB', 2 * GIB],
    [' 4MiB ', 4 * MIB],
  ])('%j is understood', (size, bytes) => {
    expect(parseSize(size, 'memory')).toBe(bytes);
  });

  test.each(['', 'MiB', '4MB', '4mib', '4Mi', '-4MiB', '+4MiB', '1e6', '0x1000', '4 096', 'NaN'])(
    '%j is refused',
    (size) => {
      const error = thrownBy(() => parseSize(size, 'memory'));
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toMatch(/^memory: .* is no size; use bytes or "64KiB"/);
    },
  );

  test.each(['0.1KiB', '1.0001KiB', '99999999999GiB'])('%j is no whole number', (size) => {
    expect(thrownBy(() => parseSize(size, 'swap')).message).toMatch(/^swap: /);
  });
});

describe('an option that is wrong', () => {
  const WRONG: [name: string, kind: typeof RangeError, options: Record<string, unknown>][] = [
    ['memory', RangeError, { memory: NaN }],
    ['memory', RangeError, { memory: Infinity }],
    ['memory', RangeError, { memory: -4096 }],
    ['memory', RangeError, { memory: 0 }],
    ['memory', RangeError, { memory: 4097 }],
    ['memory', RangeError, { memory: 4096.5 }],
    ['memory', RangeError, { memory: 2 ** 53 }],
    ['memory', RangeError, { memory: '4MB' }],
    ['memory', RangeError, { memory: '3GiB' }],
    ['memory', RangeError, { memory: '65GiB', contents: 'none' }],
    ['memory', TypeError, { memory: true }],
    ['memory', TypeError, { memory: 4096n }],
    ['memory', TypeError, { memory: {} }],
    ['memory', TypeError, { memory: null }],
    ['cpus', RangeError, { cpus: 0 }],
    ['cpus', RangeError, { cpus: -1 }],
    ['cpus', RangeError, { cpus: 65 }],
    ['cpus', RangeError, { cpus: 1.5 }],
    ['cpus', RangeError, { cpus: NaN }],
    ['cpus', TypeError, { cpus: '2' }],
    ['cpus', TypeError, { cpus: null }],
    ['contents', RangeError, { contents: 'half' }],
    ['contents', RangeError, { contents: '' }],
    ['contents', TypeError, { contents: 3 }],
    ['contents', TypeError, { contents: null }],
    ['maxMapCount', RangeError, { maxMapCount: -1 }],
    ['maxMapCount', RangeError, { maxMapCount: 2 ** 31 }],
    ['maxMapCount', RangeError, { maxMapCount: 0.5 }],
    ['maxMapCount', TypeError, { maxMapCount: '9' }],
    ['rlimitMemlock', RangeError, { rlimitMemlock: -1 }],
    ['rlimitMemlock', RangeError, { rlimitMemlock: NaN }],
    ['rlimitMemlock', RangeError, { rlimitMemlock: 'much' }],
    ['rlimitMemlock', TypeError, { rlimitMemlock: null }],
    ['faultAround', RangeError, { faultAround: 0 }],
    ['faultAround', RangeError, { faultAround: '12KiB' }],
    ['faultAround', RangeError, { faultAround: '4MiB' }],
    ['faultAround', TypeError, { faultAround: true }],
    ['build', RangeError, { build: 'sched' }],
    ['build', TypeError, { build: 1 }],
    ['policy', TypeError, { policy: 'pincount' }],
    ['policy', TypeError, { policy: null }],
    ['policy', RangeError, { policy: { cows: 'ref-one' } }],
    ['policy.pin', RangeError, { policy: { pin: 'none' } }],
    ['policy.seal', TypeError, { policy: { seal: 2 } }],
    ['options', RangeError, { memroy: '1MiB' }],
  ];

  test.each(WRONG)('%s is named by a %p for %j', async (name, kind, options) => {
    const error = await rejectionOf(Machine.boot(options));
    expect(error).toBeInstanceOf(kind);
    expect(error.message.split(':')[0]).toBe(name);
  });

  test.each([null, 5, 'x', true])('is everything: %j', async (options) => {
    const error = await rejectionOf(Machine.boot(wrong<MachineOptions>(options)));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe('options: expected an object');
  });

  test('says what there is instead', async () => {
    const misspelt = wrong<MachineOptions>({ polcy: {} });
    expect((await rejectionOf(Machine.boot(misspelt))).message).toBe(
      'options: there is no option "polcy"; ' +
        'there are memory, cpus, swap, contents, maxMapCount, rlimitMemlock, faultAround, ' +
        'policy, bugs, build',
    );
    const contents = wrong<MachineOptions>({ contents: 'half' });
    expect((await rejectionOf(Machine.boot(contents))).message).toBe(
      'contents: there is no "half"; there are full, stamp, none',
    );
  });
});

describe('the defaults', () => {
  test('are filled in', () => {
    expect(resolveOptions()).toEqual({
      memory: 256 * MIB,
      cpus: 1,
      contents: 'full',
      swap: 0,
      bugs: [],
      maxMapCount: 65530,
      rlimitMemlock: 'unlimited',
      faultAround: 65536,
      policy: {
        pin: 'pincount',
        seal: 'wait-for-pins',
        lruBatch: 'batch-local',
        cow: 'anon-exclusive',
        unmapPinned: 'refuse-if-exclusive-and-pinned',
        forkPinned: 'early-copy-child',
      },
      build: 'release',
    });
  });

  test('stand for what is undefined', () => {
    const nothing = { memory: undefined, cpus: undefined, policy: undefined, build: undefined };
    expect(resolveOptions(nothing)).toEqual(resolveOptions());
    expect(resolveOptions({ policy: { pin: undefined } as object })).toEqual(resolveOptions());
  });

  test('stand beside what is given', async () => {
    await using machine = await Machine.boot({ memory: '1.5MiB', policy: { seal: 'dontpin' } });
    expect(machine.options.memory).toBe(1.5 * MIB);
    expect(machine.options.policy).toBe(machine.policy);
    expect(machine.policy).toMatchObject({ pin: 'pincount', seal: 'dontpin' });
  });
});

describe('the options of a machine', () => {
  test('are frozen', async () => {
    await using machine = await Machine.boot({ memory: '1MiB' });
    expect(Object.isFrozen(machine.options)).toBe(true);
    expect(Object.isFrozen(machine.policy)).toBe(true);
    const writable = machine.options as { memory: number };
    expect(() => (writable.memory = 1)).toThrow(TypeError);
  });

  test('do not change with the object that was given', async () => {
    const given = { memory: 1 * MIB, policy: { pin: 'get-page' as const } };
    await using machine = await Machine.boot(given);
    given.memory = 0;
    expect(machine.options.memory).toBe(1 * MIB);
    expect(Object.isFrozen(given.policy)).toBe(false);
  });
});

describe('memory', () => {
  test.each(['full', 'stamp', 'none'] as const)(
    'with contents %s is refused by what it needs, not before',
    (contents) => {
      const message = thrownBy(() => resolveOptions({ memory: '1000GiB', contents })).message;
      const most = Number(/at most (\d+)MiB/.exec(message)?.[1]) * MIB;
      const largest = resolveOptions({ memory: most, contents });
      expect(hostPagesFor(largest)).toBeLessThanOrEqual(65536); // 4 GiB
      expect(() => resolveOptions({ memory: most + MIB, contents })).toThrow(RangeError);
      expect(message.includes('allow more')).toBe(contents === 'full');
    },
  );

  test('may be a single page', async () => {
    await using machine = await Machine.boot({ memory: 4096 });
    expect(machine.meminfo().MemTotal).toBe(4);
    machine.spawn();
    expectSound(machine);
  });

  test('may be 64 GiB without contents', async () => {
    await using machine = await Machine.boot({ memory: '64GiB', contents: 'none' });
    expect(machine.meminfo().MemFree).toBe(64 * 2 ** 20);
    const process = machine.spawn();
    const addr = process.mmap(0, 40 * GIB, 3, 0x22, -1, 0);
    process.store(addr + 39 * GIB, [1]);
    expect(machine.meminfo().MemFree).toBe(64 * 2 ** 20 - 4);
    expectSound(machine);
  });

  test('has kernel pages that grow with it, up to what there is', () => {
    const sizes = [1, 256, 65536, 2 ** 24].map(kernelPagesFor);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 ** 17);
  });
});

describe('what there is not yet', () => {
  test('may be asked for as nothing', () => {
    expect(resolveOptions({ swap: 0, bugs: [] })).toMatchObject({ swap: 0, bugs: [] });
    expect(resolveOptions({ swap: '0MiB' }).swap).toBe(0);
  });

  test.each([
    [{ swap: 5000 }, RangeError, /^swap: .*4096-byte pages/],
    [{ memory: '2GiB', swap: '1GiB' }, RangeError, /^swap: .*stamp/],
    [{ swap: null as unknown as number }, TypeError, /^swap: /],
    [{ bugs: ['B1'] }, RangeError, /^bugs: there is no "B1"; there are .*cow\.mapcount_only/],
    [{ bugs: ['mnt.dekker'] }, RangeError, /^bugs: .* cannot be re-enacted yet/],
    [
      { bugs: ['cow.mapcount_only'], build: 'release' as const },
      RangeError,
      /^build: only "debug"/,
    ],
    [{ bugs: 'B1' as unknown as string[] }, TypeError, /^bugs: expected an array/],
    [{ bugs: [1] as unknown as string[] }, TypeError, /^bugs: expected names/],
  ])('is refused by its name: %j', (options, kind, message) => {
    expect(() => resolveOptions(options)).toThrow(kind);
    expect(() => resolveOptions(options)).toThrow(message);
  });
});
