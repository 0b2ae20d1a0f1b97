/* What the parts of the twin share: the scenario, and the loop that each thread runs. */
#ifndef TWIN_H
#define TWIN_H

#include "types.h"

#include <stdbool.h>

enum sharing { SAME_PAGE, SAME_FILE, SEPARATE_FILES };

/* What a thread is to do, and what it did. */
struct job {
	struct mm_struct *mm;
	uint64_t start;      /* its first page */
	uint32_t batch;      /* pages a call */
	uint32_t flags;      /* FOLL_* */
	uint32_t cpu;
	_Atomic bool *stop;
	uint64_t pages;      /* out: pinned and given back */
	double seconds;      /* out: from the common start to its last call */
	double cpu_seconds;  /* out: how much of that it had a CPU */
	bool failed;         /* out: a call got fewer pages than it should */
};

struct policy {
	const char *name;
	void (*seq_cst)(struct job *job);
	void (*kernel)(struct job *job);
};

/* policies.c: by name, or NULL. */
const struct policy *policy_find(const char *name);
const char *policy_names(void);

/* scenario.c: the files, their pages and the mappings of them; aborts when there is no memory. */
void scenario_build(enum sharing sharing, uint32_t threads, uint32_t batch);
struct mm_struct *scenario_mm(void);
uint64_t scenario_start(uint32_t thread);

/* balance.c: NULL if every counter is back where it began, else what is not. */
const char *scenario_imbalance(const struct job *jobs, uint32_t threads);

/* scenario.c, for balance.c */
uint32_t scenario_pages(void);
uint32_t scenario_files(void);
struct inode *scenario_inode(uint32_t file);

/* pingpong.c: nanoseconds for one cache line to go to another thread and back. */
double pingpong(double seconds);

/* clock.c */
double now(void);
double thread_cpu_time(void);
void sleep_for(double seconds);

#endif
