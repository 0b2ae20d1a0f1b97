import { PERCPU_BASE, PERCPU_SIZE } from '../memlayout';
import { Atomic } from './atomic';
import { machine } from './machine';

/**
 * Each CPU has one slice of memory. Its first cache line holds everything that GUP-fast wants of
 * its CPU, so that the fast path pays for one line here and no more.
 */

/** Event counters a CPU keeps (Linux: vm_event_item and node_stat_item); names in src/vmstat.ts. */
export const NR_VM_ITEMS: u32 = 128;
/** Object caches a CPU keeps a magazine of (see lib/slab.ts). */
export const NR_CACHES: u32 = 16;
/** Last events a CPU remembers for a panic report. */
export const TRACE_EVENTS: u32 = 64;
export const TRACE_EVENT_SIZE: usize = 16;

// ╒════════════════════════ struct per_cpu (PERCPU_SIZE bytes) ════════════════════════╕
//   +0     irqSeq        u32  atomic, written by this CPU: odd while interrupts are off
//   +4     cpu           u32  immutable after cpuInit
//   +8     pinPolicy     u32  immutable after cpuInit (copy: saves GUP-fast a cache line)
//   +12    sealPolicy    u32  immutable after cpuInit
//   +16    pinsAcquired  u64  this CPU only, read by others (Linux: nr_foll_pin_acquired)
//   +24    pinsReleased  u64  this CPU only, read by others (Linux: nr_foll_pin_released)
//   +32    gupCounted    u32  this CPU only: the file this GUP call has counted last
//   +36    cowPolicy     u32  immutable after cpuInit
//   +40    unmapPinned   u32  immutable after cpuInit
//   +44    forkPinned    u32  immutable after cpuInit
//   +48    reserved
//   +64    waitingOn     u32  atomic: address of the cell this CPU sleeps on, or 0
//   +68    traceNext     u32  this CPU only: index of the next event
//   +72    reserved
//   +128   events        128 x u64  this CPU only, read by others
//   +1152  magazines     16 x 16    this CPU only (lib/slab.ts)
//   +1408  pcp           64         pcp lock held (mm/page_alloc.ts)
//   +2048  gather        2048       this CPU only (mm/mmu_gather.ts)
//   +4096  vector        8192       this CPU only: pins of the workload loops
//   +12288 histogram     8192       this CPU only: latencies of the workload loops
//   +20480 scratch       4096       this CPU only: names and small results to and from TypeScript
//   +24576 trace         64 x 16    this CPU only
//   +25600 lru           1088       batches of pages for the LRU lists (types/lruvec.ts)

/** What one CPU has for itself. */
@unmanaged
export class PerCpu {
  private _irqSeq: u32;
  cpu: u32;
  private _pinPolicy: u32;
  sealPolicy: u32;
  private _pinsAcquired: u64;
  private _pinsReleased: u64;
  private _gupCounted: u32;
  cowPolicy: u32;
  unmapPinned: u32;
  forkPinned: u32;
  private _reserved2: u64;
  private _reserved3: u64;
  private _waitingOn: u32;
  traceNext: u32;


  @inline static of(cpu: u32): PerCpu {
    return changetype<PerCpu>(PERCPU_BASE + <usize>cpu * PERCPU_SIZE);
  }


  @inline get irqSeq(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<PerCpu>('_irqSeq'));
  }


  @inline get pinPolicy(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<PerCpu>('_pinPolicy'));
  }


  @inline get pinsAcquired(): Atomic<u64> {
    return changetype<Atomic<u64>>(changetype<usize>(this) + offsetof<PerCpu>('_pinsAcquired'));
  }


  @inline get pinsReleased(): Atomic<u64> {
    return changetype<Atomic<u64>>(changetype<usize>(this) + offsetof<PerCpu>('_pinsReleased'));
  }


  @inline get gupCounted(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<PerCpu>('_gupCounted'));
  }


  @inline get waitingOn(): Atomic<u32> {
    return changetype<Atomic<u32>>(changetype<usize>(this) + offsetof<PerCpu>('_waitingOn'));
  }


  @inline event(item: u32): Atomic<u64> {
    return changetype<Atomic<u64>>(changetype<usize>(this) + PERCPU_EVENTS + ((<usize>item) << 3));
  }
}

export const PERCPU_EVENTS: usize = 128;
export const PERCPU_MAGAZINES: usize = PERCPU_EVENTS + <usize>NR_VM_ITEMS * 8;
export const PERCPU_PCP: usize = PERCPU_MAGAZINES + <usize>NR_CACHES * 16;
export const PERCPU_GATHER: usize = 2048;
export const PERCPU_GATHER_SIZE: usize = 2048;
export const PERCPU_VECTOR: usize = PERCPU_GATHER + PERCPU_GATHER_SIZE;
export const PERCPU_VECTOR_SIZE: usize = 8192;
export const PERCPU_HISTOGRAM: usize = PERCPU_VECTOR + PERCPU_VECTOR_SIZE;
export const PERCPU_HISTOGRAM_SIZE: usize = 8192;
export const PERCPU_SCRATCH: usize = PERCPU_HISTOGRAM + PERCPU_HISTOGRAM_SIZE;
export const PERCPU_SCRATCH_SIZE: usize = 4096;
export const PERCPU_TRACE: usize = PERCPU_SCRATCH + PERCPU_SCRATCH_SIZE;
export const PERCPU_LRU: usize = PERCPU_TRACE + <usize>TRACE_EVENTS * TRACE_EVENT_SIZE;
export const PERCPU_LRU_SIZE: usize = 1088;

if (offsetof<PerCpu>('_waitingOn') != 64)
  ERROR('the first cache line of struct per_cpu overflowed');
if (PERCPU_PCP + 64 > PERCPU_GATHER) ERROR('pcp reaches the gather');
if (PERCPU_LRU + PERCPU_LRU_SIZE > PERCPU_SIZE) ERROR('struct per_cpu outgrew its slot');

/** The slice of the CPU that runs this instance: the core's one mutable global. */
let base: usize = 0;

/** Makes this instance CPU number `cpu`. Call it once, before anything else. */
export function cpuInit(cpu: u32): void {
  const area = PerCpu.of(cpu);
  base = changetype<usize>(area);
  area.cpu = cpu;
  area.pinPolicy.init(machine().pinPolicy);
  area.sealPolicy = machine().sealPolicy;
  area.cowPolicy = machine().cowPolicy;
  area.unmapPinned = machine().unmapPinned;
  area.forkPinned = machine().forkPinned;
}

/** Of the explorer, whose CPUs share one instance: goes on as another CPU. */
export function cpuSwitch(cpu: u32): void {
  base = changetype<usize>(PerCpu.of(cpu));
}

/** This CPU's slice (Linux: this_cpu_ptr). */
export function thisCpu(): PerCpu {
  return changetype<PerCpu>(base);
}
