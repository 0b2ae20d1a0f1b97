/*
 * Page faults, a page at a time. A pass maps some pages, touches each once under the watch and
 * takes the mapping away; page tables are filled anew in every pass, as they are for a program that
 * starts. A note says how many faults a page took, since the kernel maps neighbours of a page that
 * is read (Linux: do_fault_around): only a write costs one fault a page for certain.
 */
#include "rates.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum touch { READ_EACH, WRITE_EACH };

static long faults_so_far(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt;
}

static void touch_pages(unsigned char *memory, enum touch touch)
{
	for (size_t i = 0; i < FAULT_PAGES; i++) {
		volatile unsigned char *byte = memory + i * PAGE;

		if (touch == WRITE_EACH)
			*byte = 1;
		else
			(void)*byte;
	}
}

/* Touches every page of a new mapping, counts, and takes the mapping away. */
static void pass(struct meter *meter, unsigned char *memory, enum touch touch, long *faults)
{
	long before = faults_so_far();

	meter_start(meter);
	touch_pages(memory, touch);
	meter_stop(meter, FAULT_PAGES);
	*faults += faults_so_far() - before;
	munmap(memory, FAULT_PAGES * PAGE);
}

static void note_faults(struct meter *meter, const char *what, long faults)
{
	if (meter->ops > 0)
		note(meter, "%s; %.3f faults a page", what, (double)faults / (double)meter->ops);
}

static void fresh_memfd(struct meter *meter)
{
	int fd = memfd_of_pages(meter, FAULT_PAGES);
	long faults = 0;

	while (fd >= 0 && meter_wants_more(meter)) {
		unsigned char *memory = map_shared(meter, fd, FAULT_PAGES);

		if (!memory)
			break;
		pass(meter, memory, WRITE_EACH, &faults);
		if (ftruncate(fd, 0) != 0 || ftruncate(fd, FAULT_PAGES * PAGE) != 0)
			skip(meter, "ftruncate");
	}
	note_faults(meter, "first write to each page of a shared memfd without pages", faults);
	if (fd >= 0)
		close(fd);
}

/* A second mapping of pages that the file has already. */
static void cached_memfd(struct meter *meter, enum touch touch, int advice, const char *what)
{
	int fd = memfd_of_pages(meter, FAULT_PAGES);
	unsigned char *filled = fd < 0 ? NULL : map_shared(meter, fd, FAULT_PAGES);
	long faults = 0;

	if (filled)
		touch_pages(filled, WRITE_EACH);
	while (filled && meter_wants_more(meter)) {
		unsigned char *memory = map_shared(meter, fd, FAULT_PAGES);

		if (!memory)
			break;
		madvise(memory, FAULT_PAGES * PAGE, advice);
		pass(meter, memory, touch, &faults);
	}
	note_faults(meter, what, faults);
	if (filled)
		munmap(filled, FAULT_PAGES * PAGE);
	if (fd >= 0)
		close(fd);
}

static void cached_write(struct meter *meter)
{
	cached_memfd(meter, WRITE_EACH, MADV_NORMAL,
		     "write through a second shared mapping, pages in the page cache");
}

static void cached_read(struct meter *meter)
{
	cached_memfd(meter, READ_EACH, MADV_NORMAL,
		     "read through a second shared mapping, pages in the page cache");
}

static void cached_read_random(struct meter *meter)
{
	cached_memfd(meter, READ_EACH, MADV_RANDOM,
		     "the same with MADV_RANDOM, to see whether that ends fault-around");
}

static void anonymous(struct meter *meter)
{
	long faults = 0;

	while (meter_wants_more(meter)) {
		void *memory = mmap(NULL, FAULT_PAGES * PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED) {
			skip(meter, "mmap");
			return;
		}
		madvise(memory, FAULT_PAGES * PAGE, MADV_NOHUGEPAGE);
		pass(meter, memory, WRITE_EACH, &faults);
	}
	note_faults(meter, "first write to each page of private anonymous memory", faults);
}

const struct item fault_items[] = {
	{ "memfd-fault-fresh", fresh_memfd },
	{ "memfd-fault-cached", cached_write },
	{ "memfd-fault-cached-read", cached_read },
	{ "memfd-fault-cached-read-random", cached_read_random },
	{ "anon-fault", anonymous },
	{ NULL, NULL },
};
