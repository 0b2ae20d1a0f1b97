/* A pin adds 1024 to the reference count: assembly/mm/policy/pincount.ts. */
#include "no_file.h"

#define GUP_PIN_COUNTING_BIAS 1024

static inline bool policy_grab(struct page *page, bool write)
{
	(void)write;
	if (!try_get_page(page))
		return false;
	cell_add(&page->refcount, GUP_PIN_COUNTING_BIAS - 1);
	return true;
}

static inline void policy_release(struct page *page, bool write)
{
	(void)write;
	put_page_refs(page, GUP_PIN_COUNTING_BIAS);
}
