import { describe, expect, it } from '@jest/globals';
import { eachPart } from '../../../../src/explore/parts.js';

function partsOf(value: unknown): string {
  const parts: number[] = [];
  eachPart(value, (part) => parts.push(part));
  return parts.join();
}

class Handle {
  readonly hidden = Math.random();
}

const VALUES: readonly (() => unknown)[] = [
  () => undefined,
  () => 0,
  () => 7,
  () => -7,
  () => 0.5,
  () => 2 ** 40 + 7,
  () => 2 ** 41 + 7,
  () => NaN,
  () => true,
  () => '7',
  () => '',
  () => 7n,
  () => new Error('no'),
  () => new TypeError('no'),
  () => new Uint8Array([1, 2, 3, 4, 5]),
  () => new Uint8Array([1, 2, 3, 4, 6]),
  () => [],
  () => [7],
  () => [[7]],
  () => ({}),
  () => ({ a: 7 }),
  () => ({ b: 7 }),
  () => ({ a: { a: 7 } }),
  () => new Handle(),
];

describe('the parts of a value', () => {
  it('are the same for equal values and differ for others', () => {
    const seen = new Set<string>();
    for (const make of VALUES) {
      expect(partsOf(make())).toBe(partsOf(make()));
      seen.add(partsOf(make()));
    }
    expect(seen.size).toBe(VALUES.length);
  });

  it('are whole numbers of 32 bits, and end in something that contains itself', () => {
    const loop: Record<string, unknown> = { value: 1 / 3, far: 2 ** 53 };
    loop['self'] = loop;
    const parts: number[] = [];
    eachPart(loop, (part) => parts.push(part));
    expect(parts.every((part) => Number.isInteger(part))).toBe(true);
    expect(parts.length).toBeLessThan(200);
  });
});
