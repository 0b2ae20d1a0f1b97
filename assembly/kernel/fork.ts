import { ENOMEM } from '../lib/errno';
import { KPAGE_DATA } from '../lib/kdesc';
import { allocKernelPage, freeKernelPage } from '../lib/kmem';
import { machine } from '../lib/machine';
import { CACHE_MM, CACHE_TASK, cacheAlloc, cacheFree } from '../lib/slab';
import { TRACE_EXIT, TRACE_FORK, trace } from '../lib/trace';
import { exitMmap } from '../mm/unmap';
import { dupMmap } from '../mm/dup_mmap';
import { closeFd, dupFdTable } from '../mm/file_table';
import { pgdAlloc, pgdFree } from '../mm/pgtable';
import { synchronize } from '../lib/rcu';
import { MmStruct, START_BRK } from '../types/mm_struct';
import { NR_OPEN, Task } from '../types/task';
import { mmLists } from '../types/machine_lists';

/** Processes: making one, and its end (Linux: kernel/fork.c, kernel/exit.c). */

/** A new process with an empty address space and no files: its task, or -ENOMEM. */
export function spawn(): i32 {
  const task = newTask();
  return task == null ? -ENOMEM : <i32>changetype<usize>(task);
}

/**
 * fork(2): a new process with the same files and a copy of the memory: its task, or -ENOMEM. If
 * that happens, nothing was made; pages that were shared for a moment are the parent's own again
 * with its next write to them.
 */
export function sysFork(parent: Task): i32 {
  const child = newTask();
  if (child == null) return -ENOMEM;
  trace(TRACE_FORK, parent.pid, child.pid);
  dupFdTable(child, parent);
  if (dupMmap(child.mm, parent.mm) < 0) {
    exit(child);
    return -ENOMEM;
  }
  return <i32>changetype<usize>(child);
}

/** A process without memory and files, or null. */
function newTask(): Task | null {
  const address = cacheAlloc(CACHE_TASK);
  if (address == 0) return null;
  const task = changetype<Task>(address);
  const mm = mmAlloc();
  const fdTable: usize = mm == null ? 0 : allocKernelPage(KPAGE_DATA);
  if (mm == null || fdTable == 0) {
    if (mm != null) mmput(mm);
    cacheFree(CACHE_TASK, address);
    return null;
  }
  task.pid = machine().nextPid.fetchAdd(1);
  task.mm = mm;
  task.fdTable = <u32>fdTable;
  mm.pid = task.pid;
  return task;
}

/**
 * Ends a process: its memory and its files go (Linux: do_exit). Its task must not be used again.
 */
export function exit(task: Task): void {
  trace(TRACE_EXIT, task.pid, 0);
  for (let fd: u32 = 0; fd < NR_OPEN; fd++) closeFd(task, fd);
  freeKernelPage(task.fdTable);
  mmput(task.mm);
  cacheFree(CACHE_TASK, changetype<usize>(task));
}

/** An empty address space (Linux: mm_alloc). */
function mmAlloc(): MmStruct | null {
  const address = cacheAlloc(CACHE_MM);
  if (address == 0) return null;
  const pgd = pgdAlloc();
  if (pgd == 0) {
    cacheFree(CACHE_MM, address);
    return null;
  }
  const mm = changetype<MmStruct>(address);
  mm.pgd.init(<u32>pgd);
  mm.mmUsers.init(1);
  mm.brk = START_BRK;
  const lists = mmLists();
  lists.lock.lock();
  lists.mms.addTail(mm.mmList);
  lists.lock.unlock();
  return mm;
}

/** Drops a user; the last one takes the address space down (Linux: mmput). */
export function mmput(mm: MmStruct): void {
  if (mm.mmUsers.fetchSub(1) != 1) return;
  mm.mmapLock.downWrite();
  exitMmap(mm);
  mm.mmapLock.upWrite();
  const lists = mmLists();
  lists.lock.lock();
  mm.mmList.del();
  lists.lock.unlock();
  synchronize(); // a walker of another CPU may still be in the top table
  pgdFree(mm.pgd.load());
  cacheFree(CACHE_MM, changetype<usize>(mm));
}
