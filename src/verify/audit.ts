import type { ResolvedOptions } from '../options.js';
import { policyCodes } from '../policies.js';
import { MACHINE_BASE, PAGE_SIZE } from '../wasm/generated/layout.js';
import type { CoreViews } from '../wasm/views.js';
import { CoreMemory, offsetsOf } from './core-memory.js';
import { Findings } from './violation.js';

/** What a check works with. */
export interface VerifyContext {
  readonly views: CoreViews;
  readonly options: ResolvedOptions;
  /** How many page-table entries the core's own reverse map finds for a page. */
  readonly rmapCount: (pfn: number) => number;
  /** How many pins the core itself sees in a page. */
  readonly pagePins: (pfn: number) => number;
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
  /** True where PG_anon_exclusive tells which pages are one process's own. */
  readonly keepsExclusive: boolean;

  constructor(context: VerifyContext) {
    this.context = context;
    this.memory = new CoreMemory(context.views.memory);
    const { cpus, memory, policy } = context.options;
    const codes = policyCodes(policy);
    this.nrCpus = cpus;
    this.nrFrames = memory / PAGE_SIZE;
    this.pinPolicy = codes.pin;
    this.sealPolicy = codes.seal;
    this.keepsExclusive = policy.cow === 'anon-exclusive';
    this.#checkMachine();
  }

  /** Where a CPU's area begins. */
  perCpu(cpu: number): number {
    return this.context.views.perCpu(cpu);
  }

  /** The CPUs' numbers. */
  cpus(): number[] {
    return Array.from({ length: this.nrCpus }, (_, cpu) => cpu);
  }

  /** The core's copy of what it was booted as. */
  #checkMachine(): void {
    const noted = (name: string, offset: number, expected: number) =>
      this.findings.equal(
        'machine',
        'machine',
        expected,
        this.memory.u32(MACHINE_BASE + offset),
        name,
      );
    noted('nrCpus', MACHINE.nrCpus, this.nrCpus);
    noted('nrFrames', MACHINE.nrFrames, this.nrFrames);
    noted('pinPolicy', MACHINE.pinPolicy, this.pinPolicy);
    noted('sealPolicy', MACHINE.sealPolicy, this.sealPolicy);
    const codes = policyCodes(this.context.options.policy);
    noted('lruBatch', MACHINE.lruBatch, codes.lruBatch);
    noted('cowPolicy', MACHINE.cowPolicy, codes.cow);
    noted('unmapPinned', MACHINE.unmapPinned, codes.unmapPinned);
    noted('forkPinned', MACHINE.forkPinned, codes.forkPinned);
  }
}
