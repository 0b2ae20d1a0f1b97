/* Fixed buffers of io_uring: the way to a long-term pin that needs neither device nor module. */
#include "rates.h"

#include <linux/io_uring.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

int uring_open(struct meter *meter)
{
	struct io_uring_params params;
	int ring;

	memset(&params, 0, sizeof(params));
	ring = (int)syscall(SYS_io_uring_setup, 1, &params);
	if (ring < 0)
		skip(meter, "io_uring_setup");
	return ring;
}

/* A table with room for one buffer, for uring_update. */
bool uring_table(struct meter *meter, int ring)
{
	struct io_uring_rsrc_register table = { .nr = 1, .flags = IORING_RSRC_REGISTER_SPARSE };

	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS2, &table,
		    sizeof(table)) == 0)
		return true;
	skip(meter, "IORING_REGISTER_BUFFERS2");
	return false;
}

/* Pins the buffer and unpins the one that was there before. */
int uring_update(int ring, void *address, size_t length)
{
	struct iovec buffer = { .iov_base = address, .iov_len = length };
	struct io_uring_rsrc_update2 update = { .data = (uint64_t)(uintptr_t)&buffer, .nr = 1 };

	return (int)syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS_UPDATE, &update,
			    sizeof(update));
}

int uring_register(int ring, void *address, size_t length)
{
	struct iovec buffer = { .iov_base = address, .iov_len = length };

	return (int)syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1);
}

int uring_unregister(int ring)
{
	return (int)syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0);
}
