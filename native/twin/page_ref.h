/* References to pages: assembly/mm/page_ref.ts, and put_page of page_alloc.ts. */
#ifndef TWIN_PAGE_REF_H
#define TWIN_PAGE_REF_H

#include "atomic.h"
#include "types.h"

#include <stdbool.h>

/* The last reference went. The scenarios keep two of every page, so this ends the program. */
_Noreturn void free_page(struct page *page);

static inline bool try_get_page(struct page *page)
{
	int32_t seen = cell_load(&page->refcount);

	while (seen > 0)
		if (cell_cmpxchg(&page->refcount, &seen, seen + 1))
			return true;
	return false;
}

/* Gives `count` references back in one subtraction. */
static inline void put_page_refs(struct page *page, int32_t count)
{
	if (cell_fetch_sub(&page->refcount, count) == count)
		free_page(page);
}

#endif
