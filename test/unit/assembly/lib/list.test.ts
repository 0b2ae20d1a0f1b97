import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TestMachine } from '../../../helpers/machine.js';
import { holds } from '../../../helpers/property.js';

const LINKS = 12;
const LINK_SIZE = 16;

const machine = new TestMachine();
const { core } = machine;

/** A head and LINKS links that are in no list. */
function newList(): { head: number; links: number[] } {
  const base = machine.arena(0, (LINKS + 1) * LINK_SIZE);
  const links = Array.from({ length: LINKS }, (_, i) => base + (i + 1) * LINK_SIZE);
  for (const link of [base, ...links]) core.listInit(link);
  return { head: base, links };
}

/** The links of a list in order, after a look that both directions agree. */
function linksOf(head: number): number[] {
  const found: number[] = [];
  let before = head;
  let at = machine.word(head);
  while (at !== head && found.length <= LINKS) {
    assert.equal(machine.word(at + 4), before);
    found.push(at);
    before = at;
    at = machine.word(at);
  }
  expect(machine.word(head + 4)).toBe(before);
  return found;
}

describe('a list', () => {
  test('is empty when made: head points at itself', () => {
    const { head } = newList();
    expect(core.listIsEmpty(head)).toBe(1);
    expect(linksOf(head)).toEqual([]);
  });

  test('keeps the order of any sequence of add, addTail and del', () => {
    const step = fc.record({ link: fc.nat(LINKS - 1), atTail: fc.boolean() });
    holds([fc.array(step, { maxLength: 60 })], 200, (steps) => {
      const { head, links } = newList();
      const model: number[] = [];
      for (const { link, atTail } of steps) {
        const address = links[link]!;
        const place = model.indexOf(address);
        if (place >= 0) {
          core.listDel(address);
          model.splice(place, 1);
          expect(core.listIsEmpty(address)).toBe(1);
        } else if (atTail) {
          core.listAddTail(head, address);
          model.push(address);
        } else {
          core.listAdd(head, address);
          model.unshift(address);
        }
        assert.deepEqual(linksOf(head), model);
        expect(core.listIsEmpty(head)).toBe(model.length === 0 ? 1 : 0);
      }
    });
  });
});
