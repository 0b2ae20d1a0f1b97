/* A write pin raises i_mmap_writable of the file: assembly/mm/policy/i_mmap_writable.ts. */
#include "plain_reference.h"

/* One more that may write, unless that is denied (Linux: mapping_map_writable). */
static inline bool map_writable(struct address_space *mapping)
{
	int32_t seen = cell_load(&mapping->i_mmap_writable);

	while (seen >= 0)
		if (cell_cmpxchg(&mapping->i_mmap_writable, &seen, seen + 1))
			return true;
	return false;
}

static inline uint32_t policy_count_file(struct page *page, uint32_t counted)
{
	uint32_t mapping = cell_load(&page->mapping);

	if (mapping == counted || (mapping & PAGE_MAPPING_ANON) != 0)
		return 0;
	if (mapping == 0)
		return FILE_REFUSES;
	return map_writable(mapping_at(mapping)) ? mapping : FILE_REFUSES;
}

static inline void policy_uncount_file(uint32_t mapping)
{
	cell_sub(&mapping_at(mapping)->i_mmap_writable, 1);
}
