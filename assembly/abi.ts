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
export const MREMAP_MAYMOVE: u32 = 1;
export const MREMAP_FIXED: u32 = 2;
export const MREMAP_DONTUNMAP: u32 = 4;

// madvise (Linux: mman-common.h)
export const MADV_NORMAL: u32 = 0;
export const MADV_RANDOM: u32 = 1;
export const MADV_SEQUENTIAL: u32 = 2;
export const MADV_WILLNEED: u32 = 3;
export const MADV_DONTNEED: u32 = 4;
export const MADV_FREE: u32 = 8;
export const MADV_REMOVE: u32 = 9;
export const MADV_DONTFORK: u32 = 10;
export const MADV_DOFORK: u32 = 11;
export const MADV_MERGEABLE: u32 = 12;
export const MADV_UNMERGEABLE: u32 = 13;
export const MADV_HUGEPAGE: u32 = 14;
export const MADV_NOHUGEPAGE: u32 = 15;
export const MADV_DONTDUMP: u32 = 16;
export const MADV_DODUMP: u32 = 17;
export const MADV_WIPEONFORK: u32 = 18;
export const MADV_KEEPONFORK: u32 = 19;
export const MADV_COLD: u32 = 20;
export const MADV_PAGEOUT: u32 = 21;
export const MADV_POPULATE_READ: u32 = 22;
export const MADV_POPULATE_WRITE: u32 = 23;
export const MADV_DONTNEED_LOCKED: u32 = 24;
export const MADV_COLLAPSE: u32 = 25;
export const MADV_HWPOISON: u32 = 100;
export const MADV_SOFT_OFFLINE: u32 = 101;
export const MADV_GUARD_INSTALL: u32 = 102;
export const MADV_GUARD_REMOVE: u32 = 103;

// mlock, mlockall, msync (Linux: mman-common.h)
export const MLOCK_ONFAULT: u32 = 1;
export const MCL_CURRENT: u32 = 1;
export const MCL_FUTURE: u32 = 2;
export const MCL_ONFAULT: u32 = 4;
export const MS_ASYNC: u32 = 1;
export const MS_INVALIDATE: u32 = 2;
export const MS_SYNC: u32 = 4;

// files (Linux: fcntl.h, memfd.h, falloc.h, stat.h)
export const O_RDONLY: u32 = 0;
export const O_WRONLY: u32 = 1;
export const O_RDWR: u32 = 2;
export const O_ACCMODE: u32 = 3;
export const O_CREAT: u32 = 0o100;
export const O_EXCL: u32 = 0o200;
export const O_NOCTTY: u32 = 0o400;
export const O_TRUNC: u32 = 0o1000;
export const O_APPEND: u32 = 0o2000;
export const O_NONBLOCK: u32 = 0o4000;
export const O_LARGEFILE: u32 = 0o100000;
export const O_DIRECTORY: u32 = 0o200000;
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
export const S_IFMT: u32 = 0o170000;
export const S_IFIFO: u32 = 0o010000;
export const S_IFREG: u32 = 0o100000;

// vmsplice (Linux: splice.h)
export const SPLICE_F_MOVE: u32 = 1;
export const SPLICE_F_NONBLOCK: u32 = 2;
export const SPLICE_F_MORE: u32 = 4;
export const SPLICE_F_GIFT: u32 = 8;

// get_user_pages (Linux: mm_types.h)
export const FOLL_WRITE: u32 = 1 << 0;
export const FOLL_GET: u32 = 1 << 1;
export const FOLL_FORCE: u32 = 1 << 3;
/** Give up where a fault would be needed. */
export const FOLL_NOFAULT: u32 = 1 << 5;
export const FOLL_LONGTERM: u32 = 1 << 8;
/** Mark what was taken as accessed (Linux: internal.h). */
export const FOLL_TOUCH: u32 = 1 << 16;
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

// axis lruBatch: references that CPUs' batches of pages on their way to an LRU list hold
export const LRU_BATCH_LOCAL: u32 = 0;
export const LRU_BATCH_NONE: u32 = 1;
export const LRU_BATCH_ALL: u32 = 2;
export const LRU_BATCH_DISABLED: u32 = 3;

// axis cow: who may write to the page of a private mapping in place
export const COW_ANON_EXCLUSIVE: u32 = 0;
export const COW_REF_EQUAL: u32 = 1;
export const COW_MAP_PLUS_SWAP: u32 = 2;
export const COW_REF_ONE: u32 = 3;

