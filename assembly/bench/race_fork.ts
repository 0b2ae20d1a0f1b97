import { FOLL_PIN, FOLL_WRITE } from '../abi';
import { toU64 } from '../kernel/convert';
import { exit, sysFork } from '../kernel/fork';
import { userLoad, userStore, userTouch } from '../kernel/syscall';
import { pfnAt } from '../kernel/views';
import { machine } from '../lib/machine';
import { PERCPU_SCRATCH, PERCPU_VECTOR, thisCpu } from '../lib/percpu';
import { PAGE_SIZE } from '../memlayout';
import { getUserPagesFast, releaseUserPages } from '../mm/gup';
import { GupEntry } from '../types/gup_vec';
import { Task } from '../types/task';
import { waitAtGate } from './contend';

/** Loops that race with forks, as those of race.ts do, and that look whether promises are kept. */

/** What a race has shown that must not be: a promise was broken. */
const BROKEN: f64 = -1000;

/**
 * Pins one page after the other for writing, writes to it as the process does, and looks whether
 * the process still has that page: BROKEN if not. Nobody may unmap the range.
 */
export function pinWriteLoop(task: Task, addr: f64, nr: u32): f64 {
  const vector = changetype<usize>(thisCpu()) + PERCPU_VECTOR;
  const flags = FOLL_PIN | FOLL_WRITE;
  let rounds: f64 = 0;
  waitAtGate();
  do {
    const at = addr + <f64>((<u32>rounds % nr) * PAGE_SIZE);
    if (getUserPagesFast(task.mm, toU64(at), 1, flags, vector) == 1) {
      const written = userTouch(task, at, PAGE_SIZE, true);
      const kept = pfnAt(task, at) == <f64>GupEntry.at(vector, 0).pfn.load();
      releaseUserPages(vector, 1, flags);
      if (written == 0 && !kept) return BROKEN;
    }
    rounds++;
  } while (machine().stop.load() == 0);
  return rounds;
}

/** Writes another number to each page, in turn. */
export function storeLoop(task: Task, addr: f64, nr: u32): f64 {
  const buffer = changetype<usize>(thisCpu()) + PERCPU_SCRATCH;
  let rounds: f64 = 0;
  waitAtGate();
  do {
    store<u32>(buffer, <u32>rounds);
    userStore(task, addr + <f64>((<u32>rounds % nr) * PAGE_SIZE), buffer, 4);
    rounds++;
  } while (machine().stop.load() == 0);
  return rounds;
}

/**
 * Forks; adds the pages up in the child, takes copies of every other one, and adds up again: BROKEN
 * if that gives another sum. Then the child ends. A fork that finds no memory is skipped.
 */
export function forkLoop(task: Task, addr: f64, nr: u32): f64 {
  let rounds: f64 = 0;
  waitAtGate();
  do {
    const address = sysFork(task);
    if (address > 0) {
      const child = changetype<Task>(<usize>address);
      const before = sumOf(child, addr, nr);
      for (let page: u32 = 0; page < nr; page += 2) {
        userTouch(child, addr + <f64>(page * PAGE_SIZE), PAGE_SIZE, true);
      }
      const after = sumOf(child, addr, nr);
      exit(child);
      if (before != after) return BROKEN;
    }
    rounds++;
  } while (machine().stop.load() == 0);
  return rounds;
}

/** The sum of the first words of so many pages; a write that only touches does not change it. */
function sumOf(task: Task, addr: f64, nr: u32): u64 {
  const buffer = changetype<usize>(thisCpu()) + PERCPU_SCRATCH;
  let sum: u64 = 0;
  for (let page: u32 = 0; page < nr; page++) {
    if (userLoad(task, addr + <f64>(page * PAGE_SIZE), buffer, 4) == 0) sum += load<u32>(buffer);
  }
  return sum;
}
