/*
 * The structs of assembly/types/ and lib/percpu.ts, field by field where they lie there. Fields
 * that GUP-fast never touches are only room.
 */
#ifndef TWIN_TYPES_H
#define TWIN_TYPES_H

#include "memlayout.h"

#include <stddef.h>
#include <stdint.h>

#define FOLL_WRITE (1u << 0)
#define FOLL_LONGTERM (1u << 8)
#define FOLL_PIN (1u << 19)

#define SEAL_WAIT_FOR_PINS 1
#define SEAL_DONTPIN 3

#define PG_REFERENCED (1ull << 2)
#define PG_UPTODATE (1ull << 3)
#define PG_DIRTY (1ull << 4)
#define PG_ANON_EXCLUSIVE (1ull << 11)
#define PG_SWAPBACKED (1ull << 17)
#define PAGE_MAPPING_ANON 1u

#define MMF_HAS_PINNED (1u << 27)
#define AS_DONTPIN (1u << 0)

struct page {
	_Atomic uint64_t flags;
	uint64_t lru;
	uint64_t reserved0;
	_Atomic uint32_t mapping; /* address_space, or anon_vma + 1 */
	uint32_t reserved1;
	uint64_t index;
	uint64_t private_data;
	_Atomic int32_t mapcount;
	_Atomic int32_t refcount;
	uint64_t reserved2;
};
_Static_assert(sizeof(struct page) == CACHE_LINE, "struct page fills one cache line");
_Static_assert(offsetof(struct page, mapping) == 24, "as in assembly/types/page.ts");
_Static_assert(offsetof(struct page, refcount) == 52, "as in assembly/types/page.ts");

struct address_space {
	_Atomic uint32_t flags;
	_Atomic int32_t i_mmap_writable;
	uint32_t i_mmap;
	uint32_t i_mmap_rwsem;
	_Atomic uint32_t pin_counters; /* one cache line a CPU */
	uint32_t pad[11];
	uint64_t i_pages[2];
	uint64_t nr_pages;
	uint64_t pad2[5];
};
_Static_assert(sizeof(struct address_space) == 128, "two cache lines");
_Static_assert(offsetof(struct address_space, i_pages) == 64, "i_pages begins line 1");

struct inode {
	uint64_t head[8];
	struct address_space mapping;
	uint64_t tail[8];
};
_Static_assert(sizeof(struct inode) == INODE_SIZE, "as in assembly/types/address_space.ts");

struct mm_struct {
	_Atomic uint32_t pgd;
	_Atomic uint32_t flags;
	_Atomic uint32_t write_protect_seq;
	uint32_t pad[13];
	uint64_t locks[8];
	uint64_t vmas[8];
};
_Static_assert(sizeof(struct mm_struct) == 192, "three cache lines");

struct per_cpu {
	_Atomic uint32_t irq_seq; /* odd while interrupts are off */
	uint32_t cpu;
	_Atomic uint32_t pin_policy;
	uint32_t seal_policy;
	_Atomic uint64_t pins_acquired;
	_Atomic uint64_t pins_released;
	_Atomic uint32_t gup_counted; /* the file that this GUP call has counted last */
	uint32_t pad[7];
};
_Static_assert(sizeof(struct per_cpu) == CACHE_LINE, "one line for all that GUP-fast wants");

struct gup_entry {
	_Atomic uint32_t pfn;
	_Atomic uint32_t mapping; /* whose counter this entry must lower, or 0 */
};
_Static_assert(sizeof(struct gup_entry) == 8, "an entry takes eight bytes");
_Static_assert(BATCH_MAX * sizeof(struct gup_entry) <= 8192, "the vector takes two pages");

static inline struct page *pfn_to_page(uint32_t pfn)
{
	return (struct page *)MEM_MAP + pfn;
}

static inline uint32_t page_to_pfn(const struct page *page)
{
	return (uint32_t)(page - (struct page *)MEM_MAP);
}

static inline struct address_space *mapping_at(uint32_t address)
{
	return (struct address_space *)(uintptr_t)address;
}

static inline struct per_cpu *per_cpu(uint32_t cpu)
{
	return (struct per_cpu *)(PERCPU_BASE + (uintptr_t)cpu * PERCPU_SIZE);
}

static inline struct gup_entry *per_cpu_vector(uint32_t cpu)
{
	return (struct gup_entry *)((uintptr_t)per_cpu(cpu) + PERCPU_VECTOR);
}

/* A CPU's counter of a file, for the policy i-mmap-writable-percpu. */
static inline _Atomic int64_t *pin_counter(uint32_t counters, uint32_t cpu)
{
	return (_Atomic int64_t *)((uintptr_t)counters + (uintptr_t)cpu * CACHE_LINE);
}

/* The slice of the CPU that this thread is: the counterpart of the core's one mutable global. */
extern _Thread_local struct per_cpu *this_cpu_area;

#endif
