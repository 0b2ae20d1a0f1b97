import { Atomic, smpMb, smpRmb } from './atomic';

/**
 * Tells lockless readers that a writer was at work (Linux: seqcount_t): odd while one is. Writers
 * exclude one another by a lock of their own.
 */
@unmanaged
export class SeqCount {
  private _sequence: u32;


  @inline get sequence(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<SeqCount>('_sequence'));
  }

  /** The count before reading; odd: a writer is at work (Linux: raw_read_seqcount). */
  @inline read(): u32 {
    return this.sequence.loadAcquire();
  }

  /** True if a writer began or ended since `start` was read (Linux: read_seqcount_retry). */
  @inline retry(start: u32): bool {
    smpRmb(); // what was read between must not be read after this
    return this.sequence.load() != start;
  }

  /** Starts writing; the caller's lock is held (Linux: raw_write_seqcount_begin). */
  writeBegin(): void {
    this.sequence.add(1);
    smpMb();
  }

  /** Ends writing (Linux: raw_write_seqcount_end). */
  writeEnd(): void {
    smpMb();
    this.sequence.add(1);
  }
}
