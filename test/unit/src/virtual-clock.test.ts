// The machine's clock: it stands still unless a call waits for it or it is told to advance.
import { describe, expect, test } from '@jest/globals';
import { Machine } from '../../../src/index.js';
import { thrownBy, wrong } from './support.js';

/** Boots a machine whose timers write down their names and times. */
async function bootWithLog() {
  const machine = await Machine.boot({ memory: 4096 });
  const log: string[] = [];
  const at = (ms: number, name = '') =>
    machine.at(ms, () => log.push(name === '' ? `${machine.now()}` : `${name}@${machine.now()}`));
  return { machine, log, at };
}

describe('the clock', () => {
  test('stands at 0 after booting, and moves only when told', async () => {
    const { machine } = await bootWithLog();
    expect(machine.now()).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(machine.now()).toBe(0);
    machine.advance(2.5);
    machine.advance(0);
    expect(machine.now()).toBe(2.5);
  });

  test('belongs to one machine', async () => {
    const { machine } = await bootWithLog();
    const { machine: other } = await bootWithLog();
    machine.advance(7);
    expect(other.now()).toBe(0);
  });
});

describe('callbacks', () => {
  test('run when their time comes, in the order of their times', async () => {
    const { machine, log, at } = await bootWithLog();
    [30, 10, 20, 40].forEach((ms) => at(ms));
    machine.advance(30);
    expect(log).toEqual(['10', '20', '30']);
    machine.advance(9.75);
    expect(log).toHaveLength(3);
    machine.advance(1);
    expect(log).toEqual(['10', '20', '30', '40']);
    expect(machine.now()).toBe(40.75);
  });

  test('that are due together run in the order in which they were set', async () => {
    const { machine, log, at } = await bootWithLog();
    ['a', 'b', 'c'].forEach((name) => at(5, name));
    machine.advance(5);
    expect(log).toEqual(['a@5', 'b@5', 'c@5']);
  });

  test('run once', async () => {
    const { machine, log, at } = await bootWithLog();
    at(5);
    machine.advance(5);
    machine.advance(100);
    expect(log).toEqual(['5']);
  });

  test('whose time has passed run at the next advance, however short', async () => {
    const { machine, log, at } = await bootWithLog();
    machine.advance(100);
    at(10);
    at(-5);
    expect(log).toEqual([]);
    machine.advance(0);
    expect(log).toEqual(['100', '100']);
  });

  test('may set others, which run in the same advance if they are due by then', async () => {
    const { machine, log, at } = await bootWithLog();
    machine.at(10, () => {
      at(15, 'inner');
      at(25, 'later');
    });
    machine.advance(20);
    expect(log).toEqual(['inner@15']);
    machine.advance(10);
    expect(log).toEqual(['inner@15', 'later@25']);
  });

  test('may advance the clock, and time never goes backwards', async () => {
    const { machine, log, at } = await bootWithLog();
    machine.at(5, () => machine.advance(50));
    at(20);
    machine.advance(10);
    expect(log).toEqual(['20']);
    expect(machine.now()).toBe(55);
  });

  test('that throw leave the others set', async () => {
    const { machine, log, at } = await bootWithLog();
    machine.at(5, () => {
      throw new Error('boom');
    });
    at(8);
    expect(() => machine.advance(10)).toThrow('boom');
    machine.advance(10);
    expect(log).toEqual(['8']);
  });
});

describe('a time that is none', () => {
  test.each([NaN, Infinity, -Infinity])('at(%p) is a RangeError', async (ms) => {
    const { machine } = await bootWithLog();
    const error = thrownBy(() => machine.at(ms, () => undefined));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toMatch(/^ms: /);
  });

  test.each(['5', 5n, null, undefined, {}])('at(%p) is a TypeError', async (ms) => {
    const { machine } = await bootWithLog();
    const error = thrownBy(() => machine.at(wrong(ms), () => undefined));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^ms: /);
  });

  test('a callback must be one', async () => {
    const { machine } = await bootWithLog();
    expect(thrownBy(() => machine.at(1, wrong('x'))).message).toMatch(/^callback: /);
    machine.advance(5);
  });

  test.each([NaN, Infinity, -1, '5', null])('advance(%p) is refused', async (ms) => {
    const { machine } = await bootWithLog();
    const error = thrownBy(() => machine.advance(wrong(ms)));
    expect(error.message).toMatch(/^ms: /);
    expect(machine.now()).toBe(0);
  });
});
