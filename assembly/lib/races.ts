import {
  CONTENTS_BASE,
  PAGE_SHIFT,
  PAGE_SIZE,
  RACE_CLOCKS,
  RACE_CLOCK_SIZE,
  RACE_MAP,
  RACE_STATE,
} from '../memlayout';
import { RaceHow, schedRace } from './sched_point';

/**
 * Data races on plain fields, for the explorer: two accesses of different CPUs, one of them a write
 * and one of them plain, that no lock and no barrier puts into an order. Nobody sees plain accesses
 * but this file: in explore.wasm every plain load and store passes its address through here, by a
 * step of the build (scripts/note-writes.mjs). Cells announce themselves; the host tells of them
 * with `racesAtomic`.
 *
 * The host gives a CPU a new time whenever it has released something, and keeps of each CPU a
 * clock: up to which time what each other CPU did is behind it
 * (src/explore/synchronisation.ts). A time is a word, and its lower five bits are the number of
 * the CPU. Here each four bytes that are accessed have a record of words:
 *
 *   the execution, and the CPU that alone has accessed them in it, or SHARED
 *   the last time of a plain write
 *   by CPU: a plain read
 *   by CPU: an atomic read
 *   by CPU: an atomic write
 *
 * and an access looks whether what it conflicts with is behind the CPU that makes it, unless that
 * CPU is alone. The last plain write is enough, since those before it are behind it, or were a race
 * themselves. Records lie in memory that is added for them, a group for each page. Times only grow,
 * from one execution to the next, so nothing has to be cleared. Four bytes are the finest grain:
 * fields that are protected in different ways do not share them.
 *
 * The contents of frames are not watched: programs may race there. Neither are pages that are
 * filled or copied as a whole.
 *
 * Other builds have empty functions.
 */

// ╒═══════════════ struct race_state (28 bytes), of the one thread ═══════════════╕
//   +0   running   u32  the execution, and the CPU that runs; 0 while nobody is watched
//   +4   now       u32  the time of what it does
//   +8   cpus      u32
//   +12  shift     u32  two to this are the bytes of a record
//   +16  watched   u32  four bytes whose accesses the host wants to hear of; 0 for none
//   +20  free      u32  memory for records: the next free byte
//   +24  end       u32  and the end of it

/** What the host and the core know together. */
@unmanaged
export class RaceState {
  running: u32;
  now: u32;
  cpus: u32;
  shift: u32;
  watched: u32;
  free: u32;
  end: u32;
}

/** Bytes of a time. */
const WORD: u32 = 4;
/** Bytes that a record is of, as a power of two. */
const PART_SHIFT: u32 = 2;
/** Lower bits of a time that are its CPU. */
const CPU_BITS: u32 = 31;
/** Instead of a CPU: there is more than one. */
const SHARED: u32 = 31;
const WASM_PAGE_SHIFT: u32 = 16;

/** A CPU is about to read four bytes or less of a plain field. Gives the address back. */
export function racesRead(address: usize): usize {
  if (isDefined(EXPLORE)) {
    if (isWatched(address)) readPart(address);
  }
  return address;
}

/** The same for eight bytes. */
export function racesRead8(address: usize): usize {
  if (isDefined(EXPLORE)) {
    if (isWatched(address)) {
      readPart(address);
      readPart(address + 4);
    }
  }
  return address;
}

/** A CPU is about to write four bytes or less of a plain field. Gives the address back. */
export function racesWrite(address: usize): usize {
  if (isDefined(EXPLORE)) {
    if (isWatched(address)) writePart(address);
  }
  return address;
}

/** The same for eight bytes. */
export function racesWrite8(address: usize): usize {
  if (isDefined(EXPLORE)) {
    if (isWatched(address)) {
      writePart(address);
      writePart(address + 4);
    }
  }
  return address;
}

/** A CPU is about to fill a part of a page. */
export function racesFill(to: usize, size: usize): void {
  if (isDefined(EXPLORE)) {
    if (size >= PAGE_SIZE || !isWatched(to)) return;
    for (let at: usize = 0; at < size; at += 4) writePart(to + at);
  }
}

/** A CPU is about to copy a part of a page. */
export function racesCopy(to: usize, from: usize, size: usize): void {
  if (isDefined(EXPLORE)) {
    if (size >= PAGE_SIZE) return;
    racesFill(to, size);
    if (!isWatched(from)) return;
    for (let at: usize = 0; at < size; at += 4) readPart(from + at);
  }
}

/** The CPU that runs is about to access a cell: for the host, who knows which accesses write. */
export function racesAtomic(address: usize, size: usize, write: bool): void {
  if (isDefined(EXPLORE)) {
    if (!isWatched(address)) return;
    for (let at: usize = 0; at < size; at += 4) {
      if (write) atomicWritePart(address + at);
      else atomicReadPart(address + at);
    }
  }
}

