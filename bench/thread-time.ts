import { readdirSync, readFileSync } from 'node:fs';
import { cpuUsage } from 'node:process';

/**
 * CPU time of this process's threads, to know whether those that measured had a core each. Linux
 * counts it for each thread; elsewhere only the sum is known.
 */

const TASKS = '/proc/self/task';

/** Seconds of CPU time so far, by thread. */
export type ThreadTimes = ReadonlyMap<string, number>;

/** The CPU time of each thread of this process; of all together where they cannot be told apart. */
export function threadTimes(): ThreadTimes {
  try {
    return new Map(readdirSync(TASKS).map((thread) => [thread, secondsOf(thread)]));
  } catch {
    const { user, system } = cpuUsage();
    return new Map([['process', (user + system) / 1e6]]);
  }
}

/** Run time is the first of the numbers there, in nanoseconds (Linux: proc_pid_schedstat). */
function secondsOf(thread: string): number {
  try {
    const [ran] = readFileSync(`${TASKS}/${thread}/schedstat`, 'latin1').split(' ');
    return Number(ran) / 1e9;
  } catch {
    return 0; // it has ended since
  }
}

/**
 * Of the threads that ran between two moments, takes as many as measured, the busiest; gives the
 * seconds that the least busy one of them ran. Whoever waits for measuring threads sleeps, so no
 * other thread is as busy as they are.
 */
export function leastBusy(before: ThreadTimes, after: ThreadTimes, threads: number): number {
  const ran = [...after].map(([thread, seconds]) => seconds - (before.get(thread) ?? 0));
  const [all] = ran;
  if (after.has('process')) return (all ?? 0) / threads;
  return ran.sort((a, b) => b - a)[threads - 1] ?? 0;
}