// axis unmapPinned: whether a page that somebody refers to may be swapped out
export const UNMAP_PINNED_REFUSE_IF_EXCLUSIVE_AND_PINNED: u32 = 0;
export const UNMAP_PINNED_ALLOW: u32 = 1;
export const UNMAP_PINNED_REFUSE_IF_REF_NE_MAP_PLUS_2: u32 = 2;

// axis forkPinned: what a fork does with a page that may be pinned
export const FORK_PINNED_EARLY_COPY_CHILD: u32 = 0;
export const FORK_PINNED_SHARE: u32 = 1;
export const FORK_PINNED_EARLY_COPY_CHILD_NO_SEQCOUNT: u32 = 2;

// historic bugs that a machine can re-enact, a bit each (src/bugs.ts says what each is)
export const BUG_GUP_NO_PTE_RECHECK: u32 = 1 << 0;
export const BUG_PTFREE_UNSYNCHRONISED: u32 = 1 << 1;
export const BUG_FORK_NO_WRITE_PROTECT_SEQ: u32 = 1 << 2;
export const BUG_FORK_NO_EARLY_COPY: u32 = 1 << 3;
export const BUG_COW_MAPCOUNT_ONLY: u32 = 1 << 4;
export const BUG_GOT_UNPIN_IN_PUT_PAGE: u32 = 1 << 5;
export const BUG_SEAL_SCAN_BEFORE_DENY: u32 = 1 << 6;
export const BUG_SEAL_FALSE_BUSY: u32 = 1 << 7;
export const BUG_SEAL_GUP_COUNT_WRONG_MAPPING: u32 = 1 << 8;
export const BUG_ANON_VMA_DEGREE: u32 = 1 << 9;
export const BUG_ANON_VMA_PUT_ORDER: u32 = 1 << 10;
export const BUG_MADVFREE_IGNORE_REFS: u32 = 1 << 11;
export const BUG_SHARE_NO_BARRIER: u32 = 1 << 12;
export const BUG_COW_REFCOUNT_VS_UNMAP: u32 = 1 << 13;
export const BUG_SWAP_SKIP_CACHE_ABA: u32 = 1 << 14;
export const BUG_WRITE_FAULT_UNDER_PAGE_LOCK: u32 = 1 << 15;
export const BUG_SHMEM_FAULT_TAKES_I_RWSEM: u32 = 1 << 16;
export const BUG_TRUNCATE_FAULT_RACE: u32 = 1 << 17;
export const BUG_SWAPIN_FREE_BEFORE_RMAP: u32 = 1 << 18;
export const BUG_FORK_HAS_PINNED_LATE: u32 = 1 << 19;
export const BUG_ANON_VMA_PLAIN_CHECK: u32 = 1 << 20;

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
export const VM_PGMAJFAULT: u32 = 32;
export const VM_PSWPIN: u32 = 33;
export const VM_PSWPOUT: u32 = 34;
export const VM_NR_SWAPCACHED: u32 = 35;

// of the LRU lists; the first five in the order of the lists (Linux: enum lru_list)
export const VM_NR_INACTIVE_ANON: u32 = 64;
export const VM_NR_ACTIVE_ANON: u32 = 65;
export const VM_NR_INACTIVE_FILE: u32 = 66;
export const VM_NR_ACTIVE_FILE: u32 = 67;
export const VM_NR_UNEVICTABLE: u32 = 68;
export const VM_NR_MLOCK: u32 = 69;
export const VM_NR_ISOLATED_ANON: u32 = 70;
export const VM_NR_ISOLATED_FILE: u32 = 71;
export const VM_PGACTIVATE: u32 = 72;
export const VM_PGDEACTIVATE: u32 = 73;
export const VM_PGLAZYFREE: u32 = 74;
export const VM_PGLAZYFREED: u32 = 75;
export const VM_PGREFILL: u32 = 76;
export const VM_PGSTEAL_DIRECT: u32 = 77;
export const VM_PGSCAN_DIRECT: u32 = 78;
export const VM_PGSCAN_ANON: u32 = 79;
export const VM_PGSCAN_FILE: u32 = 80;
export const VM_PGSTEAL_ANON: u32 = 81;
export const VM_PGSTEAL_FILE: u32 = 82;
export const VM_PGROTATED: u32 = 83;
export const VM_ALLOCSTALL_NORMAL: u32 = 84;
export const VM_UNEVICTABLE_PGCULLED: u32 = 85;
export const VM_UNEVICTABLE_PGRESCUED: u32 = 86;
export const VM_UNEVICTABLE_PGMLOCKED: u32 = 87;
export const VM_UNEVICTABLE_PGMUNLOCKED: u32 = 88;
export const VM_UNEVICTABLE_PGCLEARED: u32 = 89;
export const VM_UNEVICTABLE_PGSTRANDED: u32 = 90;
