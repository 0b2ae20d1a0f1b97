/**
 * Numbers that the core and TypeScript share: flags and commands with Linux's values for x86-64,
 * and the core's own enumerations. The build generates src/wasm/generated/layout.ts from this file,
 * from memlayout.ts and from the structs.
 */

// mmap and mprotect (Linux: mman-common.h, mman.h)
export const PROT_NONE: u32 = 0;
export const PROT_READ: u32 = 1;
export const PROT_WRITE: u32 = 2;
export const PROT_EXEC: u32 = 4;
export const PROT_SEM: u32 = 8;
export const PROT_GROWSDOWN: u32 = 0x0100_0000;
export const PROT_GROWSUP: u32 = 0x0200_0000;
export const MAP_SHARED: u32 = 0x01;
export const MAP_PRIVATE: u32 = 0x02;
export const MAP_SHARED_VALIDATE: u32 = 0x03;
export const MAP_DROPPABLE: u32 = 0x08;
export const MAP_TYPE: u32 = 0x0f;
export const MAP_FIXED: u32 = 0x10;
export const MAP_ANONYMOUS: u32 = 0x20;
export const MAP_32BIT: u32 = 0x40;
export const MAP_GROWSDOWN: u32 = 0x0100;
export const MAP_DENYWRITE: u32 = 0x0800;
export const MAP_EXECUTABLE: u32 = 0x1000;
export const MAP_LOCKED: u32 = 0x2000;
export const MAP_NORESERVE: u32 = 0x4000;
export const MAP_POPULATE: u32 = 0x8000;
export const MAP_NONBLOCK: u32 = 0x1_0000;
export const MAP_STACK: u32 = 0x2_0000;
export const MAP_HUGETLB: u32 = 0x4_0000;
export const MAP_SYNC: u32 = 0x8_0000;
export const MAP_FIXED_NOREPLACE: u32 = 0x10_0000;

// files (Linux: fcntl.h, memfd.h, falloc.h, stat.h)
export const O_RDONLY: u32 = 0;
export const O_WRONLY: u32 = 1;
export const O_RDWR: u32 = 2;
export const O_ACCMODE: u32 = 3;
export const O_CREAT: u32 = 0o100;
export const O_EXCL: u32 = 0o200;
export const O_TRUNC: u32 = 0o1000;
export const O_APPEND: u32 = 0o2000;
export const O_NONBLOCK: u32 = 0o4000;
export const O_LARGEFILE: u32 = 0o100000;
export const O_CLOEXEC: u32 = 0o2000000;
export const F_DUPFD: u32 = 0;
export const F_GETFD: u32 = 1;
export const F_SETFD: u32 = 2;
export const F_GETFL: u32 = 3;
export const F_SETFL: u32 = 4;
export const F_DUPFD_CLOEXEC: u32 = 1030;
export const F_ADD_SEALS: u32 = 1033;
export const F_GET_SEALS: u32 = 1034;
export const FD_CLOEXEC: u32 = 1;
export const MFD_CLOEXEC: u32 = 0x1;
export const MFD_ALLOW_SEALING: u32 = 0x2;
export const MFD_HUGETLB: u32 = 0x4;
export const MFD_NOEXEC_SEAL: u32 = 0x8;
export const MFD_EXEC: u32 = 0x10;
export const FALLOC_FL_KEEP_SIZE: u32 = 1;
export const FALLOC_FL_PUNCH_HOLE: u32 = 2;
export const SEEK_SET: u32 = 0;
export const SEEK_CUR: u32 = 1;
export const SEEK_END: u32 = 2;
export const SEEK_DATA: u32 = 3;
export const SEEK_HOLE: u32 = 4;
export const S_IFREG: u32 = 0o100000;

// get_user_pages (Linux: mm_types.h)
export const FOLL_WRITE: u32 = 1 << 0;
export const FOLL_GET: u32 = 1 << 1;
export const FOLL_FORCE: u32 = 1 << 3;
export const FOLL_LONGTERM: u32 = 1 << 8;
export const FOLL_PIN: u32 = 1 << 19;
/** Give up where GUP-fast cannot go on, instead of taking the slow path (Linux: internal.h). */
export const FOLL_FAST_ONLY: u32 = 1 << 20;

// how an access faults
export const FAULT_FLAG_WRITE: u32 = 1;
/** Break copy-on-write although nobody writes (Linux: FAULT_FLAG_UNSHARE). */
export const FAULT_FLAG_UNSHARE: u32 = 2;

// signals that a bad access raises, as negative results beside the errors
export const SIGBUS_RESULT: i32 = 4090;
export const SIGSEGV_RESULT: i32 = 4091;

// axis pin: what a pin (FOLL_PIN) counts
export const PIN_GET_PAGE: u32 = 0;
export const PIN_PINCOUNT: u32 = 1;
export const PIN_I_MMAP_WRITABLE: u32 = 2;
export const PIN_I_MMAP_WRITABLE_PERCPU: u32 = 3;
export const PIN_READ_WRITE_SPLIT: u32 = 4;

// axis seal: what F_SEAL_WRITE does about pins
export const SEAL_IGNORE_PINS: u32 = 0;
export const SEAL_WAIT_FOR_PINS: u32 = 1;
export const SEAL_REFUSE_IF_COUNTED: u32 = 2;
export const SEAL_DONTPIN: u32 = 3;

// event and page-state counters (Linux: vm_event_item, node_stat_item)
export const VM_PGALLOC_NORMAL: u32 = 0;
export const VM_PGFREE: u32 = 1;
export const VM_PGFAULT: u32 = 2;
export const VM_NR_FREE_PAGES: u32 = 3;
export const VM_NR_FILE_PAGES: u32 = 4;
export const VM_NR_SHMEM: u32 = 5;
export const VM_NR_ANON_MAPPED: u32 = 6;
export const VM_NR_FILE_MAPPED: u32 = 7;
export const VM_NR_PAGE_TABLE_PAGES: u32 = 8;
export const VM_NR_FOLL_PIN_ACQUIRED: u32 = 9;
export const VM_NR_FOLL_PIN_RELEASED: u32 = 10;
export const VM_GUP_FAST_FALLBACK: u32 = 11;
export const VM_SEAL_PIN_WAITS: u32 = 12;
