/** What runs on each thread of a stress run. */
import { coresOfHost } from '#platform';
import { faultText } from './fault-text.js';
import { checkScenario, ScenarioError, type Scenario } from '../explore/scenario.js';
import { Conductor } from './conductor.js';
import { Control, END, RUN_ROUND, STOPPED } from './control.js';
import { Player } from './player.js';
import type { Part, ThreadData, ThreadMessage } from './protocol.js';
import { Stage } from './stage.js';

const SPIN = 0.3;
const SPIN_CROWDED = 0.02;

/** Loads the scenario, and conducts or plays a part. */
export async function serveStress(
  data: ThreadData,
  post: (message: ThreadMessage) => void,
): Promise<void> {
  try {
    const scenario = await load(data.module);
    if (data.part === undefined) await conduct(scenario, data, post);
    else play(scenario, data, data.part);
  } catch (error) {
    if (error !== STOPPED) post({ fault: faultText(error) });
  }
  post({ left: true });
}

/** The scenario that a module exports by default. */
async function load(module: string): Promise<Scenario> {
  const { default: scenario } = (await import(module)) as { default?: unknown };
  if (scenario === undefined) {
    throw new ScenarioError('it has no default export; write export default scenario({ ... })');
  }
  checkScenario(scenario);
  return scenario;
}

async function conduct(
  scenario: Scenario,
  data: ThreadData,
  post: (message: ThreadMessage) => void,
): Promise<void> {
  const cpuNames = Object.keys(scenario.cpus);
  const stage = await Stage.open(scenario);
  const control = Control.create(cpuNames.length, spinFor(cpuNames.length));
  const { buffer } = control;
  post({ booted: { scenario: scenario.name, cpuNames, control: buffer, stage: stage.data } });
  const conductor = new Conductor(scenario, data, stage, control, (counts) => post({ counts }));
  post({ ended: conductor.run() });
}

/** Milliseconds to spin in a wait: who spins without a core of its own keeps others from theirs. */
function spinFor(threads: number): number {
  return threads <= coresOfHost() ? SPIN : SPIN_CROWDED;
}

function play(scenario: Scenario, { seed }: ThreadData, part: Part): void {
  const { cpu, cpuNames } = part;
  const control = new Control(part.control, cpuNames.length, spinFor(cpuNames.length));
  const player = new Player(scenario, cpu, Stage.join(scenario, part.stage, cpu), control);
  let { signal } = control;
  control.ready();
  for (;;) {
    const command = control.awaitCommand(signal);
    if (command === END) return;
    signal = control.signal;
    const answer = command === RUN_ROUND ? player.play(control.round, seed) : player.cpu.log.told();
    if (!control.report(cpu, answer)) {
      const fault = `cpu "${cpuNames[cpu]}" leaves too much in its context`;
      control.report(
        cpu,
        command === RUN_ROUND ? { at: 0, busy: 0, outcomes: [], changes: [], fault } : [],
      );
    }
    control.done();
  }
}
