/*
 * Twenty bits of references and eleven of write pins in one word:
 * assembly/mm/policy/read_write_split.ts.
 */
#include "no_file.h"

#define WRITER ((1 << 20) + 1)
#define WRITER_SHIFT 20
#define REFERENCES ((1 << 20) - 1)
#define MAX_REFERENCES (REFERENCES - 1024)
#define MAX_WRITERS 2046

static inline bool may_grab(int32_t refcount)
{
	return refcount > 0 && (refcount & REFERENCES) < MAX_REFERENCES &&
	       (refcount >> WRITER_SHIFT) < MAX_WRITERS;
}

static inline bool policy_grab(struct page *page, bool write)
{
	int32_t seen = cell_load(&page->refcount);

	while (may_grab(seen))
		if (cell_cmpxchg(&page->refcount, &seen, seen + (write ? WRITER : 1)))
			return true;
	return false;
}

static inline void policy_release(struct page *page, bool write)
{
	put_page_refs(page, write ? WRITER : 1);
}
