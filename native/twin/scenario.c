/*
 * The machine that the loops run on: one process that maps one file, or one for each thread, shared
 * and writable, every page present. Page frames follow one another as the pages do.
 */
#include "atomic.h"
#include "page_ref.h"
#include "pgtable.h"
#include "twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* Where the mapping begins: an index other than 0 at every level but the last. */
#define MAPPING_START 0x7f1234400000ull
#define PTE_BITS (PAGE_PRESENT | PAGE_RW | PAGE_USER | PAGE_ACCESSED | PAGE_DIRTY | PAGE_NX)

_Thread_local struct per_cpu *this_cpu_area;

static struct {
	uint32_t files;
	uint32_t pages; /* of all files */
	uint32_t stride; /* pages from the start of a thread to that of the next */
	uint32_t tables;
} built;

void free_page(struct page *page)
{
	fprintf(stderr, "gup_twin: page %u lost its last reference\n", page_to_pfn(page));
	abort();
}

static void map_arena(void)
{
	void *arena = mmap((void *)ARENA_BASE, ARENA_END - ARENA_BASE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (arena == (void *)ARENA_BASE)
		return;
	perror("gup_twin: mmap");
	exit(EXIT_FAILURE);
}

static uint32_t new_table(void)
{
	if (built.tables == NR_TABLES_MAX) {
		fprintf(stderr, "gup_twin: out of page tables\n");
		abort();
	}
	return (uint32_t)(TABLES_BASE + built.tables++ * PAGE_SIZE);
}

static void map_page(uint64_t address, uint32_t pfn)
{
	uint32_t table = scenario_mm()->pgd;

	for (uint32_t level = TOP_LEVEL; level > 0; level--) {
		pte_cell *entry = entry_of(table, address, level);

		if (*entry == 0)
			*entry = new_table() | PAGE_TABLE;
		table = table_of(*entry);
	}
	*entry_of(table, address, 0) = ((uint64_t)pfn << PAGE_SHIFT) | PTE_BITS;
}

/* A page of a file, in the page cache and mapped once: a reference for either. */
static void build_page(uint32_t pfn, uint32_t file, uint32_t index)
{
	struct page *page = pfn_to_page(pfn);

	page->flags = PG_UPTODATE | PG_DIRTY | PG_SWAPBACKED;
	page->mapping = (uint32_t)(uintptr_t)&scenario_inode(file)->mapping;
	page->index = index;
	page->refcount = 2;
	map_page(MAPPING_START + ((uint64_t)pfn << PAGE_SHIFT), pfn);
}

static void build_file(uint32_t file)
{
	struct address_space *mapping = &scenario_inode(file)->mapping;

	mapping->i_mmap_writable = 1;
	mapping->pin_counters = (uint32_t)(PIN_COUNTERS_BASE + file * PAGE_SIZE);
	mapping->nr_pages = built.pages / built.files;
}

void scenario_build(enum sharing sharing, uint32_t threads, uint32_t batch)
{
	uint32_t per_file;

	map_arena();
	built.stride = sharing == SAME_PAGE ? 0 : batch;
	built.pages = sharing == SAME_PAGE ? batch : threads * batch;
	built.files = sharing == SEPARATE_FILES ? threads : 1;
	per_file = built.pages / built.files;
	scenario_mm()->pgd = new_table();
	for (uint32_t file = 0; file < built.files; file++)
		build_file(file);
	for (uint32_t pfn = 0; pfn < built.pages; pfn++)
		build_page(pfn, pfn / per_file, pfn % per_file);
	for (uint32_t cpu = 0; cpu < threads; cpu++) {
		per_cpu(cpu)->cpu = cpu;
		per_cpu(cpu)->seal_policy = SEAL_WAIT_FOR_PINS;
	}
}

struct mm_struct *scenario_mm(void)
{
	return (struct mm_struct *)MM_BASE;
}

uint64_t scenario_start(uint32_t thread)
{
	return MAPPING_START + ((uint64_t)thread * built.stride << PAGE_SHIFT);
}

uint32_t scenario_pages(void)
{
	return built.pages;
}

uint32_t scenario_files(void)
{
	return built.files;
}

struct inode *scenario_inode(uint32_t file)
{
	return (struct inode *)INODES_BASE + file;
}
