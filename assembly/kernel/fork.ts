import { ENOMEM } from '../lib/errno';
import { KPAGE_DATA } from '../lib/kdesc';
import { allocKernelPage, freeKernelPage } from '../lib/kmem';
import { machine } from '../lib/machine';
import { CACHE_MM, CACHE_TASK, cacheAlloc, cacheFree } from '../lib/slab';
import { TRACE_EXIT, trace } from '../lib/trace';
import { exitMmap } from '../mm/unmap';
import { closeFd } from '../mm/file_table';
import { pgdAlloc, pgdFree } from '../mm/pgtable';
import { synchronize } from '../lib/rcu';
import { MmStruct } from '../types/mm_struct';
import { NR_OPEN, Task } from '../types/task';
import { mmLists } from '../types/machine_lists';

/** Processes: making one, and its end (Linux: kernel/fork.c, kernel/exit.c). */

/** A new process with an empty address space and no files: its task, or -ENOMEM. */
export function spawn(): i32 {
  const address = cacheAlloc(CACHE_TASK);
  if (address == 0) return -ENOMEM;
  const task = changetype<Task>(address);
  const mm = mmAlloc();
  const fdTable: usize = mm == null ? 0 : allocKernelPage(KPAGE_DATA);
  if (mm == null || fdTable == 0) {
    if (mm != null) mmput(mm);
    cacheFree(CACHE_TASK, address);
    return -ENOMEM;
  }
  task.pid = machine().nextPid.fetchAdd(1);
  task.mm = mm;
  task.fdTable = <u32>fdTable;
  mm.pid = task.pid;
  return <i32>address;
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
  const lists = mmLists();
  lists.lock.lock();
  lists.mms.addTail(mm.mmList);
  lists.lock.unlock();
  return mm;
}

/** Drops a user; the last one takes the address space down (Linux: mmput). */
function mmput(mm: MmStruct): void {
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
