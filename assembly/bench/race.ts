import { FOLL_PIN, FOLL_WRITE, MAP_FIXED, MAP_SHARED, PROT_READ, PROT_WRITE } from '../abi';
import { machine } from '../lib/machine';
import { PERCPU_VECTOR, thisCpu } from '../lib/percpu';
import { getUserPagesFast, releaseUserPages } from '../mm/gup';
import { sysFallocate } from '../kernel/read_write';
import { sysMmap, sysMunmap, userTouch } from '../kernel/syscall';
import { toU64 } from '../kernel/convert';
import { Task } from '../types/task';
import { waitAtGate } from './contend';

/**
 * Loops that race against one another on real threads, for tests and for measuring: each goes on
 * until `stop` is set and returns how often it went round, or a negative error that should not be.
 */

/** Pins up to `nr` pages for writing, fast and then slow, and releases them; ignores EFAULT. */
export function pinLoop(task: Task, addr: f64, nr: u32): f64 {
  const vector = changetype<usize>(thisCpu()) + PERCPU_VECTOR;
  const flags = FOLL_PIN | FOLL_WRITE;
  let rounds: f64 = 0;
  waitAtGate();
  while (machine().stop.load() == 0) {
    const got = getUserPagesFast(task.mm, toU64(addr), nr, flags, vector);
    if (got > 0) releaseUserPages(vector, got, flags);
    rounds++;
  }
  return rounds;
}

/** Unmaps a shared file mapping, maps it again in its place, and touches every page. */
export function remapLoop(task: Task, addr: f64, length: f64, fd: i32): f64 {
  let rounds: f64 = 0;
  waitAtGate();
  while (machine().stop.load() == 0) {
    const unmapped = sysMunmap(task, addr, length);
    if (unmapped < 0) return unmapped;
    const flags = MAP_SHARED | MAP_FIXED;
    const mapped = sysMmap(task, addr, length, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (mapped < 0) return mapped;
    const touched = userTouch(task, addr, length, true);
    if (touched < 0) return touched;
    rounds++;
  }
  return rounds;
}

/** Punches the whole file out and allocates it again. */
export function punchLoop(task: Task, fd: i32, length: f64): f64 {
  let rounds: f64 = 0;
  waitAtGate();
  while (machine().stop.load() == 0) {
    const punched = sysFallocate(task, fd, 3, 0, length);
    if (punched < 0) return punched;
    const filled = sysFallocate(task, fd, 0, 0, length);
    if (filled < 0) return filled;
    rounds++;
  }
  return rounds;
}

/** Touches every page of a range again and again. */
export function touchLoop(task: Task, addr: f64, length: f64, write: bool): f64 {
  let rounds: f64 = 0;
  waitAtGate();
  while (machine().stop.load() == 0) {
    userTouch(task, addr, length, write);
    rounds++;
  }
  return rounds;
}
