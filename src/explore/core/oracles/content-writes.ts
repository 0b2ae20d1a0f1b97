import { CONTENTS_BASE, PAGE_SIZE, SchedOp } from '../../../wasm/generated/layout.js';
import type { Oracle, OracleContext } from './oracle.js';

/** A write to the contents of a frame. */
export interface ContentWrite {
  readonly cpu: number;
  readonly step: number;
}

/** Who has written to each frame last, in the execution under way. */
export class ContentWrites implements Oracle {
  readonly #context: OracleContext;
  readonly #last = new Map<number, ContentWrite>();

  constructor(context: OracleContext) {
    this.#context = context;
  }

  begin(): void {
    if (this.#last.size > 0) this.#last.clear();
  }

  access(cpu: number, address: number, op: number, size: number): undefined {
    if (size !== PAGE_SIZE || op !== SchedOp.Store) return;
    const pfn = Math.floor((address - CONTENTS_BASE) / PAGE_SIZE);
    this.#last.set(pfn, { cpu, step: this.#context.step() });
  }

  /** The last write to a frame; undefined if there was none. */
  of(pfn: number): ContentWrite | undefined {
    return this.#last.get(pfn);
  }
}
