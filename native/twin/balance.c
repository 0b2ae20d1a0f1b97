/* The proof that the loops did what they counted: afterwards everything is as it was before. */
#include "twin.h"

static const char *check_pages(void)
{
	for (uint32_t pfn = 0; pfn < scenario_pages(); pfn++) {
		struct page *page = pfn_to_page(pfn);

		if (page->refcount != 2)
			return "the reference count of a page is not back";
		if ((page->flags & PG_REFERENCED) == 0)
			return "a page was never pinned";
	}
	return NULL;
}

static const char *check_files(uint32_t threads)
{
	for (uint32_t file = 0; file < scenario_files(); file++) {
		struct address_space *mapping = &scenario_inode(file)->mapping;
		int64_t pins = 0;

		if (mapping->i_mmap_writable != 1)
			return "i_mmap_writable of a file is not back";
		for (uint32_t cpu = 0; cpu < threads; cpu++)
			pins += *pin_counter(mapping->pin_counters, cpu);
		if (pins != 0)
			return "the pin counters of a file do not add up to 0";
	}
	return NULL;
}

static const char *check_cpus(const struct job *jobs, uint32_t threads)
{
	for (uint32_t cpu = 0; cpu < threads; cpu++) {
		struct per_cpu *area = per_cpu(cpu);

		if (jobs[cpu].failed)
			return "a call got fewer pages than it should";
		if ((area->irq_seq & 1) != 0)
			return "a CPU has its interrupts off";
		if (area->pins_acquired != jobs[cpu].pages)
			return "pins_acquired is not what the loop counted";
		if (area->pins_released != jobs[cpu].pages)
			return "pins_released is not what the loop counted";
	}
	return NULL;
}

const char *scenario_imbalance(const struct job *jobs, uint32_t threads)
{
	const char *problem = check_cpus(jobs, threads);

	if (!problem)
		problem = check_pages();
	if (!problem)
		problem = check_files(threads);
	return problem;
}
