/* F_SEAL_WRITE on files that nobody has sealed yet, with and without a pinned page. */
#include "rates.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILES 128

static void close_all(const int *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(files[i]);
}

/* New files, each with so many of its pages written; how many there are. */
static size_t open_all(struct meter *meter, int *files, size_t pages)
{
	for (size_t i = 0; i < FILES; i++) {
		files[i] = memfd_of_pages(meter, pages == 0 ? 1 : pages);
		if (files[i] < 0)
			return i;
		for (size_t page = 0; page < pages; page++)
			if (pwrite(files[i], "x", 1, (off_t)(page * PAGE)) != 1) {
				skip(meter, "pwrite");
				return i + 1;
			}
	}
	return FILES;
}

static void seal_files(struct meter *meter, size_t pages)
{
	int files[FILES];

	while (meter_wants_more(meter)) {
		size_t count = open_all(meter, files, pages);

		meter_start(meter);
		for (size_t i = 0; i < count; i++)
			if (fcntl(files[i], F_ADD_SEALS, F_SEAL_WRITE) != 0)
				skip(meter, "F_ADD_SEALS");
		meter_stop(meter, count);
		close_all(files, count);
	}
	note(meter, "F_ADD_SEALS, F_SEAL_WRITE on a new memfd with %zu page%s", pages,
	     pages == 1 ? "" : "s");
}

static void seal_empty(struct meter *meter)
{
	seal_files(meter, 0);
}

static void seal_one_page(struct meter *meter)
{
	seal_files(meter, 1);
}

static void seal_256_pages(struct meter *meter)
{
	seal_files(meter, 256);
}

/* Seals a file whose only page is pinned, until the kernel gives up. */
static void refuse_loop(struct meter *meter, int fd)
{
	while (meter_wants_more(meter)) {
		meter_start(meter);
		errno = 0;
		if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0 || errno != EBUSY) {
			skip(meter, "F_ADD_SEALS was not refused with EBUSY");
			return;
		}
		meter_stop(meter, 1);
	}
	if (meter->ops > 0)
		note(meter, "F_ADD_SEALS on a memfd with a pinned page: EBUSY after %.1f ms",
		     meter->busy * 1e3 / (double)meter->ops);
}

static void seal_pinned(struct meter *meter)
{
	int fd = memfd_of_pages(meter, 1);
	unsigned char *memory = fd < 0 ? NULL : map_shared(meter, fd, 1);
	int ring = memory ? uring_open(meter) : -1;

	if (ring >= 0) {
		if (uring_register(ring, memory, PAGE) == 0) {
			munmap(memory, PAGE);
			memory = NULL;
			refuse_loop(meter, fd);
			uring_unregister(ring);
		} else {
			skip(meter, "IORING_REGISTER_BUFFERS");
		}
		close(ring);
	}
	if (memory)
		munmap(memory, PAGE);
	if (fd >= 0)
		close(fd);
}

const struct item seal_items[] = {
	{ "seal-write-empty", seal_empty },
	{ "seal-write", seal_one_page },
	{ "seal-write-256", seal_256_pages },
	{ "seal-write-pinned", seal_pinned },
	{ NULL, NULL },
};
