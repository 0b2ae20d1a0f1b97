import type { ResolvedOptions } from '../options.js';
import { MACHINE_BASE } from '../wasm/generated/layout.js';
import type { CoreViews } from '../wasm/views.js';
import { CoreMemory, offsetsOf } from './core-memory.js';
import { Findings } from './violation.js';

/** What a check works with. */
export interface VerifyContext {
  readonly views: CoreViews;
  readonly options: ResolvedOptions;
  /** How many page-table entries the core's own reverse map finds for a page. */
  rmapCount(pfn: number): number;
  /** How many pins the core itself sees in a page. */
  pagePins(pfn: number): number;
}

const MACHINE = offsetsOf('MachineState');

/** One check of a machine: what it reads, what it knows from boot, and what it has found so far. */
export class Audit {
  readonly context: VerifyContext;
  readonly memory: CoreMemory;
  readonly findings = new Findings();
  readonly nrCpus: number;
  readonly nrFrames: number;
  /** PIN_* and SEAL_*. */
  readonly pinPolicy: number;
  readonly sealPolicy: number;

  constructor(context: VerifyContext) {
    this.context = context;
    this.memory = new CoreMemory(context.views.memory);
    const machineWord = (offset: number) => this.memory.u32(MACHINE_BASE + offset);
    this.nrCpus = machineWord(MACHINE.nrCpus);
    this.nrFrames = machineWord(MACHINE.nrFrames);
    this.pinPolicy = machineWord(MACHINE.pinPolicy);
    this.sealPolicy = machineWord(MACHINE.sealPolicy);
  }

  /** Where a CPU's area begins. */
  perCpu(cpu: number): number {
    return this.context.views.perCpu(cpu);
  }

  /** The CPUs' numbers. */
  cpus(): number[] {
    return Array.from({ length: this.nrCpus }, (_, cpu) => cpu);
  }
}
