/*
 * References to pages that outlive their mapping.
 *
 * A pin is a fixed buffer of io_uring: IORING_REGISTER_BUFFERS takes it with FOLL_PIN, FOLL_WRITE
 * and FOLL_LONGTERM. Where io_uring is forbidden, vmsplice into a pipe stands in for it: a plain
 * reference, which needs no writable mapping. `oracle --about` says which one it is.
 */
#define _GNU_SOURCE
#include "oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Younger than the headers of some machines; without them the rings would have to be mapped. */
#ifndef IORING_SETUP_NO_MMAP
#define IORING_SETUP_NO_MMAP (1U << 14)
#endif
#ifndef IORING_SETUP_NO_SQARRAY
#define IORING_SETUP_NO_SQARRAY (1U << 16)
#endif

/* What the kernel fills in when a ring is made. */
static struct io_uring_params *params_of(struct pin *pin)
{
	return (struct io_uring_params *)pin->params;
}

static int move_up(int fd)
{
	int up = fcntl(fd, F_DUPFD, OWN_FD);

	close(fd);
	return up;
}

/* The last 8 bytes of both offset structs carry the address of the caller's memory. */
static void set_user_memory(void *offsets, size_t size, void *memory)
{
	uint64_t address = (uint64_t)memory;

	memcpy((char *)offsets + size - sizeof(address), &address, sizeof(address));
}

static int ring_open(struct pin *pin)
{
	struct io_uring_params *p = params_of(pin);
	unsigned char *memory = shared.ring_memory[pin - shared.pins];
	int fd;

	memset(p, 0, sizeof(*p));
	memset(memory, 0, 2 * PAGE);
	p->flags = IORING_SETUP_NO_MMAP | IORING_SETUP_NO_SQARRAY;
	set_user_memory(&p->cq_off, sizeof(p->cq_off), memory);
	set_user_memory(&p->sq_off, sizeof(p->sq_off), memory + PAGE);
	fd = syscall(SYS_io_uring_setup, 1, p);
	return fd < 0 ? -1 : move_up(fd);
}

const char *pin_method(void)
{
	int ring = ring_open(&shared.pins[0]);

	if (ring < 0)
		return "vmsplice";
	close(ring);
	return "io_uring";
}

static struct pin *pin_slot(void)
{
	for (int i = 0; i < MAX_PINS; i++)
		if (!shared.pins[i].used)
			return &shared.pins[i];
	script_problem = "too many pins";
	return NULL;
}

static void pin_close(struct pin *pin)
{
	if (pin->ring >= 0) {
		/* Closing alone would release the pages some time later. */
		syscall(SYS_io_uring_register, pin->ring, IORING_UNREGISTER_BUFFERS, NULL, 0);
		close(pin->ring);
	}
	close(pin->pipe[0]);
	close(pin->pipe[1]);
	pin->used = false;
}

/* 0 or an errno. */
static int hold(struct pin *pin, uint64_t address, uint64_t length)
{
	struct iovec iov = { .iov_base = (void *)address, .iov_len = length };
	ssize_t n;

	if (pin->ring >= 0)
		return syscall(SYS_io_uring_register, pin->ring, IORING_REGISTER_BUFFERS, &iov, 1)
			       ? errno : 0;
	n = vmsplice(pin->pipe[1], &iov, 1, SPLICE_F_NONBLOCK);
	if (n < 0)
		return errno;
	return (uint64_t)n == length ? 0 : EFAULT;
}

static bool take(struct line *line, bool with_ring)
{
	struct pin *pin = pin_slot();
	uint64_t address, length;
	int error;

	if (!pin || !evaluate(line->token[2], &address) || !evaluate(line->token[3], &length))
		return false;
	script_problem = "no pipe";
	if (pipe(pin->pipe))
		return false;
	pin->pipe[0] = move_up(pin->pipe[0]);
	pin->pipe[1] = move_up(pin->pipe[1]);
	pin->ring = with_ring ? ring_open(pin) : -1;
	pin->address = address;
	error = hold(pin, address, length);
	if (error) {
		pin_close(pin);
		out_error(error);
		return true;
	}
	pin->used = true;
	bind(line->token[1], NAME_PIN, pin - shared.pins);
	out_text(",\"result\":");
	out_string(line->token[1]);
	return true;
}

