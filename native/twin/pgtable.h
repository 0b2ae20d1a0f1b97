/* Four levels of page tables with 512 entries of 64 bits: assembly/arch/pgtable.ts. */
#ifndef TWIN_PGTABLE_H
#define TWIN_PGTABLE_H

#include "types.h"

#include <stdbool.h>

#define PAGE_PRESENT (1ull << 0)
#define PAGE_RW (1ull << 1)
#define PAGE_USER (1ull << 2)
#define PAGE_ACCESSED (1ull << 5)
#define PAGE_DIRTY (1ull << 6)
#define PAGE_SPECIAL (1ull << 9)
#define PAGE_NX (1ull << 63)
#define PAGE_TABLE (PAGE_PRESENT | PAGE_RW | PAGE_USER | PAGE_ACCESSED | PAGE_DIRTY)
#define PFN_MASK 0x000ffffffffff000ull

#define PTRS_PER_TABLE 512u
#define TOP_LEVEL 3u
#define TASK_SIZE ((1ull << 47) - PAGE_SIZE)

typedef _Atomic uint64_t pte_cell;

static inline pte_cell *entry_of(uint32_t table, uint64_t address, uint32_t level)
{
	uint32_t index = (address >> (PAGE_SHIFT + 9 * level)) & (PTRS_PER_TABLE - 1);

	return (pte_cell *)(uintptr_t)table + index;
}

static inline uint32_t table_of(uint64_t entry)
{
	return (uint32_t)(entry & PFN_MASK);
}

static inline uint32_t pte_pfn(uint64_t pte)
{
	return (uint32_t)((pte & PFN_MASK) >> PAGE_SHIFT);
}

static inline bool pte_access_permitted(uint64_t pte, bool write)
{
	uint64_t need = PAGE_PRESENT | PAGE_USER | (write ? PAGE_RW : 0);

	return (pte & need) == need;
}

#endif
