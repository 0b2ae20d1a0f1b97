/*
 * GUP-fast and its release, step by step as in assembly/mm/gup_fast.ts, where the comments say why.
 * Compiled once for each policy and order:
 *
 *   POLICY_HEADER   the header in policy/
 *   LOOP            the name of the loop
 *   ORDER_KERNEL    defined or not: see atomic.h
 *
 * The flags arrive at run time, as they do in the core: the compiler must not know that the loop
 * always pins for writing.
 */
#include "atomic.h"
#include "page_ref.h"
#include "pgtable.h"
#include "rcu.h"
#include "twin.h"
#include POLICY_HEADER

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Gives pages back by the policy that took them. */
static void release_entries(struct gup_entry *entries, uint32_t nr, bool write)
{
	for (uint32_t i = 0; i < nr; i++) {
		struct gup_entry *entry = &entries[i];
		uint32_t mapping = cell_load(&entry->mapping);

		policy_release(pfn_to_page(cell_load(&entry->pfn)), write);
		if (mapping != 0)
			policy_uncount_file(mapping);
	}
}

static inline bool page_is_anon(struct page *page)
{
	return (cell_load(&page->mapping) & PAGE_MAPPING_ANON) != 0;
}

/* A read pin of a page that a write of this process would replace. */
static bool must_unshare(struct page *page, uint32_t flags)
{
	if ((flags & FOLL_WRITE) != 0)
		return false;
	if (!page_is_anon(page))
		return (flags & FOLL_LONGTERM) != 0;
	return (cell_load(&page->flags) & PG_ANON_EXCLUSIVE) == 0;
}

/* What is checked of a page without a VMA. */
static inline bool page_allowed(struct page *page, uint64_t pte, uint32_t flags)
{
	const uint32_t write_longterm = FOLL_WRITE | FOLL_LONGTERM;
	bool dontpin = this_cpu_area->seal_policy == SEAL_DONTPIN;

	if ((flags & FOLL_PIN) == 0)
		return true;
	if (dontpin || (flags & write_longterm) == write_longterm) {
		uint32_t mapping = cell_load(&page->mapping);

		if (mapping == 0)
			return false;
		if (dontpin && (mapping & PAGE_MAPPING_ANON) == 0 &&
		    (cell_load(&mapping_at(mapping)->flags) & AS_DONTPIN) != 0)
			return false;
	}
	return (pte & PAGE_RW) != 0 || !must_unshare(page, flags);
}

/* Steps F2 to F5 for one entry. */
static inline bool gup_pte(pte_cell *ptep, uint32_t flags, struct gup_entry *entry)
{
	bool write = (flags & FOLL_WRITE) != 0;
	uint64_t pte = cell_load(ptep);
	uint32_t counted = 0;
	struct page *page;

	if (!pte_access_permitted(pte, write) || (pte & PAGE_SPECIAL) != 0)
		return false;
	page = pfn_to_page(pte_pfn(pte));
	if (!policy_grab(page, write))
		return false;
	if (write) {
		counted = policy_count_file(page, cell_load(&this_cpu_area->gup_counted));
		if (counted == FILE_REFUSES) {
			policy_release(page, write);
			return false;
		}
		if (counted != 0)
			cell_init(&this_cpu_area->gup_counted, counted);
	}
	if (cell_load(ptep) != pte || !page_allowed(page, pte, flags)) {
		if (counted != 0)
			policy_uncount_file(counted);
		policy_release(page, write);
		return false;
	}
	cell_or(&page->flags, PG_REFERENCED);
	cell_init(&entry->pfn, page_to_pfn(page));
	cell_init(&entry->mapping, counted);
	return true;
}

static uint32_t gup_pte_range(uint32_t table, uint64_t start, uint32_t nr, uint32_t flags,
			      struct gup_entry *entries)
{
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t address = start + ((uint64_t)i << PAGE_SHIFT);

