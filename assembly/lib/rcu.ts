import { smpMb } from './atomic';
import { machine } from './machine';
import { PerCpu, thisCpu } from './percpu';
import { pollWhile } from './wait';

/**
 * Interrupts off as a read-side section.
 *
 * A CPU that walks something without a lock (page tables, a page cache tree, a mapping found
 * through a page) turns its interrupts off first. What it can reach is freed only after
 * `synchronize` has seen every other CPU leave the section that it was in:
 *
 *   walker    irqSeq becomes odd; walk; irqSeq becomes even
 *   freer     make the thing unreachable; synchronize; free it
 *
 * irqSeq counts, so the freer waits for one section to end and not for a moment with interrupts
 * on: a CPU that walks again and again does not hold it up. The store that makes irqSeq odd and
 * the walk's first load must not be exchanged, and neither must the freer's unlink and its first
 * look at irqSeq: of the two CPUs at least one sees the other. The walker's store is a
 * read-modify-write, the freer has a full barrier; in Linux it sends an interrupt and waits for
 * its delivery (tlb_remove_table_sync_one), which orders both.
 */

/** Turns interrupts off on this CPU (Linux: local_irq_save). Sections do not nest. */
export function localIrqSave(): void {
  const seq = thisCpu().irqSeq;
  seq.fetchAdd(1);
}

/** Turns interrupts on again (Linux: local_irq_restore). */
export function localIrqRestore(): void {
  const seq = thisCpu().irqSeq;
  seq.fetchAdd(1);
}

/**
 * Returns once every section with interrupts off that began before this call has ended
 * (Linux: tlb_remove_table_sync_one). Interrupts are on on this CPU.
 */
export function synchronize(): void {
  const self = thisCpu().cpu;
  const nrCpus = machine().nrCpus;
  smpMb(); // what was unlinked by a plain store is unlinked for everybody
  for (let cpu: u32 = 0; cpu < nrCpus; cpu++) {
    if (cpu == self) continue;
    const seq = PerCpu.of(cpu).irqSeq;
    const seen = seq.loadAcquire(); // with what the section has done
    if ((seen & 1) != 0) pollWhile(seq, seen);
  }
}
