/* For the policies that take a plain reference of the page. */
#ifndef TWIN_PLAIN_REFERENCE_H
#define TWIN_PLAIN_REFERENCE_H

#include "policy.h"

static inline bool policy_grab(struct page *page, bool write)
{
	(void)write;
	return try_get_page(page);
}

static inline void policy_release(struct page *page, bool write)
{
	(void)write;
	put_page_refs(page, 1);
}

#endif
