/*
 * Pins and plain references of shared memfd pages, as user space can get at them. Each costs a
 * system call and the bookkeeping of its subsystem around GUP-fast; with 256 pages a call little of
 * that is left.
 */
#include "rates.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define ROUND 64
#define BATCH 256

/* A file with all its pages, mapped and touched. */
struct buffer {
	int fd;
	size_t pages;
	unsigned char *memory;
};

static bool buffer_open(struct meter *meter, struct buffer *buffer, size_t pages)
{
	buffer->pages = pages;
	buffer->fd = memfd_of_pages(meter, pages);
	if (buffer->fd < 0)
		return false;
	buffer->memory = map_shared(meter, buffer->fd, pages);
	if (!buffer->memory) {
		close(buffer->fd);
		return false;
	}
	for (size_t i = 0; i < pages; i++)
		((volatile unsigned char *)buffer->memory)[i * PAGE] = 1;
	return true;
}

static void buffer_close(const struct buffer *buffer)
{
	munmap(buffer->memory, buffer->pages * PAGE);
	close(buffer->fd);
}

static void update_loop(struct meter *meter, int ring, const struct buffer *buffer)
{
	size_t length = buffer->pages * PAGE;

	if (uring_update(ring, buffer->memory, length) != 1)
		skip(meter, "IORING_REGISTER_BUFFERS_UPDATE");
	while (meter_wants_more(meter)) {
		meter_start(meter);
		for (int i = 0; i < ROUND; i++)
			if (uring_update(ring, buffer->memory, length) != 1)
				skip(meter, "IORING_REGISTER_BUFFERS_UPDATE");
		meter_stop(meter, ROUND * buffer->pages);
	}
}

static void register_loop(struct meter *meter, int ring, const struct buffer *buffer)
{
	while (meter_wants_more(meter)) {
		meter_start(meter);
		for (int i = 0; i < ROUND; i++)
			if (uring_register(ring, buffer->memory, buffer->pages * PAGE) != 0 ||
			    uring_unregister(ring) != 0) {
				skip(meter, "IORING_REGISTER_BUFFERS");
				return;
			}
		meter_stop(meter, ROUND * buffer->pages);
	}
}

static void pin_update(struct meter *meter, size_t pages)
{
	struct buffer buffer;
	int ring = uring_open(meter);

	if (ring < 0)
		return;
	if (buffer_open(meter, &buffer, pages)) {
		if (uring_table(meter, ring))
			update_loop(meter, ring, &buffer);
		note(meter, "a page pinned and unpinned; %zu a call of "
			    "IORING_REGISTER_BUFFERS_UPDATE", pages);
		buffer_close(&buffer);
	}
	close(ring);
}

static void pin_update_1(struct meter *meter)
{
	pin_update(meter, 1);
}

static void pin_update_256(struct meter *meter)
{
	pin_update(meter, BATCH);
}

static void pin_register(struct meter *meter)
{
	struct buffer buffer;
	int ring = uring_open(meter);

	if (ring < 0)
		return;
	if (buffer_open(meter, &buffer, 1)) {
		register_loop(meter, ring, &buffer);
		note(meter, "IORING_REGISTER_BUFFERS and IORING_UNREGISTER_BUFFERS of one page");
		buffer_close(&buffer);
	}
	close(ring);
}

/* One page into the pipe, and out of it again: copied to memory, or thrown away unseen. */
static bool through_pipe(const struct buffer *buffer, const int *pipe_ends, int sink)
{
	static unsigned char copy[PAGE];
	struct iovec iov = { .iov_base = buffer->memory, .iov_len = PAGE };

	if (vmsplice(pipe_ends[1], &iov, 1, 0) != (ssize_t)PAGE)
		return false;
	if (sink >= 0)
		return splice(pipe_ends[0], NULL, sink, NULL, PAGE, 0) == (ssize_t)PAGE;
	return read(pipe_ends[0], copy, PAGE) == (ssize_t)PAGE;
}

static void vmsplice_loop(struct meter *meter, int sink)
{
	struct buffer buffer;
	int pipe_ends[2];

	if (!buffer_open(meter, &buffer, 1))
		return;
	if (pipe(pipe_ends) != 0) {
		skip(meter, "pipe");
		buffer_close(&buffer);
		return;
	}
	while (meter_wants_more(meter)) {
		meter_start(meter);
		for (int i = 0; i < ROUND; i++)
			if (!through_pipe(&buffer, pipe_ends, sink)) {
				skip(meter, "vmsplice"); /* a full pipe would block the next */
				break;
			}
		meter_stop(meter, ROUND);
	}
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	buffer_close(&buffer);
}

static void vmsplice_read(struct meter *meter)
{
	vmsplice_loop(meter, -1);
	note(meter, "vmsplice of one page into a pipe, read copies it out");
}

static void vmsplice_null(struct meter *meter)
{
	int sink = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (sink < 0) {
		skip(meter, "/dev/null");
		return;
	}
	vmsplice_loop(meter, sink);
	note(meter, "vmsplice of one page into a pipe, splice to /dev/null: no copy");
	close(sink);
}

const struct item pin_items[] = {
	{ "pin-uring-update", pin_update_1 },
	{ "pin-uring-update-256", pin_update_256 },
	{ "pin-uring-register", pin_register },
	{ "ref-vmsplice-read", vmsplice_read },
	{ "ref-vmsplice-null", vmsplice_null },
	{ NULL, NULL },
};
