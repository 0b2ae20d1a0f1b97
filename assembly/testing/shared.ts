import { Atomic, cellAt } from '../lib/atomic';
import { RwSem } from '../lib/rwsem';
import { SeqCount } from '../lib/seqlock';
import { SpinLock } from '../lib/spinlock';
import { waitWhile } from '../lib/wait';

// ╒═══════════════ struct shared (576 bytes), zeroed by the test ═══════════════╕
//   +0    arrived  u32  atomic: CPUs that have come to the gate
//   +4    open     u32  atomic: the gate
//   +64   lock     u32  a spinlock, an rw_semaphore or a seqcount
//   +68   writers  u32  lock of the writers of a seqcount
//   +128  first    u64  what the lock protects: always equal to `second`
//   +192  second   u64
//   +256  stop     u32  atomic: ends the loops that have no number of rounds
//   +260  pointer  u32  atomic: the object that walkers may use
//   +320  mailbox  64 x u32  atomic: what one CPU leaves for another

/** What the CPUs of one hammering test have in common. */
@unmanaged
export class Shared {
  private _arrived: u32;
  private _open: u32;


  @inline get arrived(): Atomic<u32> {
    return cellAt<u32>(changetype<usize>(this));
  }


  @inline get open(): Atomic<u32> {
    return cellAt<u32>(changetype<usize>(this) + 4);
  }


  @inline get spinLock(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + 64);
  }


  @inline get rwSem(): RwSem {
    return changetype<RwSem>(changetype<usize>(this) + 64);
  }


  @inline get seqCount(): SeqCount {
    return changetype<SeqCount>(changetype<usize>(this) + 64);
  }


  @inline get writers(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + 68);
  }


  @inline get stop(): Atomic<u32> {
    return cellAt<u32>(changetype<usize>(this) + 256);
  }


  @inline get pointer(): Atomic<u32> {
    return cellAt<u32>(changetype<usize>(this) + 260);
  }


  @inline mailbox(slot: u32): Atomic<u32> {
    return cellAt<u32>(changetype<usize>(this) + 320 + ((<usize>(slot % MAILBOX_SLOTS)) << 2));
  }

  /** Waits until so many CPUs have come, so that their loops run at the same time. */
  meet(cpus: u32): void {
    if (this.arrived.fetchAdd(1) == cpus - 1) {
      this.open.store(1);
      this.open.notifyAll();
    } else {
      waitWhile(this.open, 0);
    }
  }

  /** Adds one to both words with plain accesses, which only a lock makes exact. */
  bump(): void {
    const at = changetype<usize>(this);
    store<u64>(at, load<u64>(at, FIRST) + 1, FIRST);
    store<u64>(at, load<u64>(at, SECOND) + 1, SECOND);
  }

  /** 1 if the words differ: somebody wrote between the two loads, or is about to. */
  torn(): u32 {
    const at = changetype<usize>(this);
    return load<u64>(at, FIRST) == load<u64>(at, SECOND) ? 0 : 1;
  }
}

const FIRST: usize = 128;
const SECOND: usize = 192;
const MAILBOX_SLOTS: u32 = 64;

if (offsetof<Shared>() != 8) ERROR('the cells of struct shared lie behind its gate by hand');

/** The next of a sequence of pseudo-random numbers; never 0 (Marsaglia's xorshift, 32 bits). */
export function nextRandom(seed: u32): u32 {
  let x = seed;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return x;
}
