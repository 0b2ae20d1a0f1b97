import { describe, expect, it } from '@jest/globals';
import { attempt, explore, scenario } from '../../../../src/index.js';

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args?: { readonly step?: number; readonly result?: string };
}

const racing = scenario({
  name: 'two processes, one word',
  machine: { memory: '256KiB', contents: 'none' },
  setup(machine) {
    return { p: machine.spawn(), words: machine.words(1) };
  },
  cpus: {
    *mapper({ p, words }, cpu) {
      yield* attempt(cpu.on(p).munmap(1, 1));
      yield* cpu.on(p).mmap(0, 4096, 1, 0x22, -1, 0);
      yield* cpu.store(words[0]!, 1);
    },
    *other({ words }, cpu) {
      cpu.assert((yield* cpu.load(words[0]!)) === 0, 'it is there');
    },
  },
});

describe('a failure as Chrome and Perfetto show it', () => {
  it('has a slice for every step, and calls around those of theirs', async () => {
    const { failure } = await explore(racing, { strategy: 'dpor' });
    const { traceEvents } = failure!.toChromeTrace() as { traceEvents: readonly Event[] };
    const slices = traceEvents.filter(({ ph }) => ph === 'X');
    const steps = slices.filter(({ args }) => args?.step !== undefined);
    expect(steps.map(({ args }) => args!.step)).toEqual(failure!.trace.map(({ step }) => step));
    const refused = slices.find(({ name }) => name.includes('munmap'))!;
    expect(refused.args).toEqual({ result: '-EINVAL' });
    const mmap = slices.find(({ name }) => name.startsWith('[pid 1] mmap('))!;
    const within = steps.filter(({ tid, ts }) => {
      return tid === mmap.tid && ts >= mmap.ts && ts < mmap.ts + mmap.dur;
    });
    expect(within.map(({ name }) => name)).toEqual(
      expect.arrayContaining([expect.stringContaining('down_write mm[1].mmap_lock')]),
    );
    expect(within.some(({ name }) => name.includes('words'))).toBe(false);
  });
});
