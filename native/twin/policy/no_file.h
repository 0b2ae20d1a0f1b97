/* For the policies that count nothing in the file. */
#ifndef TWIN_NO_FILE_H
#define TWIN_NO_FILE_H

#include "policy.h"

static inline uint32_t policy_count_file(struct page *page, uint32_t counted)
{
	(void)page;
	(void)counted;
	return 0;
}

static inline void policy_uncount_file(uint32_t mapping)
{
	(void)mapping;
}

#endif
