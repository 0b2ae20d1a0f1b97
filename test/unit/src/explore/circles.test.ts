import { describe, expect, it } from '@jest/globals';
import { Circles } from '../../../../src/explore/circles.js';
import {
  explore,
  replay,
  scenario,
  type Cpu,
  type Scenario,
  type Word,
} from '../../../../src/index.js';

const STATES = { mode: 'states', maxSteps: 2000 } as const;

/** Takes two words, or gives the first one back and begins again. */
function* both(cpu: Cpu, first: Word, second: Word): Generator<undefined, void, undefined> {
  while (true) {
    if ((yield* cpu.compareExchange(first, 0, 1)) === 0) {
      if ((yield* cpu.compareExchange(second, 0, 1)) === 0) return;
      yield* cpu.store(first, 0);
    }
    cpu.point('again');
  }
}

/** Waits in a loop for a word to be set. */
function* until(cpu: Cpu, word: Word): Generator<undefined, void, undefined> {
  while ((yield* cpu.load(word)) === 0) cpu.point('again');
}

async function expectLivelock(given: Scenario, message: RegExp): Promise<void> {
  const { failure, states } = await explore(given, STATES);
  expect(failure?.kind).toBe('livelock');
  expect(failure?.error.message).toMatch(message);
  expect(states).toBeLessThan(100);
  const again = await replay(given, failure!.schedule);
  expect(again.error?.message).toBe(failure!.error.message);
}

async function expectNone(given: Scenario): Promise<void> {
  const { failure, complete } = await explore(given, STATES);
  expect(failure?.format()).toBeUndefined();
  expect(complete).toBe(true);
}

describe('a state that comes back', () => {
  it('is a livelock of two CPUs that give way to one another for ever', async () => {
    const polite = (isPolite: boolean) =>
      scenario({
        name: 'two try for two words',
        setup: (machine) => machine.words(2),
        cpus: {
          *one([a, b], cpu) {
            yield* both(cpu, a!, b!);
            yield* cpu.store(b!, 0);
            yield* cpu.store(a!, 0);
          },
          *other([a, b], cpu) {
            yield* isPolite ? both(cpu, b!, a!) : both(cpu, a!, b!);
            yield* cpu.store(b!, 0);
            yield* cpu.store(a!, 0);
          },
        },
      }) as Scenario;
    await expectLivelock(
      polite(true),
      /^livelock: "one", "other" did not end .*again and again: .*compareExchange\(words\[0\]\)/,
    );
    // Whoever has the first word gets the second: the other one waits, but not for ever.
    await expectNone(polite(false));
  });

  it('is a livelock of two CPUs that each wait in a loop of their own', async () => {
    const waiting = scenario({
      name: 'each waits for the other',
      setup: (machine) => machine.words(2),
      cpus: {
        *one([a, b], cpu) {
          yield* until(cpu, a!);
          yield* cpu.store(b!, 1);
        },
        *other([a, b], cpu) {
          yield* until(cpu, b!);
          yield* cpu.store(a!, 1);
        },
      },
    }) as Scenario;
    await expectLivelock(waiting, /^livelock: "one", "other" did not end within \d+ steps; again/);
  });

  it('is none while somebody could go on who ends the waiting', async () => {
    const waiting = scenario({
      name: 'one waits for the other',
      setup: (machine) => machine.words(2),
      cpus: {
        *one([a], cpu) {
          yield* until(cpu, a!);
        },
        *other([a, b], cpu) {
          yield* cpu.store(b!, 1);
          yield* cpu.store(a!, 1);
        },
      },
    }) as Scenario;
    await expectNone(waiting);
  });

  it('is a livelock of one CPU, when the other waits for a lock that it has', async () => {
    const holding = scenario({
      name: 'a holder that waits in a loop',
      setup: (machine) => machine.words(2),
      cpus: {
        *holder([lock, flag], cpu) {
          yield* cpu.lock(lock!);
          yield* until(cpu, flag!);
          yield* cpu.unlock(lock!);
        },
        *setter([lock, flag], cpu) {
          yield* cpu.lock(lock!);
          yield* cpu.store(flag!, 1);
          yield* cpu.unlock(lock!);
        },
      },
    }) as Scenario;
    await expectLivelock(holding, /^livelock: "holder", "setter" did not end .* "holder" load/);
  });
});

describe('an execution without an end and without a state that comes back', () => {
  const endless = (helps: boolean) =>
    scenario({
      name: 'it counts what it has seen',
      setup: (machine) => machine.words(1),
      cpus: {
        *counter([a], cpu) {
          while ((yield* cpu.load(a!)) === 0);
        },
        *other([a], cpu) {
          if (helps) yield* cpu.store(a!, 1);
        },
      },
    }) as Scenario;
  const options = { ...STATES, maxSteps: 300, maxExecutions: 20 };

  it('is tried with turns for everybody: it may have one', async () => {
    const { failure, complete } = await explore(endless(true), options);
    expect(failure?.format()).toBeUndefined();
    expect(complete).toBe(false);
  });

  it('and is a livelock if it has none with turns', async () => {
    const { failure } = await explore(endless(false), options);
    expect(failure?.error.message).toMatch(/^livelock: "counter" did not end/);
  });
});

describe('the states on the way', () => {
  it('are those of the way that stands: others are forgotten', () => {
    const circles = new Circles();
    for (let step = 0; step < 600; step++) circles.enter(step, 0, step, 1);
    circles.enter(2, 0, 1000, 1);
    const agents = new Uint8Array(5);
    expect(circles.close(agents, 0, 2)).toBeUndefined();
    expect(circles.close(agents, 1, 3)).toBeUndefined();
    expect(circles.close(agents, 0, 3)?.round).toEqual(new Uint8Array(2));
    expect(circles.close(agents, 0, 3)?.way).toEqual(new Uint8Array(3));
  });

  it('lead round fairly if everybody who could run did', () => {
    const circles = new Circles();
    for (const [step, runnable] of [0b11, 0b01, 0b11].entries()) {
      circles.enter(step, 0, step, runnable);
    }
    expect(circles.close(Uint8Array.of(1, 0, 0), 0, 1)).toMatchObject({ isFair: false });
    expect(circles.close(Uint8Array.of(1, 0), 0, 1)).toMatchObject({ isFair: true });
    expect(circles.close(Uint8Array.of(1, 0, 0), 0, 0)).toMatchObject({ isFair: true });
  });
});
