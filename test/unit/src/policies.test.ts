// The axes of `policy`, and which choices make sense together.
import { describe, expect, test } from '@jest/globals';
import { Machine, policies } from '../../../src/index.js';
import { policyCodes, resolvePolicy } from '../../../src/policies.js';
import {
  expectSound,
  isValid,
  type PinAndSeal,
  PIN_POLICIES,
  SEAL_POLICIES,
  thrownBy,
  VALID_POLICIES,
  wrong,
} from './support.js';

const ALL: PinAndSeal[] = PIN_POLICIES.flatMap((pin) =>
  SEAL_POLICIES.map((seal) => ({ pin, seal })),
);

describe('policies()', () => {
  test('lists the axes and their values', () => {
    const listed = policies().map(({ axis, values }) => [axis, values.map(({ name }) => name)]);
    expect(listed).toEqual([
      [
        'pin',
        ['get-page', 'pincount', 'i-mmap-writable', 'i-mmap-writable-percpu', 'read-write-split'],
      ],
      ['seal', ['ignore-pins', 'wait-for-pins', 'refuse-if-counted', 'dontpin']],
      ['lruBatch', ['none', 'batch-local', 'batch-all', 'batch-disabled']],
      ['cow', ['ref-equal', 'map-plus-swap', 'ref-one', 'anon-exclusive']],
      ['unmapPinned', ['allow', 'refuse-if-ref-ne-map-plus-2', 'refuse-if-exclusive-and-pinned']],
      ['forkPinned', ['share', 'early-copy-child', 'early-copy-child-no-seqcount']],
    ]);
  });

  test("has one default an axis: Linux's", () => {
    const defaults = policies().map(({ values }) => values.filter((value) => value.default));
    expect(defaults.map((values) => values.map(({ name }) => name))).toEqual([
      ['pincount'],
      ['wait-for-pins'],
      ['batch-local'],
      ['anon-exclusive'],
      ['refuse-if-exclusive-and-pinned'],
      ['early-copy-child'],
    ]);
  });

  test('describes each in a line, and says where it comes from', () => {
    for (const { values } of policies()) {
      for (const value of values) {
        expect(Object.keys(value).sort()).toEqual(['default', 'description', 'name', 'source']);
        expect(value.description).toMatch(/^\S.{20,90}\S$/);
        expect(value.source).toMatch(/^\S.{5,100}\S$/);
      }
    }
  });

  test('gives each caller a list of its own', () => {
    const mine = policies();
    mine.pop();
    Object.assign(mine[0]?.values[0] ?? {}, { name: 'changed' });
    expect(policies()).toHaveLength(6);
    expect(policies()[0]?.values[0]?.name).toBe('get-page');
  });
});

describe('a combination', () => {
  test.each(VALID_POLICIES)('$pin with $seal boots', async (policy) => {
    await using machine = await Machine.boot({ memory: '1MiB', policy });
    expect(machine.policy).toMatchObject(policy);
    machine.spawn();
    expectSound(machine);
  });

  test('that makes no sense is refused, and the message says which axis to change', () => {
    const refused = ALL.filter((policy) => !isValid(policy));
    expect(refused).toEqual([{ pin: 'get-page', seal: 'refuse-if-counted' }]);
    for (const policy of refused) {
      const error = thrownBy(() => resolvePolicy(policy));
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toMatch(/^policy: .*; change pin$/);
    }
  });

  test('has numbers of its own for the core', () => {
    const codes = VALID_POLICIES.map((policy) =>
      JSON.stringify(policyCodes(resolvePolicy(policy))),
    );
    expect(new Set(codes).size).toBe(VALID_POLICIES.length);
  });
});

describe('a choice that does not exist', () => {
  test.each(['pinn', 'cows', 'constructor', 'toString'])('is refused by its axis: %s', (axis) => {
    const error = thrownBy(() => resolvePolicy(wrong({ [axis]: 'pincount' })));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe(
      `policy: there is no axis "${axis}"; there are ${policies()
        .map((each) => each.axis)
        .join(', ')}`,
    );
  });

  test.each(['none', '', 'PINCOUNT', 'toString', '__proto__'])('is refused by name: %j', (pin) => {
    const error = thrownBy(() => resolvePolicy(wrong({ pin })));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toMatch(/^policy\.pin: there is no ".*"; there are get-page, pincount, /);
  });

  test.each([3, null, true, ['pincount'], {}])('is refused by type: %j', (seal) => {
    const error = thrownBy(() => resolvePolicy(wrong({ seal })));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^policy\.seal: /);
  });
});