/* pin P ADDRESS LENGTH w */
bool pin_take(struct line *line)
{
	return line->count == 5 && !strcmp(line->token[4], "w") && take(line, true);
}

/* ref P ADDRESS LENGTH: FOLL_GET, without the intention to write. */
bool pin_reference(struct line *line)
{
	return line->count == 4 && take(line, false);
}

static struct pin *pin_named(const char *token)
{
	const struct name *name = name_find(token, strlen(token));

	if (!name || name->kind != NAME_PIN || !shared.pins[name->value].used) {
		not_bound(token, strlen(token));
		return NULL;
	}
	return &shared.pins[name->value];
}

bool pin_release(struct line *line)
{
	struct pin *pin = line->count == 2 ? pin_named(line->token[1]) : NULL;

	if (!pin)
		return false;
	pin_close(pin);
	out_text(",\"result\":0");
	return true;
}

/* Submits one transfer between the pipe and the fixed buffer and waits for its result. */
static int transfer(struct pin *pin, int opcode, int fd, uint64_t offset, size_t length)
{
	unsigned char *rings = shared.ring_memory[pin - shared.pins];
	struct io_uring_params *p = params_of(pin);
	struct io_uring_sqe *sqe = (struct io_uring_sqe *)(rings + PAGE);
	uint32_t *sq_tail = (uint32_t *)(rings + p->sq_off.tail);
	uint32_t *cq_head = (uint32_t *)(rings + p->cq_off.head);
	uint32_t *cq_mask = (uint32_t *)(rings + p->cq_off.ring_mask);
	struct io_uring_cqe *cqes = (struct io_uring_cqe *)(rings + p->cq_off.cqes);
	int result;

	if (pin->ring < 0)
		return -ENOSYS;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = opcode;
	sqe->fd = fd;
	sqe->off = -1;
	sqe->addr = pin->address + offset;
	sqe->len = length;
	__atomic_store_n(sq_tail, *sq_tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, pin->ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -errno;
	result = cqes[*cq_head & *cq_mask].res;
	__atomic_store_n(cq_head, *cq_head + 1, __ATOMIC_RELEASE);
	return result;
}

/* dma_read P OFFSET LENGTH: what a device reads from the pinned frames. */
bool pin_dma_read(struct line *line)
{
	struct pin *pin = line->count == 4 ? pin_named(line->token[1]) : NULL;
	uint64_t offset, length;
	int n;

	if (!pin || !evaluate(line->token[2], &offset) || !evaluate(line->token[3], &length))
		return false;
	n = transfer(pin, IORING_OP_WRITE_FIXED, pin->pipe[1], offset, length);
	if (n >= 0)
		n = read(pin->pipe[0], script_data, n);
	if (n < 0) {
		out_error(-n);
		return true;
	}
	out_text(",\"result\":");
	out_bytes(script_data, n);
	return true;
}

/* dma_write P OFFSET HEX: what a device writes into the pinned frames. */
bool pin_dma_write(struct line *line)
{
	struct pin *pin = line->count == 4 ? pin_named(line->token[1]) : NULL;
	uint64_t offset;
	size_t length;
	int n;

	if (!pin || !evaluate(line->token[2], &offset) || !evaluate_data(line->token[3], &length))
		return false;
	n = write(pin->pipe[1], script_data, length);
	if (n >= 0)
		n = transfer(pin, IORING_OP_READ_FIXED, pin->pipe[0], offset, n);
	if (n < 0) {
		out_error(-n);
		return true;
	}
	out_text(",\"result\":");
	out_number(n);
	return true;
}
