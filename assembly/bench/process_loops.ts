import {
  MADV_DONTNEED,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PROT_READ,
  PROT_WRITE,
} from '../abi';
import { sysMadvise } from '../kernel/advise';
import { exit, sysFork } from '../kernel/fork';
import { sysMmap, sysMremap, sysMunmap, userTouch } from '../kernel/syscall';
import { machine } from '../lib/machine';
import { Task } from '../types/task';
import { waitAtGate } from './contend';

/**
 * Loops over the calls of one process, each on a worker's CPU, for how they scale and for races:
 * each goes on until `stop` is set and returns how often it went round, or a negative error.
 */

/** Writes to every page of a private mapping, and discards them all. */
export function faultLoop(task: Task, addr: f64, length: f64): f64 {
  let rounds: f64 = 0;
  waitAtGate();
  while (machine().stop.load() == 0) {
    const touched = userTouch(task, addr, length, true);
    if (touched < 0) return touched;
    const discarded = sysMadvise(task, addr, length, MADV_DONTNEED);
    if (discarded < 0) return discarded;
    rounds++;
  }
  return rounds;
}

/** Maps private memory, writes to every page, and unmaps it. */
export function mapLoop(task: Task, length: f64): f64 {
  let rounds: f64 = 0;
  waitAtGate();
  while (machine().stop.load() == 0) {
    const flags = MAP_PRIVATE | MAP_ANONYMOUS;
    const addr = sysMmap(task, 0, length, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (addr < 0) return addr;
    const touched = userTouch(task, addr, length, true);
    if (touched < 0) return touched;
    sysMunmap(task, addr, length);
    rounds++;
  }
  return rounds;
}

/** Forks, writes to every page of a mapping that the child shares, and ends the child. */
export function cowLoop(task: Task, addr: f64, length: f64): f64 {
  let rounds: f64 = 0;
  waitAtGate();
  while (machine().stop.load() == 0) {
    const child = sysFork(task);
    if (child < 0) return child;
    const touched = userTouch(task, addr, length, true);
    exit(changetype<Task>(<usize>child));
    if (touched < 0) return touched;
    rounds++;
  }
  return rounds;
}

/** Moves a mapping to the free place behind it, and back. */
export function mremapLoop(task: Task, addr: f64, length: f64): f64 {
  const flags = MREMAP_MAYMOVE | MREMAP_FIXED;
  let rounds: f64 = 0;
  waitAtGate();
  const touched = userTouch(task, addr, length, true);
  if (touched < 0) return touched;
  while (machine().stop.load() == 0) {
    const moved = sysMremap(task, addr, length, length, flags, addr + length);
    if (moved < 0) return moved;
    const back = sysMremap(task, addr + length, length, length, flags, addr);
    if (back < 0) return back;
    rounds++;
  }
  return rounds;
}