function state(): RaceState {
  return changetype<RaceState>(RACE_STATE);
}

function isWatched(address: usize): bool {
  return state().running != 0 && address < CONTENTS_BASE;
}

function readPart(address: usize): void {
  if (state().watched != 0) hear(address, RaceHow.Reads);
  const record = recordOf(address);
  const own = thisCpuOf(readsOf(record));
  const before = load<u32>(own);
  store<u32>(own, state().now);
  if (isAlone(record) || before == state().now) return;
  compare(address, plainWriteOf(record), RaceHow.OtherWrites);
  compareAll(address, atomicWritesOf(record), RaceHow.OtherWrites);
}

function writePart(address: usize): void {
  if (state().watched != 0) hear(address, RaceHow.Writes);
  const record = recordOf(address);
  const last = plainWriteOf(record);
  if (!isAlone(record) && load<u32>(last) != state().now) {
    compare(address, last, RaceHow.Writes | RaceHow.OtherWrites);
    compareAll(address, readsOf(record), RaceHow.Writes);
    compareAll(address, atomicReadsOf(record), RaceHow.Writes);
    compareAll(address, atomicWritesOf(record), RaceHow.Writes | RaceHow.OtherWrites);
  }
  store<u32>(last, state().now);
}

function atomicReadPart(address: usize): void {
  const record = recordOf(address);
  store<u32>(thisCpuOf(atomicReadsOf(record)), state().now);
  if (!isAlone(record)) compare(address, plainWriteOf(record), RaceHow.OtherWrites);
}

function atomicWritePart(address: usize): void {
  const record = recordOf(address);
  store<u32>(thisCpuOf(atomicWritesOf(record)), state().now);
  if (isAlone(record)) return;
  compare(address, plainWriteOf(record), RaceHow.Writes | RaceHow.OtherWrites);
  compareAll(address, readsOf(record), RaceHow.Writes);
}

/** Whether nobody but the CPU that runs has accessed the four bytes in this execution. */
function isAlone(record: usize): bool {
  const owner = load<u32>(record);
  const running = state().running;
  if (owner == running) return true;
  const isOther = (owner ^ running) <= CPU_BITS;
  store<u32>(record, isOther ? running | SHARED : running);
  return !isOther;
}

function plainWriteOf(record: usize): usize {
  return record + WORD;
}

function readsOf(record: usize): usize {
  return record + 2 * WORD;
}

function atomicReadsOf(record: usize): usize {
  return readsOf(record) + state().cpus * WORD;
}

function atomicWritesOf(record: usize): usize {
  return atomicReadsOf(record) + state().cpus * WORD;
}

/** Of times by CPU, that of the CPU that runs. */
function thisCpuOf(times: usize): usize {
  return times + (state().running & CPU_BITS) * WORD;
}

/** Compares an access with those of all CPUs. */
function compareAll(address: usize, times: usize, how: RaceHow): void {
  const cpus = state().cpus;
  for (let cpu: u32 = 0; cpu < cpus; cpu++) compare(address, times + cpu * WORD, how);
}

/** Compares an access with one that was made before; its own CPU is behind every clock. */
function compare(address: usize, before: usize, how: RaceHow): void {
  const time = load<u32>(before);
  const clock = RACE_CLOCKS + (state().running & CPU_BITS) * <u32>RACE_CLOCK_SIZE;
  if (time <= load<u32>(clock + (time & CPU_BITS) * WORD)) return;
  schedRace(address, time, how);
}

function hear(address: usize, how: RaceHow): void {
  if ((address & ~3) == state().watched) schedRace(address, 0, how);
}

/** The record of four bytes. */
function recordOf(address: usize): usize {
  const entry = RACE_MAP + ((address >> PAGE_SHIFT) << 2);
  let records = <usize>load<u32>(entry);
  if (records == 0) {
    records = newRecords();
    store<u32>(entry, <u32>records);
  }
  return records + (((address & (PAGE_SIZE - 1)) >> PART_SHIFT) << state().shift);
}

/** Room for the records of a page. Memory that is added is zeroed. */
function newRecords(): usize {
  const size = (PAGE_SIZE >> PART_SHIFT) << state().shift;
  if (state().end - state().free < size) {
    const pages = (size >> WASM_PAGE_SHIFT) + 1;
    const before = memory.grow(<i32>pages);
    if (before < 0) unreachable();
    state().free = (<u32>before) << WASM_PAGE_SHIFT;
    state().end = state().free + (pages << WASM_PAGE_SHIFT);
  }
  const records = state().free;
  state().free += size;
  return records;
}
