import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type RemoteCpu, startCpus, stopCpus } from '../../../helpers/cpus.js';
import { TestMachine } from '../../../helpers/machine.js';

const machine = new TestMachine({ cpus: 5 });
const { core } = machine;
let cpus: RemoteCpu[] = [];
let shared = 0;

beforeAll(async () => {
  cpus = await startCpus(machine, [1, 2, 3, 4]);
});
afterAll(stopCpus);
beforeEach(() => {
  shared = machine.arena(0, 0x1000);
});

describe('a seqcount', () => {
  test('is even, and odd while a writer is at work', () => {
    const seq = shared + 64;
    const start = core.seqRead(seq);
    expect(start % 2).toBe(0);
    expect(core.seqRetry(seq, start)).toBe(0);
    core.seqWriteBegin(seq);
    expect(core.seqRead(seq) % 2).toBe(1);
    expect(core.seqRetry(seq, start)).toBe(1);
    core.seqWriteEnd(seq);
    expect(core.seqRead(seq) % 2).toBe(0);
    expect(core.seqRetry(seq, start)).toBe(1);
    expect(core.seqRetry(seq, core.seqRead(seq))).toBe(0);
  });

  test('goes on behind the largest number', () => {
    const seq = shared + 64;
    machine.u32[seq >>> 2] = 0xffff_fffe;
    core.seqWriteBegin(seq);
    core.seqWriteEnd(seq);
    expect(core.seqRead(seq)).toBe(0);
  });

  test.each([
    [1, 1],
    [1, 3],
    [2, 2],
  ])('with %i writers and %i readers: no read that counts is torn', async (writers, readers) => {
    const rounds = 1_500_000;
    const n = writers + readers;
    const torn = await Promise.all(
      cpus.slice(0, n).map((cpu, i) => {
        if (i < writers) return cpu.run('hammerSeqWriter', shared, n, rounds);
        return cpu.run('hammerSeqReader', shared, n, writers);
      }),
    );
    expect(torn).toEqual(Array.from({ length: n }, () => 0));
    expect(machine.word(shared + 64)).toBe(2 * writers * rounds);
  });
});
