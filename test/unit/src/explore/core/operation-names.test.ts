import { describe, expect, it } from '@jest/globals';
import { operationName } from '../../../../../src/explore/core/operation-names.js';
import {
  PAGE_SIZE,
  SCHED_OP_BITS,
  SchedNamed,
  SchedOp,
} from '../../../../../src/wasm/generated/layout.js';

describe('the name of an access', () => {
  it('is that of Linux, for every kind that the core announces', () => {
    const named = new Set(Object.values(SchedNamed).map((op) => op & SCHED_OP_BITS));
    for (const op of Object.values(SchedOp)) {
      if (named.has(op) && op !== SchedOp.StoreRelease) continue;
      expect([op, operationName(op, 4)]).toEqual([op, expect.stringMatching(/^[A-Za-z_]+$/)]);
    }
    const names = Object.values(SchedNamed).map((op) => operationName(op, 4));
    expect(new Set(names).size).toBe(Object.keys(SchedNamed).length);
  });

  it('says what a read-modify-write does', () => {
    expect(operationName(SchedNamed.FetchAdd, 4)).toBe('atomic_fetch_add');
    expect(operationName(SchedNamed.FetchAdd, 8)).toBe('atomic64_fetch_add');
    expect(operationName(SchedNamed.TestAndSetBit, 8)).toBe('test_and_set_bit');
    expect(operationName(SchedNamed.Exchange, 8)).toBe('xchg');
    expect(operationName(SchedOp.Cmpxchg, 4)).toBe('cmpxchg');
  });

  it('says how the contents of a frame are accessed', () => {
    expect(operationName(SchedOp.Load, PAGE_SIZE)).toBe('read');
    expect(operationName(SchedOp.Store, PAGE_SIZE)).toBe('write');
  });
});
