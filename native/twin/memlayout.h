/*
 * Where everything lies: as in assembly/memlayout.ts, but smaller, and placed below 4 GiB so that
 * an address fits the 32-bit words that the structs have for it.
 */
#ifndef TWIN_MEMLAYOUT_H
#define TWIN_MEMLAYOUT_H

#define PAGE_SHIFT 12
#define PAGE_SIZE (1u << PAGE_SHIFT)
#define CACHE_LINE 64

#define NR_CPUS_MAX 64
/* As many entries as the per-CPU vector has. */
#define BATCH_MAX 1024
#define NR_FRAMES (NR_CPUS_MAX * BATCH_MAX)
#define NR_FILES_MAX NR_CPUS_MAX
/* One top table, one of each further level, and the tables of entries; one to spare a level. */
#define NR_TABLES_MAX (NR_FRAMES / 512 + 7)

#define PERCPU_SIZE 0x6000
#define PERCPU_VECTOR 4096
#define INODE_SIZE 256

#define ARENA_BASE 0x10000000ul
#define PERCPU_BASE (ARENA_BASE + 0x10000)
#define MEM_MAP (PERCPU_BASE + NR_CPUS_MAX * PERCPU_SIZE)
#define MM_BASE (MEM_MAP + NR_FRAMES * 64ul)
#define INODES_BASE (MM_BASE + PAGE_SIZE)
#define PIN_COUNTERS_BASE (INODES_BASE + NR_FILES_MAX * INODE_SIZE)
#define TABLES_BASE (PIN_COUNTERS_BASE + NR_FILES_MAX * PAGE_SIZE)
#define ARENA_END (TABLES_BASE + NR_TABLES_MAX * PAGE_SIZE)

_Static_assert(ARENA_END < 0x100000000ul, "addresses must fit 32 bits");
_Static_assert(TABLES_BASE % PAGE_SIZE == 0, "page tables are pages");
_Static_assert(NR_CPUS_MAX * CACHE_LINE <= PAGE_SIZE, "the counters of a file take one page");

#endif
