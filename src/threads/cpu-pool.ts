import { startCpu } from '#platform';
import type { CpuThread } from '../platform/types.js';
import type { CpuReply } from './protocol.js';

/** How a call on a worker's CPU ends badly. */
export interface CpuFailure {
  readonly cpu: number;
  /** True if the core trapped, so that the machine's panic record may say why. */
  readonly trapped: boolean;
  readonly reason: string;
}

/** What the pool needs of its machine. */
export interface PoolOwner {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Called at the first failure: stops the machine, and returns the error that calls end with. */
  failed(failure: CpuFailure): Error;
}

interface Cpu {
  readonly thread: CpuThread;
  readonly pending: Map<number, { resolve(value: number): void; reject(error: Error): void }>;
}

/** A stopped machine's CPUs get so long (ms) to notice before their threads are ended. */
const GRACE_MS = 300;

/**
 * The workers of a machine, one a CPU from 1 on, started when first used. A worker that dies fails
 * the machine, and with it every call that is under way; nobody waits for a dead worker.
 */
export class CpuPool {
  readonly #owner: PoolOwner;
  readonly #cpus = new Map<number, Cpu>();
  #nextId = 1;
  #ended: Error | undefined;

  constructor(owner: PoolOwner) {
    this.#owner = owner;
  }

  /**
   * Runs one export of the core on a worker's CPU; calls on one CPU run in order.
   * @throws the error of the machine, when it stops or closes meanwhile
   */
  call(cpu: number, name: string, args: readonly (number | boolean)[]): Promise<number> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const target = this.#cpus.get(cpu) ?? this.#start(cpu);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (target.pending.size === 0) target.thread.setBusy(true);
      target.pending.set(id, { resolve, reject });
      target.thread.post({ id, name, args });
    });
  }

  /** Ends every worker; calls under way end with `error`. Resolves when the threads are gone. */
  async end(error: Error): Promise<void> {
    this.#ended ??= error;
    for (const cpu of this.#cpus.values()) rejectAll(cpu, this.#ended);
    await Promise.all([...this.#cpus.values()].map(({ thread }) => thread.terminate()));
    this.#cpus.clear();
  }

  /** The thread of a CPU, for tests that kill it. */
  worker(cpu: number): CpuThread | undefined {
    return this.#cpus.get(cpu)?.thread;
  }

  #start(number: number): Cpu {
    const { module, memory } = this.#owner;
    const pending: Cpu['pending'] = new Map();
    const thread = startCpu(
      { cpu: number, module, memory },
      {
        onReply: (reply) => this.#settle(number, cpu, reply),
        onDeath: (reason) => this.#fail({ cpu: number, trapped: false, reason }),
      },
    );
    const cpu: Cpu = { thread, pending };
    this.#cpus.set(number, cpu);
    return cpu;
  }

  #settle(number: number, cpu: Cpu, reply: CpuReply): void {
    const caller = cpu.pending.get(reply.id);
    cpu.pending.delete(reply.id);
    if (cpu.pending.size === 0) cpu.thread.setBusy(false);
    if (reply.trap === undefined) {
      caller?.resolve(reply.value ?? 0);
      return;
    }
    this.#fail({ cpu: number, trapped: true, reason: reply.trap });
    caller?.reject(this.#ended ?? new Error(reply.trap));
  }

  /** The first failure stops the machine; the others' calls end with the same error. */
  #fail(failure: CpuFailure): void {
    if (this.#ended !== undefined) return;
    const error = this.#owner.failed(failure);
    this.#ended = error;
    const timer = setTimeout(() => void this.end(error), GRACE_MS);
    timer.unref();
    for (const cpu of this.#cpus.values()) rejectAll(cpu, error);
  }
}

function rejectAll(cpu: Cpu, error: Error): void {
  for (const caller of cpu.pending.values()) caller.reject(error);
  cpu.pending.clear();
}
