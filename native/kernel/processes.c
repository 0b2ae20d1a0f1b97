/* fork, copy-on-write, mremap and MADV_DONTNEED, by the page or by the process. */
#include "rates.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* 64 MiB: what a fork has to share. */
#define FORK_PAGES 16384ul
#define ROUND 256

static unsigned char *anonymous_pages(struct meter *meter, size_t pages)
{
	unsigned char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		skip(meter, "mmap");
		return NULL;
	}
	madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
	return memory;
}

static void write_pages(unsigned char *memory, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		*(volatile unsigned char *)(memory + i * PAGE) = 1;
}

/* A child that does nothing, so that it keeps what it shares. */
static pid_t idle_child(struct meter *meter)
{
	pid_t child = fork();

	if (child == 0)
		for (;;)
			pause();
	if (child < 0)
		skip(meter, "fork");
	return child;
}

static void end_child(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void cow_break(struct meter *meter)
{
	unsigned char *memory = anonymous_pages(meter, FAULT_PAGES);

	while (memory && meter_wants_more(meter)) {
		pid_t child;

		write_pages(memory, FAULT_PAGES);
		child = idle_child(meter);
		if (child < 0)
			break;
		meter_start(meter);
		write_pages(memory, FAULT_PAGES);
		meter_stop(meter, FAULT_PAGES);
		end_child(child);
	}
	note(meter, "first write after fork to each page that a child shares");
	if (memory)
		munmap(memory, FAULT_PAGES * PAGE);
}

static void fork_64_mib(struct meter *meter)
{
	unsigned char *memory = anonymous_pages(meter, FORK_PAGES);

	if (memory)
		write_pages(memory, FORK_PAGES);
	while (memory && meter_wants_more(meter)) {
		pid_t child;

		meter_start(meter);
		child = fork();
		if (child == 0)
			_exit(0);
		meter_stop(meter, 1);
		if (child < 0) {
			skip(meter, "fork");
			break;
		}
		waitpid(child, NULL, 0);
	}
	note(meter, "fork of a process with 64 MiB of anonymous memory, seen from the parent");
	if (memory)
		munmap(memory, FORK_PAGES * PAGE);
}

static void mremap_page(struct meter *meter)
{
	unsigned char *area = anonymous_pages(meter, 4);
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	if (!area)
		return;
	munmap(area + PAGE, 3 * PAGE);
	write_pages(area, 1);
	while (meter_wants_more(meter)) {
		meter_start(meter);
		for (int i = 0; i < ROUND; i += 2) {
			mremap(area, PAGE, PAGE, flags, area + 2 * PAGE);
			mremap(area + 2 * PAGE, PAGE, PAGE, flags, area);
		}
		meter_stop(meter, ROUND);
	}
	note(meter, "one anonymous page moved to a free place, and back");
	munmap(area, PAGE);
}

static void dontneed_page(struct meter *meter)
{
	unsigned char *memory = anonymous_pages(meter, FAULT_PAGES);

	while (memory && meter_wants_more(meter)) {
		write_pages(memory, FAULT_PAGES);
		meter_start(meter);
		for (size_t i = 0; i < FAULT_PAGES; i++)
			madvise(memory + i * PAGE, PAGE, MADV_DONTNEED);
		meter_stop(meter, FAULT_PAGES);
	}
	note(meter, "madvise(MADV_DONTNEED) of one anonymous page a call");
	if (memory)
		munmap(memory, FAULT_PAGES * PAGE);
}

const struct item process_items[] = {
	{ "cow-break", cow_break },
	{ "fork-64m", fork_64_mib },
	{ "mremap-page", mremap_page },
	{ "dontneed-page", dontneed_page },
	{ NULL, NULL },
};
