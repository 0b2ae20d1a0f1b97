import { MachinePanicError, type TraceEvent } from './errors.js';
import { BUGS } from './wasm/generated/bugs.js';
import * as layout from './wasm/generated/layout.js';
import type { CoreViews } from './wasm/views.js';

/** Names of the events that the core's trace records (assembly/lib/trace.ts). */
const KINDS: Readonly<Record<number, string>> = {
  [layout.TRACE_MMAP]: 'mmap',
  [layout.TRACE_MUNMAP]: 'munmap',
  [layout.TRACE_MPROTECT]: 'mprotect',
  [layout.TRACE_FAULT]: 'fault',
  [layout.TRACE_SEAL]: 'seal',
  [layout.TRACE_TRUNCATE]: 'truncate',
  [layout.TRACE_GUP_SLOW]: 'gup-slow',
  [layout.TRACE_EXIT]: 'exit',
  [layout.TRACE_EVICT]: 'evict',
  [layout.TRACE_FORK]: 'fork',
  [layout.TRACE_MREMAP]: 'mremap',
};

/** The error of a machine whose core has recorded a failed check. */
export function panicFromRecord(views: CoreViews): MachinePanicError {
  const id = views.read('MachineState', 'panicId', layout.MACHINE_BASE);
  const cpu = views.read('MachineState', 'panicCpu', layout.MACHINE_BASE);
  const bug = BUGS[id];
  return new MachinePanicError({
    reason: bug?.text ?? `check ${id} failed`,
    cpu,
    file: bug?.file,
    line: bug?.line,
    events: lastEvents(views),
  });
}

/** The last events of every CPU. */
export function lastEvents(views: CoreViews): TraceEvent[] {
  const cpus = views.read('MachineState', 'nrCpus', layout.MACHINE_BASE);
  return Array.from({ length: cpus }, (_, cpu) => eventsOf(views, cpu)).flat();
}

function eventsOf(views: CoreViews, cpu: number): TraceEvent[] {
  const area = views.perCpu(cpu);
  const next = views.read('PerCpu', 'traceNext', area);
  const count = Math.min(next, layout.TRACE_EVENTS);
  return Array.from({ length: count }, (_, i) => {
    const slot = (next - count + i) % layout.TRACE_EVENTS;
    const at = area + layout.PERCPU_TRACE + slot * layout.TRACE_EVENT_SIZE;
    const kind = views.u32At(at);
    return {
      cpu,
      kind: KINDS[kind] ?? `event ${kind}`,
      value: Number(views.u64At(at + 8)),
      extra: views.u32At(at + 4),
    };
  });
}
