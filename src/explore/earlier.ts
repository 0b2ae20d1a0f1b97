/**
 * Executions that a failure needs before its own: one alone may show that a CPU takes two locks in
 * one order, and another that somebody takes them in the other. What the failure needs is run
 * first, and its verdict then is what it was.
 */
import { runAgain } from './determinism.js';
import { Execution } from './execution.js';
import type { Program } from './program.js';
import { GivenSchedule } from './replay-strategy.js';
import type { Verdict } from './verdict.js';

/** Runs schedules for what they teach, one after the other, to the end of each and no further. */
export function runsBefore(program: Program, schedules: readonly ArrayLike<number>[]): void {
  for (const agents of schedules) {
    const execution = new Execution(program, Math.max(1, agents.length));
    execution.run(new GivenSchedule(program.log, agents, true));
  }
}

/**
 * The schedules that must come before one that fails, each as simple as it gets: of one CPU alone
 * where that is enough. The program must know nothing of earlier executions, and knows nothing
 * afterwards.
 * @param asGiven - leave them as they are
 */
export function neededBefore(
  program: Program,
  execution: Execution,
  found: Verdict,
  agents: ArrayLike<number>,
  asGiven = false,
): readonly Uint8Array[] {
  let best = found.earlier ?? [];
  if (asGiven) return best;
  const cpus = program.cpuNames.length;
  for (const at of best.keys()) {
    for (let cpu = 0; cpu < cpus; cpu++) {
      const alone = best.map((other, i) => (i === at ? other.filter(isOf(cpu, cpus)) : other));
      runsBefore(program, alone);
      const verdict = runAgain(program, execution, agents);
      program.lockOrders.forget();
      if (verdict?.key !== found.key || verdict.earlier?.length !== best.length) continue;
      best = verdict.earlier;
      break;
    }
  }
  return best;
}

function isOf(cpu: number, cpus: number): (agent: number) => boolean {
  return (agent) => agent % cpus === cpu;
}
