import { describe, expect, test } from '@jest/globals';
import { measureFootprints } from '../../../../src/contend/footprint.js';
import type { FootprintRow } from '../../../../src/contend/types.js';

const POLICIES = ['get-page', 'pincount', 'i-mmap-writable', 'i-mmap-writable-percpu'];

async function rowsOf(batch: number): Promise<Map<string, FootprintRow>> {
  const rows = await measureFootprints(POLICIES, [batch]);
  return new Map(rows.map((row) => [`${row.policy} ${row.phase}`, row]));
}

/** The lines of a row that are written, by struct. */
function written(row: FootprintRow | undefined): string[] {
  return (row?.lines ?? []).filter(({ stores, rmws }) => stores + rmws > 0).map(({ line }) => line);
}

describe('the footprint of one pin', () => {
  test('is the same each time', async () => {
    expect(await measureFootprints(POLICIES, [1, 3])).toEqual(
      await measureFootprints(POLICIES, [1, 3]),
    );
  });

  test('is a walk of four levels that reads the entry twice', async () => {
    const pin = (await rowsOf(1)).get('pincount pin');
    const loads = Object.fromEntries((pin?.lines ?? []).map(({ line, loads: n }) => [line, n]));
    expect(loads).toMatchObject({ 'pgd table': 1, 'pud table': 1, 'pmd table': 1, 'pte table': 2 });
  });

  test('writes the page, and what belongs to this CPU, under every policy', async () => {
    const rows = await rowsOf(1);
    for (const policy of POLICIES) {
      expect(written(rows.get(`${policy} pin`))).toEqual(
        expect.arrayContaining(['per_cpu', 'page[0]', 'pages vector']),
      );
    }
  });

  test('has one line more that users of the file share, if i_mmap_writable is raised', async () => {
    const rows = await rowsOf(1);
    const line = (policy: string, phase: string) =>
      rows.get(`${policy} ${phase}`)?.lines.find(({ line: name }) => name === 'address_space');
    expect(line('i-mmap-writable', 'pin')).toMatchObject({
      fields: ['i_mmap_writable'],
      scope: 'file',
      rmws: 1,
    });
    expect(line('i-mmap-writable', 'unpin')).toMatchObject({ rmws: 1 });
    expect(line('pincount', 'pin')).toBeUndefined();
    expect(line('i-mmap-writable-percpu', 'pin')).toMatchObject({ stores: 0, rmws: 0 });
  });

  test('takes a second operation on the count of the page for the bias of pincount', async () => {
    const rows = await rowsOf(1);
    const onPage = (policy: string) =>
      rows.get(`${policy} pin`)?.lines.find(({ line }) => line === 'page[0]')?.rmws ?? 0;
    expect(onPage('pincount')).toBe(onPage('get-page') + 1);
  });

  test('counts the file once for a whole batch', async () => {
    const rows = await rowsOf(16);
    const file = rows
      .get('i-mmap-writable pin')
      ?.lines.find(({ line }) => line === 'address_space');
    expect(file?.rmws).toBe(1);
    expect(rows.get('i-mmap-writable pin')?.perPage.rmws).toBeLessThan(
      rows.get('pincount pin')?.perPage.rmws ?? 0,
    );
  });
});
