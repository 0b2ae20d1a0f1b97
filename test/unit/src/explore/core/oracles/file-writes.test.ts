import { describe, expect, it } from '@jest/globals';
import { CoreProgram } from '../../../../../../src/explore/core/core-program.js';
import { Execution } from '../../../../../../src/explore/execution.js';
import { GivenSchedule } from '../../../../../../src/explore/replay-strategy.js';
import { judge, type Verdict } from '../../../../../../src/explore/verdict.js';
import {
  attempt,
  explore,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FOLL_WRITE,
  MADV_PAGEOUT,
  MAP_SHARED,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  scenario,
  type Machine,
  type Scenario,
} from '../../../../../../src/index.js';
import { CONTENTS_BASE } from '../../../../../../src/wasm/generated/layout.js';

const PUNCH = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
const MACHINE = {
  ...({ memory: '256KiB', swap: '64KiB', contents: 'stamp' } as const),
  policy: { lruBatch: 'none' },
} as const;

/** A file of one page, which a device has taken to write to it. */
function onePage(machine: Machine) {
  const p = machine.spawn();
  const fd = p.memfdCreate('log', 0);
  p.ftruncate(fd, PAGE_SIZE);
  const addr = p.mmap(0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  p.store(addr, Uint8Array.of(1));
  const pages = p.getUserPages(addr, 1, FOLL_WRITE);
  return { p, fd, addr, pages, pfn: pages.pfns[0]! };
}
type File = ReturnType<typeof onePage>;

/** A device writes; the rest is done behind its back, once or with every interleaving. */
function writing(other: NonNullable<Scenario<File>['cpus'][string]>): Scenario {
  return scenario({
    name: 'nobody reads what the device has written',
    machine: MACHINE,
    setup: onePage,
    cpus: {
      *device({ pages }: File, cpu) {
        yield* cpu.on(pages).write(0, Uint8Array.of(5));
        yield* cpu.on(pages).release({ dirty: true });
      },
      other,
    },
  }) as Scenario;
}

/** Runs the device to its end, and then changes the frame's contents so that nobody sees it. */
async function afterwards(spoil: (bytes: Uint8Array, at: number) => void) {
  let bytes = new Uint8Array() as Uint8Array;
  const spoiling = writing(function* ({ p, fd, pfn }, cpu) {
    yield* cpu.on(p).fstat(fd);
    spoil(bytes, CONTENTS_BASE + pfn * 8);
  });
  const program = await CoreProgram.create(spoiling, 'sc');
  bytes = program.explored.machine.kernel.views.u8;
  const end = new Execution(program, 1e5).run(new GivenSchedule(program.log, [], false));
  const verdict: Verdict | undefined = judge(program, end);
  await program.close();
  return verdict;
}

describe('what a device has written into a file', () => {
  it('and is not there any more is a failure, though nobody asked', async () => {
    const verdict = await afterwards((bytes, at) => (bytes[at] = 1));
    expect(verdict?.kind).toBe('lost-write');
    expect(verdict?.error.message).toMatch(
      /^a device's write is lost: setup has taken page (\d+), which is page 0 of the file "log", /,
    );
    expect(verdict?.error.message).toMatch(/at the end the file has page \d+ there, without/);
    expect(await afterwards(() => undefined)).toBeUndefined();
  });

  it('may be overwritten, in every order', async () => {
    const overwriting = writing(function* ({ p, fd }, cpu) {
      yield* cpu.on(p).pwrite(fd, [9], 0);
    });
    const { failure, complete } = await explore(overwriting, { strategy: 'dpor' });
    expect(failure?.error.message).toBeUndefined();
    expect(complete).toBe(true);
  });

  it.each<[string, NonNullable<Scenario<File>['cpus'][string]>]>([
    [
      'punched out, and written anew',
      function* ({ p, fd, addr }, cpu) {
        yield* cpu.on(p).fallocate(fd, PUNCH, 0, PAGE_SIZE);
        yield* attempt(cpu.on(p).load(addr, 1));
      },
    ],
    [
      'cut off, and the file made longer again',
      function* ({ p, fd, addr }, cpu) {
        yield* cpu.on(p).ftruncate(fd, 0);
        yield* cpu.on(p).ftruncate(fd, PAGE_SIZE);
        yield* cpu.on(p).load(addr, 1);
      },
    ],
    [
      'cut in the middle of the page',
      function* ({ p, fd }, cpu) {
        yield* cpu.on(p).ftruncate(fd, 4);
      },
    ],
    [
      'swapped out, and brought back by a reader',
      function* ({ p, fd, addr }, cpu) {
        yield* cpu.on(p).madvise(addr, PAGE_SIZE, MADV_PAGEOUT);
        yield* cpu.on(p).madvise(addr, PAGE_SIZE, MADV_PAGEOUT);
        yield* cpu.on(p).pread(fd, 1, 0);
      },
    ],
    [
      'left with the file',
      function* ({ p, fd, addr }, cpu) {
        yield* cpu.on(p).munmap(addr, PAGE_SIZE);
        yield* cpu.on(p).close(fd);
      },
    ],
  ])('may be %s', async (_, other) => {
    const options = { strategy: 'random', maxExecutions: 400, seed: 7 } as const;
    const { failure, executions } = await explore(writing(other), options);
    expect(failure?.format()).toBeUndefined();
    expect(executions).toBe(400);
  });
});
