import { beforeAll, describe, expect, test } from '@jest/globals';
import { buildReport, reportOf } from '../../../../src/contend/report.js';
import type {
  ContendReport,
  ContendReportData,
  RawContend,
} from '../../../../src/contend/types.js';
import { type Inspect, loadInspect } from '../../../../src/inspect/inspect.js';
import { SETTINGS, syntheticRaw, syntheticSamples } from './synthetic.js';

let inspect: Inspect;
let full: ContendReport;
beforeAll(async () => {
  inspect = await loadInspect();
  full = await report();
});

const report = (changes: Partial<RawContend> = {}): Promise<ContendReport> =>
  buildReport(syntheticRaw(changes), inspect);

/** Reads CSV as RFC 4180 has it, quotes and all. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n]*))(,|\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === '\n') rows.push([]);
    if (end === '') break;
  }
  return rows.slice(0, -1);
}

describe('a report', () => {
  test('has a row for each cell', () => {
    expect(full.rows).toHaveLength(3 * 2 * 2 * 4);
  });

  test('loads the inspection module by itself', async () => {
    expect((await buildReport(syntheticRaw())).toJSON()).toEqual(full.toJSON());
  });

  test.each([
    ['a pin was not released', { pinsReleased: 123455 }],
    ['a counter is not back', { countersBackAtZero: false }],
    ['verify() found something', { violations: ['page 7: refcount 2, expected 1'] }],
  ])('is not balanced when %s, and says so everywhere', async (_, change) => {
    const broken = await report({ balance: { ...syntheticRaw().balance, ...change } });
    expect(broken.balanced).toBe(false);
    expect(full.balanced).toBe(true);
    expect(broken.toMarkdown()).toContain('NOT BALANCED');
    expect(broken.toHTML()).toContain('NOT BALANCED');
    expect(full.toHTML()).not.toContain('NOT BALANCED');
  });

  test('as JSON is the whole report, and can be rendered again', () => {
    const read = JSON.parse(JSON.stringify(full)) as ContendReportData;
    expect(read.rows).toHaveLength(full.rows.length);
    expect(read.options.seed).toBe(1);
    expect(reportOf(read).toMarkdown()).toBe(full.toMarkdown());
    expect(reportOf(read).toCSV()).toBe(full.toCSV());
    expect(reportOf(read).toHTML()).toBe(full.toHTML());
  });

  test('as CSV reads back', () => {
    const [header, ...rows] = parseCsv(full.toCSV());
    expect(rows).toHaveLength(full.rows.length);
    const column = (name: string) => header?.indexOf(name) as number;
    rows.forEach((fields, i) => {
      const row = full.rows[i];
      expect(fields).toHaveLength((header as string[]).length);
      expect(fields[column('policy')]).toBe(row?.policy);
      expect(Number(fields[column('pairs_per_second_median')])).toBe(row?.pairsPerSecond.median);
      expect(Number(fields[column('relative_low')])).toBe(row?.relative?.low);
      expect(Number(fields[column('latency_p99_ns')])).toBe(row?.latency.p99);
    });
  });

  test('as CSV quotes what needs it and leaves empty what was not measured', () => {
    const row = { ...full.rows[0]!, policy: 'a,"b"', relative: undefined };
    const [header, fields] = parseCsv(reportOf({ ...full.toJSON(), rows: [row] }).toCSV());
    expect(fields?.[0]).toBe('a,"b"');
    expect(fields?.[header?.indexOf('relative_median') as number]).toBe('');
  });

  test('as Markdown has tables of equal width', () => {
    const tables = full.toMarkdown().match(/(^\|.*\n)+/gm) as string[];
    expect(tables).toHaveLength(2);
    for (const table of tables) {
      const widths = table
        .trim()
        .split('\n')
        .map((line) => line.split('|').length);
      expect(new Set(widths).size).toBe(1);
    }
  });
});

describe('the HTML page', () => {
  test('loads nothing and runs nothing', () => {
    const html = full.toHTML();
    expect(html).not.toMatch(/https?:|\/\/\w|<script|<link|<img|<iframe|@import|url\(|\bon\w+=/i);
  });

  test('draws a panel for each sharing and batch, twice', () => {
    const html = full.toHTML();
    expect(html.match(/<figure>/g)).toHaveLength(2 * 3 * 2);
    // A mark for each policy and number of threads in each throughput panel.
    const throughput = html.slice(html.indexOf('Throughput over'), html.indexOf('<h2>Latency'));
    expect(throughput.match(/class="mark/g)).toHaveLength(4 + 6 * 4 * 2);
    expect(throughput.match(/class="bar/g)).toHaveLength(6 * 4 * 2);
  });

  test('has no number that cannot be drawn', () => {
    expect(full.toHTML()).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  test('escapes what comes from outside', () => {
    const html = full.toHTML();
    expect(html).toContain('Synthetic CPU &lt;2 GHz&gt; &amp; &quot;Co&quot;');
    expect(html).not.toContain('<2 GHz>');
  });

  test('closes every element that it opens', () => {
    const stack: string[] = [];
    for (const [, slash, name, attributes] of full.toHTML().matchAll(/<(\/?)([a-z]\w*)([^>]*)>/g)) {
      if (slash === '/') expect(stack.pop()).toBe(name);
      else if (!attributes?.endsWith('/') && name !== 'meta') stack.push(name as string);
    }
    expect(stack).toEqual([]);
  });

  test.each([
    ['nothing was measured', []],
    ['only the first cells were', syntheticSamples().slice(0, 5)],
    ['pincount is missing', syntheticSamples().filter((sample) => sample.policy !== 'pincount')],
    ['one thread only', syntheticSamples().filter((sample) => sample.threads === 1)],
    [
      'no call was timed',
      syntheticSamples().map((s) => ({ ...s, histogram: new Uint32Array(s.histogram.length) })),
    ],
  ])('is whole when %s', async (_, samples) => {
    const partial = await report({ samples, footprints: [], interrupted: true });
    const html = partial.toHTML();
    expect(html).toContain('interrupted');
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
    expect(html.trimEnd().endsWith('</html>')).toBe(true);
    expect(partial.toMarkdown()).not.toMatch(/NaN|Infinity|undefined/);
    expect(partial.toCSV().split('\n')).toHaveLength(partial.rows.length + 2);
  });

  test('shows policies beyond the colours that there are', async () => {
    const policies = Array.from({ length: 11 }, (_, i) => `policy-${i}`);
    const html = (await report({ options: { ...SETTINGS, policies } })).toHTML();
    expect(html).toContain('policy-10');
    expect(html).not.toMatch(/class="mark s(8|9|1\d)"/);
  });
});
