import { PERCPU_TRACE, TRACE_EVENTS, TRACE_EVENT_SIZE, thisCpu } from './percpu';

/**
 * The last TRACE_EVENTS events of each CPU, for the report of a panic: four words an event, written
 * by this CPU only. The fast paths record nothing. src/panic.ts has the names of the kinds.
 */
export const TRACE_MMAP: u32 = 1;
export const TRACE_MUNMAP: u32 = 2;
export const TRACE_MPROTECT: u32 = 3;
export const TRACE_FAULT: u32 = 4;
export const TRACE_SEAL: u32 = 5;
export const TRACE_TRUNCATE: u32 = 6;
export const TRACE_GUP_SLOW: u32 = 7;
export const TRACE_EXIT: u32 = 8;
export const TRACE_EVICT: u32 = 9;
export const TRACE_FORK: u32 = 10;
export const TRACE_MREMAP: u32 = 20;

/** Records one event of this CPU; `value` is an address or a number, `extra` a small number. */
export function trace(kind: u32, value: u64, extra: u32): void {
  const cpu = thisCpu();
  const index = cpu.traceNext;
  const at =
    changetype<usize>(cpu) + PERCPU_TRACE + <usize>(index % TRACE_EVENTS) * TRACE_EVENT_SIZE;
  store<u32>(at, kind);
  store<u32>(at, extra, 4);
  store<u64>(at, value, 8);
  cpu.traceNext = index + 1;
}
