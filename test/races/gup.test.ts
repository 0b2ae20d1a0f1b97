// GUP-fast on real threads against those who take its pages away.
import { describe, expect, test } from '@jest/globals';
import {
  F_ADD_SEALS,
  F_SEAL_WRITE,
  MAP_SHARED,
  PAGE_SIZE,
  policies,
  PROT_READ,
  PROT_WRITE,
  type PinPolicy,
} from '../../src/index.js';
import { bootRace, expectNothingLeft, LENGTH, mapFile, PAGES, race, type Loop } from './support.js';

const PIN_POLICIES = policies()[0]?.values.map(({ name }) => name) as PinPolicy[];
const WORKERS = [2, 4] as const;
const CONTENTS = ['none', 'full'] as const;

/** Every policy with both kinds of contents and both numbers of workers. */
const CASES = PIN_POLICIES.flatMap((pin) =>
  CONTENTS.flatMap((contents) => WORKERS.map((workers) => ({ pin, contents, workers }))),
);
/** Every policy once, with the other two spread over them. */
const FEWER = CASES.filter((_, index) => index % 4 === Math.floor(index / 4) % 4);

describe.each(CASES)('$pin, contents $contents, $workers workers', ({ pin, contents, workers }) => {
  test('pin while the same range is unmapped, mapped and touched again', async () => {
    await using machine = await bootRace(pin, contents, workers);
    const { process, task, fd, addr } = mapFile(machine);
    const data = Uint8Array.from({ length: LENGTH }, (_, i) => (i >> 12) * 7 + i);
    process.store(addr, data); // the file keeps it: remapping and pinning change no byte
    const loops: Loop[] = [
      ['remapLoop', task, addr, LENGTH, fd],
      ...Array.from({ length: workers - 1 }, (_, index): Loop => [
        'pinLoop',
        task,
        addr + index * 8 * PAGE_SIZE,
        16,
      ]),
    ];
    await race(machine, loops);
    if (contents === 'full') expect(process.pread(fd, LENGTH, 0)).toEqual(data);
    process.munmap(addr, LENGTH);
    process.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE); // nobody pins or maps it any more
    expect(machine.now()).toBe(0);
    expectNothingLeft(machine, [process]);
  });
});

describe.each(FEWER)('$pin, contents $contents, $workers workers', ({ pin, contents, workers }) => {
  test('pin and touch while the file is punched out and filled again', async () => {
    await using machine = await bootRace(pin, contents, workers);
    const { process, task, fd, addr } = mapFile(machine);
    const others: Loop[] = [
      ['pinLoop', task, addr, PAGES],
      ['touchLoop', task, addr, LENGTH, true],
      ['pinLoop', task, addr + 4 * PAGE_SIZE, 3],
    ];
    await race(machine, [['punchLoop', task, fd, LENGTH], ...others.slice(0, workers - 1)]);
    // The last fill was after the last punch, so what is there now is zeros or was never touched.
    process.fallocate(fd, 3, 0, LENGTH);
    expect(process.pread(fd, LENGTH, 0).every((byte) => byte === 0)).toBe(true);
    expectNothingLeft(machine, [process]);
  });

  test('pin in several processes that map one file, while each of them remaps it', async () => {
    await using machine = await bootRace(pin, contents, workers);
    const owner = mapFile(machine);
    const { fd } = owner;
    const others = Array.from({ length: workers - 1 }, () => machine.spawn());
    // A process gets a descriptor of another's file as a fork or a message would hand it over.
    const loops = others.map((process, index): Loop => {
      const addr = shareMapping(machine, owner.task, fd, process.task);
      return index % 2 === 0
        ? ['pinLoop', process.task, addr, 32]
        : ['touchLoop', process.task, addr, LENGTH, true];
    });
    await race(machine, [['remapLoop', owner.task, owner.addr, LENGTH, fd], ...loops]);
    await race(machine, [['punchLoop', owner.task, fd, LENGTH], ...loops]);
    expectNothingLeft(machine, [owner.process, ...others]);
  });

  test('pin one page from everywhere', async () => {
    await using machine = await bootRace(pin, contents, workers);
    const { process, task, addr } = mapFile(machine);
    process.store(addr, [1]);
    const loops = Array.from({ length: workers }, (): Loop => ['pinLoop', task, addr, 1]);
    await race(machine, loops);
    machine.kernel.run((core) => core.lruAddDrainAll());
    const pfn = machine.kernel.run((core) => core.pfnAt(task, addr));
    expect(machine.page(pfn)).toMatchObject({ refcount: 2, mapcount: 1, pincount: 0 });
    expectNothingLeft(machine, [process]);
  });
});

/** Maps a file of one task into another: both see the same pages. */
function shareMapping(
  machine: Awaited<ReturnType<typeof bootRace>>,
  from: number,
  fd: number,
  to: number,
): number {
  const { kernel } = machine;
  const [fromTable, toTable] = [from, to].map((task) => kernel.views.read('Task', 'fdTable', task));
  const file = kernel.run((core) => core.sysHoldFile(from, fd)); // the reference of the new slot
  const slot = ((fromTable ?? 0) >> 2) + fd;
  expect(kernel.views.i32[slot]).toBe(file);
  kernel.views.i32[(toTable ?? 0) >> 2] = file;
  return kernel.run((core) =>
    core.sysMmap(to, 0, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, 0, 0),
  );
}
