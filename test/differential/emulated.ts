/**
 * The emulator's side of a sequence.
 */
import { Machine, type MachineOptions } from '../../src/index.js';
import { type Answer, call } from '../syscalls/calls.js';
import { endContext, newContext } from '../syscalls/context.js';
import type { Answers, Sequence } from './native.js';

/** One machine in which sequences run one after the other. */
export class EmulatedKernel {
  readonly #machine: Machine;

  private constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Boots a machine that is configured as the kernel of the oracle is. */
  static async boot(swap: MachineOptions['swap'] = 0): Promise<EmulatedKernel> {
    return new EmulatedKernel(await Machine.boot({ memory: '64MiB', cpus: 1, swap }));
  }

  /**
   * The answers to a sequence. An error that the interface does not promise counts as an answer
   * that no kernel gives, so that it is found and shrunk as any other difference.
   */
  run(lines: Sequence): Answers {
    const context = newContext(this.#machine);
    const answers = lines.map((line): Answer => {
      try {
        return call(context, line);
      } catch (error) {
        return { error: String(error) };
      }
    });
    endContext(context);
    return answers;
  }

  /** What is unsound in the machine now, as text. */
  violations(): string[] {
    return this.#machine.verify().map(({ message }) => message);
  }

  /** Ends the machine. */
  close(): Promise<void> {
    return this.#machine.close();
  }
}
