// Explorations that are split into shards, and that are interrupted and go on.
import { describe, expect, test } from '@jest/globals';
import type { Checkpoint } from '../../../../src/explore/checkpoint.js';
import { explore } from '../../../../src/explore/explore.js';
import type { ExploreOptions } from '../../../../src/explore/options.js';
import type { JobReport } from '../../../../src/explore/job-meter.js';
import type { Scenario } from '../../../../src/explore/scenario.js';
import { fib, gup, inc, lastzero } from './programs.js';
import { randomProgram } from './random-program.js';

const SPLIT: [Scenario, number][] = [
  [gup(2) as Scenario, 309],
  [inc(4) as Scenario, 576],
  [fib(3) as Scenario, 1698],
  [lastzero(6) as Scenario, 144],
];

describe.each([1, 2, 3, 7])('of %d shards', (count) => {
  test.each(SPLIT.map(([scenario, classes]) => [scenario.name, scenario, classes] as const))(
    '%s: the counts add up to the whole',
    async (_, scenario, classes) => {
      let executions = 0;
      const outcomes = new Map<string, number>();
      for (let index = 0; index < count; index++) {
        const part = await explore(scenario, { strategy: 'dpor', shard: { index, count } });
        expect(part.complete).toBe(true);
        executions += part.executions;
        for (const [key, n] of part.outcomes) outcomes.set(key, (outcomes.get(key) ?? 0) + n);
      }
      expect(executions).toBe(classes);
      const whole = await explore(scenario, { strategy: 'dpor' });
      expect([...outcomes].sort()).toEqual([...whole.outcomes].sort());
    },
  );
});

test('random programs, split in three, have as many classes as whole', async () => {
  const base = Math.floor(Math.random() * 1e6);
  for (let seed = base; seed < base + 60; seed++) {
    const memoryModel = seed % 2 === 0 ? 'sc' : 'tso';
    const program = randomProgram(seed, 3, true);
    const options = { strategy: 'dpor', memoryModel, stopOnFailure: false } as const;
    const whole = await explore(program, options);
    let executions = 0;
    for (let index = 0; index < 3; index++) {
      const part = await explore(program, { ...options, shard: { index, count: 3 } });
      executions += part.executions;
    }
    expect({ seed, executions }).toEqual({ seed, executions: whole.executions });
  }
});

test('an interrupted exploration goes on, with nothing twice and nothing lost', async () => {
  const scenario = fib(3);
  let checkpoint: Checkpoint | undefined;
  let interruptions = 0;
  for (let budget = 200; ; budget += 200) {
    const result = await explore(scenario, {
      strategy: 'dpor',
      maxExecutions: budget,
      ...(checkpoint === undefined ? {} : { resume: checkpoint }),
      onCheckpoint: (made) => {
        checkpoint = JSON.parse(JSON.stringify(made)) as Checkpoint;
      },
    });
    if (result.complete) {
      expect(result.executions).toBe(1698);
      break;
    }
    interruptions++;
  }
  expect(interruptions).toBeGreaterThan(3);
  expect(checkpoint!.jobs).toEqual([]);
});

test('a job that is run again has its number of before, and shows the same', async () => {
  const shard = { index: 0, count: 2 };
  const reportsOf = async (options: ExploreOptions): Promise<JobReport[]> => {
    const reports: JobReport[] = [];
    const onJob = (report: JobReport) => void reports.push(report);
    await explore(fib(3), { strategy: 'dpor', shard, onJob, ...options });
    return reports;
  };
  const whole = await reportsOf({});
  expect(whole.map(({ job, jobs }) => [job, jobs])).toEqual(
    whole.map((_, at) => [at + 1, whole.length]),
  );
  const begun = whole.slice(0, 2).reduce((all, one) => all + one.executions + one.blocked, 1);
  let checkpoint: Checkpoint | undefined;
  const onCheckpoint = (made: Checkpoint) => void (checkpoint = made);
  const before = await reportsOf({ maxExecutions: begun, onCheckpoint });
  expect(before.map(({ job, done }) => [job, done])).toEqual([
    [1, true],
    [2, true],
    [3, false],
  ]);
  const after = await reportsOf({ resume: checkpoint! });
  expect([...before.slice(0, 2), ...after]).toEqual(whole);
});

test('a failure that was found before is there after', async () => {
  let checkpoint: Checkpoint | undefined;
  const options = {
    strategy: 'dpor',
    stopOnFailure: false,
    onCheckpoint: (made: Checkpoint) => {
      checkpoint = made;
    },
  } as const;
  const first = await explore(gup(2, { bug: true }), options);
  const again = await explore(gup(2, { bug: true }), { ...options, resume: checkpoint! });
  expect(again.failures).toBe(first.failures);
  expect(again.failure?.schedule).toBe(first.failure?.schedule);
});

test('a checkpoint of something else is refused', async () => {
  let checkpoint: Checkpoint | undefined;
  await explore(inc(3), { strategy: 'dpor', onCheckpoint: (made) => void (checkpoint = made) });
  const go = (scenario: Scenario<number[]>, more: object) =>
    explore(scenario, { strategy: 'dpor', resume: checkpoint!, ...more });
  await expect(go(inc(4), {})).rejects.toThrow(/of the scenario "inc\(3\)"/);
  const tso = { memoryModel: 'tso' };
  await expect(go(inc(3), tso)).rejects.toThrow(/memory model is sc/);
  const shard = { shard: { index: 1, count: 2 } };
  await expect(go(inc(3), shard)).rejects.toThrow(/of shard 0\/1/);
  checkpoint = {} as Checkpoint;
  await expect(go(inc(3), {})).rejects.toThrow(/no checkpoint/);
  await expect(
    explore(inc(3), { strategy: 'random', shard: { index: 0, count: 2 } }),
  ).rejects.toThrow(RangeError);
});

test('each job says what it has shown, and the jobs add up to the whole', async () => {
  const reports: JobReport[] = [];
  const shard = { index: 1, count: 2 };
  const onJob = (report: JobReport) => reports.push(report);
  const whole = await explore(fib(3), { strategy: 'dpor', shard, onJob });
  expect(reports.map(({ job }) => job)).toEqual(reports.map((_, at) => at + 1));
  expect(reports.every(({ jobs, done }) => jobs === reports.length && done)).toBe(true);
  expect(new Set(reports.map(({ agents }) => agents.join())).size).toBe(reports.length);
  const sum = (of: (report: JobReport) => number) =>
    reports.reduce((all, report) => all + of(report), 0);
  expect(sum(({ executions }) => executions)).toBe(whole.executions);
  expect(sum(({ blocked }) => blocked)).toBe(whole.blocked);
  for (const [outcome, count] of whole.outcomes) {
    expect(sum(({ outcomes }) => outcomes[outcome] ?? 0)).toBe(count);
  }
});

test('a job that is interrupted by the budget or a failure says so', async () => {
  const reports: JobReport[] = [];
  const onJob = (report: JobReport) => reports.push(report);
  const cut = await explore(fib(3), { maxExecutions: 300, onJob });
  expect(reports.map(({ done }) => done).indexOf(false)).toBe(reports.length - 1);
  expect(reports.reduce((all, { executions }) => all + executions, 0)).toBe(cut.executions);
  reports.length = 0;
  const broken = await explore(gup(1, { bug: true }), { onJob });
  expect(reports.at(-1)).toMatchObject({ failures: 1, failure: broken.failure!.schedule });
  expect(broken.executions).toBe(reports.reduce((all, { executions }) => all + executions, 0));
});
