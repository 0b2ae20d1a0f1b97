import { PERCPU_BASE, PERCPU_SIZE, STRUCTS } from '../../../wasm/generated/layout.js';
import type { PendingAccess } from '../access.js';
import type { HeldLocks } from './held-locks.js';
import { inBrackets, type OracleContext } from './oracle.js';

const IRQ_SEQ = STRUCTS.PerCpu.fields.irqSeq.offset;

/** What a CPU that cannot go on waits for, and who could end that: for a deadlock. */
export function whoWaits(
  context: OracleContext,
  locks: HeldLocks,
  cpu: number,
  { address, equal }: PendingAccess,
): string {
  const { cpuNames } = context;
  const head = 'waits';
  const place = inBrackets(context.placeOf(cpu));
  const within = address - PERCPU_BASE;
  const walker = Math.floor(within / PERCPU_SIZE);
  if (!equal && cpuNames[walker] !== undefined && within % PERCPU_SIZE === IRQ_SEQ) {
    return `${head} until "${cpuNames[walker]}" turns interrupts on${place}`;
  }
  const holders = locks.holdersOf(address).map((lock) => {
    const who = lock.cpu === cpu ? 'itself' : `"${cpuNames[lock.cpu]}"`;
    return `${who} since step ${lock.step + 1}${inBrackets(lock.place)}`;
  });
  const by = holders.length === 0 ? '' : `, held by ${holders.join(' and by ')}`;
  return `${head} for ${context.nameOf(address)}${place}${by}`;
}
