import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { categoryAxis, linearAxis, logAxis, mark, PANEL } from '../../../../src/contend/svg.js';

const floor = PANEL.height - PANEL.bottom;
const labels = (axis: { ticks: readonly { label: string }[] }) => axis.ticks.map((t) => t.label);

describe('axes', () => {
  test('have round ticks from 0 to above the highest value', () => {
    expect(labels(linearAxis(76, 'x'))).toEqual(['0', '20', '40', '60', '80']);
    expect(labels(linearAxis(0.9, 'x'))).toEqual(['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']);
    expect(labels(linearAxis(10, 'x'))).toEqual(['0', '2', '4', '6', '8', '10']);
  });

  test('can be drawn for values that are all 0, or infinite', () => {
    for (const highest of [0, Infinity, NaN]) {
      expect(linearAxis(highest, 'x').scale(0)).toBe(floor);
    }
  });

  test('put every value on the panel', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), (highest) => {
        const { scale, ticks } = linearAxis(highest, 'x');
        expect(scale(highest)).toBeGreaterThanOrEqual(PANEL.top - 1e-6);
        expect(scale(highest)).toBeLessThan(floor);
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        expect(ticks.length).toBeLessThanOrEqual(7);
      }),
    );
  });

  test('are logarithmic over whole decades', () => {
    const axis = logAxis(25, 5000, 'x', String);
    expect(labels(axis)).toEqual(['10', '100', '1000', '10000']);
    expect(axis.scale(10)).toBeCloseTo(floor, 9);
    expect(axis.scale(10_000)).toBeCloseTo(PANEL.top, 9);
    expect(labels(logAxis(100, 100, 'x', String))).toEqual(['100', '1000']);
  });

  test('give every category its place', () => {
    const axis = categoryAxis(['1', '2', '4'], 'threads');
    const places = [0, 1, 2].map(axis.scale);
    expect((places[0] as number) > PANEL.left && (places[2] as number) < PANEL.width).toBe(true);
    expect((places[1] as number) - (places[0] as number)).toBeCloseTo(
      (places[2] as number) - (places[1] as number),
      9,
    );
  });
});

test('hints are escaped', () => {
  expect(mark(0, 0, 0, '<a & "b">')).toContain('<title>&lt;a &amp; &quot;b&quot;&gt;</title>');
});