		if (!gup_pte(entry_of(table, address, 0), flags, &entries[i]))
			return i;
	}
	return nr;
}

/* The table of entries for an address, or 0; with interrupts off. */
static uint32_t walk_to_table(struct mm_struct *mm, uint64_t address)
{
	uint32_t table = cell_load(&mm->pgd);

	for (uint32_t level = TOP_LEVEL; level > 0; level--) {
		uint64_t entry = cell_load(entry_of(table, address, level));

		if ((entry & PAGE_PRESENT) == 0)
			return 0;
		table = table_of(entry);
	}
	return table;
}

static uint32_t gup_pgd_range(struct mm_struct *mm, uint64_t start, uint32_t nr, uint32_t flags,
			      struct gup_entry *entries)
{
	uint32_t got = 0;

	while (got < nr) {
		uint64_t address = start + ((uint64_t)got << PAGE_SHIFT);
		uint32_t table = walk_to_table(mm, address);
		uint32_t index = (address >> PAGE_SHIFT) & (PTRS_PER_TABLE - 1);
		uint32_t want = min_u32(nr - got, PTRS_PER_TABLE - index);
		uint32_t here;

		if (table == 0)
			break;
		here = gup_pte_range(table, address, want, flags, &entries[got]);
		got += here;
		if (here < want)
			break;
	}
	return got;
}

/* Takes up to `nr` pages from `start` into `entries`; returns how many. */
static uint32_t gup_fast(struct mm_struct *mm, uint64_t start, uint32_t nr, uint32_t flags,
			 struct gup_entry *entries)
{
	bool pin = (flags & FOLL_PIN) != 0;
	uint32_t sequence = 0;
	uint32_t got;

	if (pin) {
		if ((cell_load(&mm->flags) & MMF_HAS_PINNED) == 0)
			cell_fetch_or(&mm->flags, MMF_HAS_PINNED);
		sequence = cell_load_acquire(&mm->write_protect_seq);
		if ((sequence & 1) != 0)
			return 0;
	}
	local_irq_save();
	cell_init(&this_cpu_area->gup_counted, 0);
	got = gup_pgd_range(mm, start, nr, flags, entries);
	local_irq_restore();
	if (pin && read_seqcount_retry(&mm->write_protect_seq, sequence)) {
		release_entries(entries, got, (flags & FOLL_WRITE) != 0);
		return 0;
	}
	return got;
}

/* The checks and counts around it; the twin has no slow path to fall back to. */
static uint32_t get_user_pages_fast(struct mm_struct *mm, uint64_t start, uint32_t nr,
				    uint32_t flags, struct gup_entry *entries)
{
	uint64_t length = (uint64_t)nr << PAGE_SHIFT;
	uint64_t first = start & ~(uint64_t)(PAGE_SIZE - 1);
	uint32_t got;

	if (first + length < first || first + length > TASK_SIZE)
		return 0;
	got = gup_fast(mm, first, nr, flags, entries);
	if ((flags & FOLL_PIN) != 0)
		this_cpu_add(&this_cpu_area->pins_acquired, got);
	return got;
}

static void release_user_pages(struct gup_entry *entries, uint32_t nr, uint32_t flags)
{
	release_entries(entries, nr, (flags & FOLL_WRITE) != 0);
	if ((flags & FOLL_PIN) != 0)
		this_cpu_add(&this_cpu_area->pins_released, nr);
}

void LOOP(struct job *job);

void LOOP(struct job *job)
{
	struct gup_entry *entries = per_cpu_vector(job->cpu);
	uint64_t pages = 0;

	/* At least once, or a thread that gets no CPU would leave its pages unpinned. */
	do {
		uint32_t got = get_user_pages_fast(job->mm, job->start, job->batch, job->flags,
						   entries);

		release_user_pages(entries, got, job->flags);
		pages += got;
		job->failed = got != job->batch;
	} while (!job->failed && !atomic_load(job->stop));
	job->pages = pages;
}
