import { EventLog } from '../../../../../../src/explore/event-log.js';
import type { OracleContext } from '../../../../../../src/explore/core/oracles/oracle.js';
import { resolveOptions } from '../../../../../../src/options.js';
import { CoreViews } from '../../../../../../src/wasm/views.js';

/** What oracles ask for, of a machine without a core: its memory is all zeros. */
export class FakeContext implements OracleContext {
  readonly views = new CoreViews(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
  readonly options = resolveOptions({ memory: '64KiB' });
  readonly cpuNames = ['a', 'b'];
  readonly log = new EventLog();
  now = 0;

  step(): number {
    return this.now;
  }
  place(): string {
    return `function file.ts:${this.now}`;
  }
  placeOf(): string {
    return 'waiter file.ts:99';
  }
  placeOfStep(step: number): string {
    return `user file.ts:${step}`;
  }
  nameOf(address: number): string {
    return `lock ${address}`;
  }
}
