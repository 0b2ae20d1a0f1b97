import { describe, expect, it } from '@jest/globals';
import { explore, type Policy, type Scenario } from '../../../../src/index.js';

interface Promises {
  readonly pairs: readonly Partial<Policy>[];
  readonly combinations: Readonly<Record<'fork' | 'reclaim', readonly Partial<Policy>[]>>;
  readonly sealedFile: (policy: Partial<Policy>) => Scenario;
  readonly pinnedPage: (policy: Partial<Policy>, happening: 'fork' | 'reclaim') => Scenario;
}

const folder = new URL('../../../../scenarios/promises/', import.meta.url);
const { pairs, combinations, sealedFile, pinnedPage } = {
  ...((await import(new URL('sealed-file.mjs', folder).href)) as object),
  ...((await import(new URL('pinned-page.mjs', folder).href)) as object),
} as Promises;

async function isKept(scenario: Scenario): Promise<boolean> {
  const options = { strategy: 'dpor', maxExecutions: 10_000 } as const;
  const { failure, complete } = await explore(scenario, options);
  expect(complete).toBe(failure === undefined);
  return failure === undefined;
}

describe('a sealed file', () => {
  it.each(pairs)('changes only where seals ignore pins: $pin, $seal', async (policy) => {
    // Under ignore-pins a pin that i_mmap_writable itself counts is still in the way.
    const isHole = policy.seal === 'ignore-pins' && policy.pin !== 'i-mmap-writable';
    expect(await isKept(sealedFile(policy))).toBe(!isHole);
  });
});

describe('a pinned page, across a fork', () => {
  it.each(combinations.fork)('stays with early copies alone: $cow, $forkPinned', async (policy) => {
    const isPromised = policy.forkPinned === 'early-copy-child';
    expect(await isKept(pinnedPage(policy, 'fork'))).toBe(isPromised);
  });
});

describe('a pinned page, across reclaim', () => {
  it.each(combinations.reclaim)('is not taken for shared: $cow, $unmapPinned', async (policy) => {
    // Who decides by references takes a device for a sharer, once the page was unmapped.
    const isCounted = policy.cow === 'ref-equal' || policy.cow === 'ref-one';
    const isHole = isCounted && policy.unmapPinned === 'allow';
    expect(await isKept(pinnedPage(policy, 'reclaim'))).toBe(!isHole);
  });
});
