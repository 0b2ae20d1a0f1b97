/*
 * A write pin raises this CPU's counter of the file; the protocol that makes the sum of them mean
 * something is in assembly/mm/policy/i_mmap_writable_percpu.ts.
 */
#include "plain_reference.h"

static inline _Atomic int64_t *own_counter(uint32_t mapping)
{
	uint32_t counters = cell_load(&mapping_at(mapping)->pin_counters);

	return pin_counter(counters, this_cpu_area->cpu);
}

static inline uint32_t policy_count_file(struct page *page, uint32_t counted)
{
	uint32_t mapping = cell_load(&page->mapping);

	if (mapping == counted || (mapping & PAGE_MAPPING_ANON) != 0)
		return 0;
	if (mapping == 0)
		return FILE_REFUSES;
	cell_add(own_counter(mapping), 1);
	return mapping;
}

static inline void policy_uncount_file(uint32_t mapping)
{
	cell_sub(own_counter(mapping), 1);
}
