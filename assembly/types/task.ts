import { SpinLock } from '../lib/spinlock';
import { MmStruct } from './mm_struct';

/** Descriptors a process can have (Linux: RLIMIT_NOFILE's usual soft limit). */
export const NR_OPEN: u32 = 1024;

// ╒═══════════════ struct task_struct (64 bytes) ═══════════════╕
//   +0   pid        u32  immutable
//   +4   mm         u32  immutable
//   +8   filesLock  u32  lock (Linux: files_struct.file_lock)
//   +12  fdTable    u32  immutable: a kernel page of NR_OPEN file addresses, filesLock held
//   +16  cloexec    u32  reserved

/** The little of a process that memory management needs (Linux: task_struct, files_struct). */
@unmanaged
export class Task {
  pid: u32;
  mm: MmStruct;
  private _filesLock: u32;
  fdTable: u32;


  @inline get filesLock(): SpinLock {
    return changetype<SpinLock>(changetype<usize>(this) + offsetof<Task>('_filesLock'));
  }
}

if (offsetof<Task>() > 64) ERROR('struct task_struct fits one cache line');
