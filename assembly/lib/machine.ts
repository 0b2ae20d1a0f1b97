import { MACHINE_BASE } from '../memlayout';
import { Atomic } from './atomic';

/** Life of a machine. Once it has left RUNNING, every CPU that waits traps. */
export const MACHINE_RUNNING: u32 = 0;
export const MACHINE_PANICKED: u32 = 1;
export const MACHINE_CLOSED: u32 = 2;

// ╒═══════════════════════ struct machine (128 bytes) ═══════════════════════╕
//   +0   state           u32  atomic: MACHINE_*
//   +4   panicCpu        u32  atomic, written once by the CPU that panics
//   +8   panicId         u32  atomic, written once: the BUG_ON that failed
//   +12  workersRunning  u32  atomic: CPUs other than 0 that are inside a call
//   +16  nrCpus          u32  immutable after boot
//   +20  nrFrames        u32  immutable after boot: frames of emulated RAM
//   +24  nrKpages        u32  immutable after boot: kernel pages that may be used
//   +28  contents        u32  immutable after boot: CONTENTS_*
//   +32  pinPolicy       u32  immutable after boot: PIN_*
//   +36  sealPolicy      u32  immutable after boot: SEAL_*
//   +40  maxMapCount     u32  immutable after boot (Linux: sysctl_max_map_count)
//   +44  nextPid         u32  atomic
//   +48  nextIno         u32  atomic
//   +52  startGate       u32  atomic: CPUs of a workload wait here for the start
//   +56  stop            u32  atomic: tells the loops of a workload to end
//   +60  arrived         u32  atomic: CPUs that wait at startGate
//   +64  virtual clock   f64  CPU 0 only, milliseconds
//   +72  lruBatch        u32  immutable after boot: LRU_BATCH_*
//   +76  lruDisabled     u32  atomic: calls that keep pages out of batches (mm/swap.ts)
//   +80  rlimitMemlock   u64  immutable after boot: bytes that a process may lock; all ones: any
//   +88  faultAroundPages u32 immutable after boot (Linux: fault_around_pages); 0 as 1
//   +92  cowPolicy       u32  immutable after boot: COW_*
//   +96  unmapPinned     u32  immutable after boot: UNMAP_PINNED_*
//   +100 forkPinned      u32  immutable after boot: FORK_PINNED_*
//   +104 bugs            u32  immutable after boot: BUG_*, historic bugs to re-enact
//   +108 reserved

/** What concerns the machine as a whole. There is one, at MACHINE_BASE. */
@unmanaged
export class MachineState {
  private _state: u32;
  private _panicCpu: u32;
  private _panicId: u32;
  private _workersRunning: u32;
  nrCpus: u32;
  nrFrames: u32;
  nrKpages: u32;
  contents: u32;
  pinPolicy: u32;
  sealPolicy: u32;
  maxMapCount: u32;
  private _nextPid: u32;
  private _nextIno: u32;
  private _startGate: u32;
  private _stop: u32;
  private _arrived: u32;
  clock: f64;
  lruBatch: u32;
  private _lruDisabled: u32;
  rlimitMemlock: u64;
  faultAroundPages: u32;
  cowPolicy: u32;
  unmapPinned: u32;
  forkPinned: u32;
  bugs: u32;


  @inline get state(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<MachineState>('_state'));
  }


  @inline get panicCpu(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<MachineState>('_panicCpu'));
  }


  @inline get panicId(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<MachineState>('_panicId'));
  }


  @inline get workersRunning(): Atomic<u32> {
    return changetype<Atomic<u32>>(
      changetype<usize>(this) + offsetof<MachineState>('_workersRunning'),
    );
  }


  @inline get nextPid(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<MachineState>('_nextPid'));
  }


  @inline get nextIno(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<MachineState>('_nextIno'));
  }


  @inline get startGate(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<MachineState>('_startGate'));
  }


  @inline get stop(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<MachineState>('_stop'));
  }


  @inline get lruDisabled(): Atomic<u32> {
    return changetype<Atomic<u32>>(
      changetype<usize>(this) + offsetof<MachineState>('_lruDisabled'),
    );
  }


  @inline get arrived(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<MachineState>('_arrived'));
  }
}

if (offsetof<MachineState>() > 128) ERROR('struct machine outgrew its drawing');

/** The machine. */
export function machine(): MachineState {
  return changetype<MachineState>(MACHINE_BASE);
}

/**
 * True if the machine shall make a mistake that Linux once made, where Linux made it (BUG_*). Only
 * the builds that look for mistakes know of any: in release and bench this is constant, and what
 * asks costs nothing.
 */
export function reenacts(bug: u32): bool {
  if (isDefined(SCHED)) return (machine().bugs & bug) != 0;
  if (isDefined(DEBUG_VM)) return (machine().bugs & bug) != 0;
  return false;
}
