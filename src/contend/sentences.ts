/** One sentence for each policy that says what it costs, computed from the rows and footprints. */
import { contendedLines, pairFootprints, type PairFootprint } from './cache-lines.js';
import { count, formatNanoseconds, formatNumber, formatRange } from './format.js';
import {
  type ContendRow,
  type Estimate,
  type FootprintRow,
  type PolicySentence,
  REFERENCE_POLICY,
  type Sharing,
} from './types.js';

/** Where the argument of 2014 is decided comes first: many users of one file. */
const PREFERRED: readonly Sharing[] = ['same-file', 'same-page', 'separate-files'];

const PLACES: Readonly<Record<Sharing, string>> = {
  'same-page': 'one page',
  'same-file': 'one file',
  'separate-files': 'separate files',
};

/** Everything that one sentence is made of. */
interface Subject {
  readonly policy: string;
  /** The row that the sentence is about: most threads, smallest batch. */
  readonly row: ContendRow;
  /** The same cell under the reference policy. */
  readonly reference: ContendRow | undefined;
  /** The same cell with the largest batch, when there is more than one. */
  readonly batched: ContendRow | undefined;
  readonly footprint: PairFootprint | undefined;
  readonly referenceFootprint: PairFootprint | undefined;
}

/** A sentence for each of `policies`; one that has no row is said to be not measured. */
export function buildSentences(
  policies: readonly string[],
  rows: readonly ContendRow[],
  footprints: readonly FootprintRow[],
): PolicySentence[] {
  const pairs = pairFootprints(footprints);
  return policies.map((policy) => {
    const subject = findSubject(policy, rows, pairs);
    const text = subject === undefined ? 'not measured' : clausesOf(subject).join('; ');
    return { policy, text: `${policy}: ${text}.` };
  });
}

function findSubject(
  policy: string,
  rows: readonly ContendRow[],
  pairs: readonly PairFootprint[],
): Subject | undefined {
  const own = rows.filter((row) => row.policy === policy);
  const sharing = PREFERRED.find((one) => own.some((row) => row.sharing === one));
  const inPlace = own.filter((row) => row.sharing === sharing);
  const threads = Math.max(...inPlace.map((row) => row.threads));
  const byBatch = inPlace
    .filter((row) => row.threads === threads)
    .sort((a, b) => a.batch - b.batch);
  const row = byBatch[0];
  if (row === undefined) return undefined;
  return {
    policy,
    row,
    reference: rows.find((other) => isSameCell(other, row) && other.policy === REFERENCE_POLICY),
    batched: byBatch.length > 1 ? byBatch.at(-1) : undefined,
    footprint: smallestBatch(pairs, policy),
    referenceFootprint: smallestBatch(pairs, REFERENCE_POLICY),
  };
}

function clausesOf(subject: Subject): string[] {
  const { policy, row } = subject;
  const isReference = policy === REFERENCE_POLICY;
  const clauses = isReference
    ? [`the reference, ${where(row)} a pin and its unpin take ${nsPerPair(row)} of a thread's time`]
    : [costClause(subject)];
  clauses.push(...footprintClauses(subject, isReference));
  clauses.push(...scalingClauses(subject, isReference));
  const { batched } = subject;
  if (batched !== undefined) {
    const pages = `with ${batched.batch} pages a call`;
    clauses.push(
      isReference || batched.relative === undefined
        ? `${pages} it takes ${nsPerPair(batched)} a page`
        : `${pages} it costs ${times(batched.relative)}`,
    );
  }
  return clauses;
}

function costClause({ row }: Subject): string {
  if (row.relative === undefined) {
    return `${where(row)} a pin and its unpin take ${nsPerPair(row)} of a thread's time`;
  }
  const doubt = row.rounds === 1 ? ' (one round only)' : '';
  return `${where(row)} a pin costs ${times(row.relative)} what ${REFERENCE_POLICY} costs${doubt}`;
}

function footprintClauses(subject: Subject, isReference: boolean): string[] {
  const { footprint, referenceFootprint, row } = subject;
  if (footprint === undefined) return [];
  const own = contendedLines(footprint, row.sharing);
  const per = footprint.batch === 1 ? 'per pin' : `per call of ${count(footprint.batch, 'page')}`;
  if (isReference || referenceFootprint?.batch !== footprint.batch) {
    return [`it writes ${named(own)} there ${per}`];
  }
  const base = contendedLines(referenceFootprint, row.sharing);
  const more = own.length - base.length;
  if (more === 0) return [`it touches no more contended cache lines ${per}`];
  const added = own.filter((line) => !base.includes(line));
  const names = more > 0 && added.length > 0 ? ` (${added.slice(0, 3).join(', ')})` : '';
  const amount = `${Math.abs(more)} ${more > 0 ? 'more' : 'fewer'} contended cache line`;
  return [`it touches ${amount}${Math.abs(more) === 1 ? '' : 's'} ${per}${names}`];
}

function named(lines: readonly string[]): string {
  if (lines.length === 0) return 'no contended cache line';
  const names = lines.slice(0, 3).join(', ') + (lines.length > 3 ? ', …' : '');
  return `${count(lines.length, 'contended cache line')} (${names})`;
}

function scalingClauses({ row, reference }: Subject, isReference: boolean): string[] {
  if (row.threads === 1 || row.scaling === undefined) return [];
  const base = reference?.scaling;
  const compared = isReference || base === undefined ? '' : ` (${REFERENCE_POLICY} ×${two(base)})`;
  return [`from 1 to ${row.threads} threads it scales ×${two(row.scaling)}${compared}`];
}

function where(row: ContendRow): string {
  return `on ${PLACES[row.sharing]} with ${count(row.threads, 'thread')}`;
}

function nsPerPair(row: ContendRow): string {
  return formatNanoseconds(row.nsPerPair);
}

/** Turns a throughput ratio into a price, saying so when it cannot be told from 1. */
function times({ median, low, high }: Estimate): string {
  const range = formatRange(1 / high, 1 / low);
  if (low <= 1 && high >= 1) return `the same within the error (${range} times)`;
  const price = formatNumber(1 / median);
  return range === price ? `${price} times` : `${price} times (${range})`;
}

function two(estimate: Estimate): string {
  return formatNumber(estimate.median);
}

function isSameCell(a: ContendRow, b: ContendRow): boolean {
  return a.sharing === b.sharing && a.threads === b.threads && a.batch === b.batch;
}

function smallestBatch(pairs: readonly PairFootprint[], policy: string): PairFootprint | undefined {
  return pairs.filter((pair) => pair.policy === policy).sort((a, b) => a.batch - b.batch)[0];
}
