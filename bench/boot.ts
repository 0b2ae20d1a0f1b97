/**
 * How long booting takes and how much of the host's memory a machine takes, each in a process of
 * its own (boot-child.ts).
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BootTimes, Job, ResidentMemory } from './boot-child.js';
import { inRounds, type Bench } from './section.js';

const CHILD = fileURLToPath(new URL('./boot-child.js', import.meta.url));
/** Memory is the same in every run but for some pages: it needs few. */
const MEMORY_ROUNDS_MAX = 3;
/** Frames that the memory figures rest on: 8 GiB of emulated memory; 256 MiB in a quick run. */
const FRAMES = 2 ** 21;
const FRAMES_QUICK = 2 ** 16;

/** Measures the section `boot`. */
export async function measureBoot(bench: Bench): Promise<void> {
  await inRounds(bench, 'boot', async (round) => {
    await time(bench, '256MiB');
    await time(bench, '64GiB');
    if (round < MEMORY_ROUNDS_MAX) await measureMemory(bench);
  });
}

async function time(bench: Bench, memory: '256MiB' | '64GiB'): Promise<void> {
  const contents = memory === '64GiB' ? 'none' : 'full';
  const times = await inChild<BootTimes>(bench, { job: 'boot', memory, contents });
  bench.recorder.add(`boot.${memory}.cold`, times?.coldMs);
  bench.recorder.add(`boot.${memory}.warm`, times?.warmMs);
}

async function measureMemory(bench: Bench): Promise<void> {
  const frames = bench.settings.quick ? FRAMES_QUICK : FRAMES;
  for (const kind of ['cache', 'anon', 'memfd', 'untouched'] as const) {
    const memory = await inChild<ResidentMemory>(bench, { job: kind, frames });
    bench.recorder.add(`boot.memory.${kind}`, memory?.bytesPerFrame);
  }
}

/** Runs a job in a new process; undefined if that was interrupted. */
async function inChild<Answer>(bench: Bench, job: Job): Promise<Answer | undefined> {
  if (bench.signal.aborted) return undefined;
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [CHILD, JSON.stringify(job)], (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as Answer);
      else if (bench.signal.aborted) resolve(undefined);
      else reject(new Error(`boot-child: ${stderr.trim() || error.message}`));
    });
  });
}
