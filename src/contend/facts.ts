/** The conditions of a measurement and its balance proof, in words. */
import { count, formatNanoseconds, formatNumber } from './format.js';
import type { ContendReportData } from './types.js';

/** Name and value of each condition, in the order in which reports list them. */
export function factLines(report: ContendReportData): [string, string][] {
  const { host, build, options } = report;
  const { seconds, rounds, seed } = options;
  const pingPong = report.pingPongNs;
  return [
    ['Measured', report.startedAt],
    ['Machine', `${host.cpu}, ${count(host.cores, 'core')}, ${host.platform}, ${host.kernel}`],
    ['Load average at the start', host.load.map((load) => load.toFixed(2)).join(', ')],
    ['Runtime', `Node ${host.node}, V8 ${host.v8}`],
    ['Build', `mmemu ${build.version}, bench.wasm sha256 ${build.wasm}`],
    [
      'One cache line, there and back between two workers',
      pingPong === undefined ? 'not measured' : formatNanoseconds(pingPong),
    ],
    ['Method', `${count(rounds, 'round')} of ${formatNumber(seconds)} s a cell, seed ${seed}`],
  ];
}

/** What became of the promises that every pin is released and every counter comes back. */
export function balanceText({ balance, balanced }: ContendReportData): string {
  const { pinsTaken, pinsReleased, countersBackAtZero, violations } = balance;
  const parts = [
    `${pinsTaken} pins taken, ${pinsReleased} released`,
    countersBackAtZero ? 'every counter back at its start' : 'COUNTERS NOT BACK AT THEIR START',
    violations.length === 0
      ? 'verify() found nothing'
      : `verify() found ${count(violations.length, 'violation')}: ${violations.join('; ')}`,
  ];
  return `${balanced ? 'Balanced' : 'NOT BALANCED'}: ${parts.join('; ')}.`;
}
