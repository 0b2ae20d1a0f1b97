/* The loops that gup_fast.c was compiled into, by the names that the core gives the policies. */
#include "twin.h"

#include <string.h>

#define FOR_EACH_POLICY(DO)                                                                        \
	DO("get-page", get_page)                                                                   \
	DO("pincount", pincount)                                                                   \
	DO("i-mmap-writable", i_mmap_writable)                                                     \
	DO("i-mmap-writable-percpu", i_mmap_writable_percpu)                                       \
	DO("read-write-split", read_write_split)

#define DECLARE(name, symbol)                                                                      \
	void loop_##symbol##_seq_cst(struct job *job);                                             \
	void loop_##symbol##_kernel(struct job *job);
#define ENTRY(name, symbol) { name, loop_##symbol##_seq_cst, loop_##symbol##_kernel },
#define NAME(name, symbol) " " name

FOR_EACH_POLICY(DECLARE)

static const struct policy policies[] = { FOR_EACH_POLICY(ENTRY) };

const struct policy *policy_find(const char *name)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
		if (strcmp(policies[i].name, name) == 0)
			return &policies[i];
	return NULL;
}

const char *policy_names(void)
{
	return FOR_EACH_POLICY(NAME);
}
