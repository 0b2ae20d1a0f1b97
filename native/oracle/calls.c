/* One line of a script: which system call, with what arguments, and its result. */
#define _GNU_SOURCE
#include "oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef SYS_mseal
#define SYS_mseal 462
#endif

/*
 * How the words after the call become arguments, one letter a word:
 *   F A  a name to bind to the resulting descriptor or address; no argument
 *   u    a value                    (missing at the end: 0)
 *   S    a string                   P  a descriptor, as the path /proc/self/fd/N
 *   D    bytes: pointer and length  B  a length: buffer and length; the result is the bytes
 *   V    no word: a buffer; the result is its first byte for each page of argument 1
 */
static const struct system_call {
	const char *name;
	long number;
	const char *words;
} system_calls[] = {
	{ "mmap", SYS_mmap, "Auuuuuu" },
	{ "munmap", SYS_munmap, "uu" },
	{ "mprotect", SYS_mprotect, "uuu" },
	{ "mremap", SYS_mremap, "Auuuuu" },
	{ "madvise", SYS_madvise, "uuu" },
	{ "msync", SYS_msync, "uuu" },
	{ "mlock", SYS_mlock, "uu" },
	{ "munlock", SYS_munlock, "uu" },
	{ "mseal", SYS_mseal, "uuu" },
	{ "mincore", SYS_mincore, "uuV" },
	{ "mlock2", SYS_mlock2, "uuu" },
	{ "mlockall", SYS_mlockall, "u" },
	{ "munlockall", SYS_munlockall, "" },
	{ "memfd_create", SYS_memfd_create, "FSu" },
	{ "open", SYS_open, "FPu" },
	{ "open_ro", SYS_open, "FP" },
	{ "open_path", SYS_open, "FSuu" },
	{ "unlink", SYS_unlink, "S" },
	{ "dup", SYS_dup, "Fu" },
	{ "close", SYS_close, "u" },
	{ "ftruncate", SYS_ftruncate, "uu" },
	{ "fallocate", SYS_fallocate, "uuuu" },
	{ "read", SYS_read, "uB" },
	{ "pread", SYS_pread64, "uBu" },
	{ "write", SYS_write, "uD" },
	{ "pwrite", SYS_pwrite64, "uDu" },
	{ "lseek", SYS_lseek, "uuu" },
	{ "fchmod", SYS_fchmod, "uu" },
	{ "fcntl", SYS_fcntl, "uuu" },
	{ "fsync", SYS_fsync, "u" },
};

/* A call being made: its arguments and what to do with the result. */
struct invocation {
	uint64_t argument[8];
	int count;
	const char *bind_name;
	char kind; /* F, A, B, V, or 0 for a plain number */
	char text[512];
};

static bool add_buffer(struct invocation *inv, const char *token)
{
	uint64_t length;

	if (!evaluate(token, &length))
		return false;
	script_problem = "longer than the interpreter's buffer";
	if ((int64_t)length > DATA_SIZE)
		return false;
	inv->argument[inv->count++] = (uint64_t)script_data;
	inv->argument[inv->count++] = length;
	inv->kind = 'B';
	return true;
}

static bool add_data(struct invocation *inv, const char *token)
{
	size_t length;

	if (!evaluate_data(token, &length))
		return false;
	inv->argument[inv->count++] = (uint64_t)script_data;
	inv->argument[inv->count++] = length;
	return true;
}

static bool add_path(struct invocation *inv, const char *token)
{
	uint64_t fd;

	if (!evaluate(token, &fd))
		return false;
	snprintf(inv->text, sizeof(inv->text), "/proc/self/fd/%d", (int)fd);
	inv->argument[inv->count++] = (uint64_t)inv->text;
	return true;
}

static bool add_word(struct invocation *inv, char letter, const char *token)
{
	switch (letter) {
	case 'F':
	case 'A':
		inv->bind_name = token;
		inv->kind = letter;
		return true;
	case 'S':
		inv->argument[inv->count++] = (uint64_t)inv->text;
		return evaluate_string(token, inv->text, sizeof(inv->text));
	case 'P':
		return add_path(inv, token);
	case 'D':
		return add_data(inv, token);
	case 'B':
		return add_buffer(inv, token);
	default:
		return evaluate(token, &inv->argument[inv->count++]);
	}
}

static bool add_words(struct invocation *inv, const char *words, struct line *line)
{
	script_problem = "too many words";
	if ((size_t)line->count - 1 > strcspn(words, "V"))
		return false;
	for (int i = 0; words[i]; i++) {
		if (words[i] == 'V') {
			inv->argument[inv->count++] = (uint64_t)script_data;
			inv->kind = 'V';
			continue;
		}
		if (i + 1 < line->count) {
			if (!add_word(inv, words[i], line->token[i + 1]))
				return false;
			continue;
		}
		script_problem = "too few words";
		if (words[i] != 'u')
			return false;
		inv->argument[inv->count++] = 0;
	}
	return true;
}

/*
 * Where the kernel chose the place, the answer is just the new name. Where the script asked for a
 * place (argument 0) and got it, the answer is that address.
 */
static void print_new_address(struct invocation *inv, uint64_t address)
{
	uint64_t hint = inv->argument[0];

	if (hint && address == (hint & -PAGE))
		out_address(address);
	else
		out_string(inv->bind_name);
	bind(inv->bind_name, NAME_ADDRESS, address);
}

/* The other bits of mincore's bytes are reserved. */
static void print_vector(size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		script_data[i] &= 1;
	out_bytes(script_data, pages);
}

static void print_result(struct invocation *inv, long result)
{
	out_text(",\"result\":");
	switch (inv->kind) {
	case 'F':
		bind(inv->bind_name, NAME_FD, result);
		out_string(inv->bind_name);
		return;
	case 'A':
		print_new_address(inv, result);
		return;
	case 'B':
		out_bytes(script_data, result);
		return;
	case 'V':
		print_vector((inv->argument[1] + PAGE - 1) / PAGE);
		return;
	default:
		out_number(result);
	}
}

static bool invoke(const struct system_call *sys, struct line *line)
{
	struct invocation inv = { 0 };
	uint64_t *a = inv.argument;
	long result;

	if (!add_words(&inv, sys->words, line))
		return false;
	result = syscall(sys->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (result == -1)
		out_error(errno);
	else
		print_result(&inv, result);
	return true;
}

/* pipe R W: of a page a buffer; neither end ever waits. */
static bool make_pipe(struct line *line)
{
	int ends[2];

	if (line->count != 3)
		return false;
	if (pipe2(ends, O_NONBLOCK)) {
		out_error(errno);
		return true;
	}
	bind(line->token[1], NAME_FD, ends[0]);
	bind(line->token[2], NAME_FD, ends[1]);
	out_text(",\"result\":0");
	return true;
}

/* vmsplice FD ADDRESS LENGTH [FLAGS] */
static bool splice_memory(struct line *line)
{
	uint64_t fd, address, length, flags = 0;
	struct iovec iov;
	ssize_t n;

	if (line->count < 4 || line->count > 5 || !evaluate(line->token[1], &fd) ||
	    !evaluate(line->token[2], &address) || !evaluate(line->token[3], &length) ||
	    (line->count == 5 && !evaluate(line->token[4], &flags)))
		return false;
	iov.iov_base = (void *)address;
	iov.iov_len = length;
	n = vmsplice((int)fd, &iov, 1, flags);
	if (n < 0) {
		out_error(errno);
		return true;
	}
	out_text(",\"result\":");
	out_number(n);
	return true;
}

/* brk A [ADDRESS]: where the heap ends now; a refusal answers with that, too. */
static bool set_break(struct line *line)
{
	uint64_t address = 0, result;

	if (line->count < 2 || line->count > 3 ||
	    (line->count == 3 && !evaluate(line->token[2], &address)))
		return false;
	result = syscall(SYS_brk, address);
	out_text(",\"result\":");
	if (address)
		out_address(result);
	else
		out_string(line->token[1]);
	bind(line->token[1], NAME_ADDRESS, result);
	return true;
}

/* diff X Y: how far apart two named addresses or descriptors are. */
static bool diff(struct line *line)
{
	uint64_t x, y;

	if (line->count != 3 || !evaluate(line->token[1], &x) || !evaluate(line->token[2], &y))
		return false;
	out_text(",\"result\":");
	out_number(x - y);
	return true;
}

/* dup_all F: duplicates until the table is full, and prints the error that ends it. */
static bool dup_all(struct line *line)
{
	uint64_t fd;

	if (line->count != 2 || !evaluate(line->token[1], &fd))
		return false;
	while (dup((int)fd) >= 0)
		;
	out_error(errno);
	return true;
}

static const struct special {
	const char *name;
	bool (*run)(struct line *line);
} specials[] = {
	{ "load", memory_load },
	{ "store", memory_store },
	{ "pin", pin_take },
	{ "ref", pin_reference },
	{ "unpin", pin_release },
	{ "dma_read", pin_dma_read },
	{ "dma_write", pin_dma_write },
	{ "fstat", view_fstat },
	{ "maps", view_maps },
	{ "smaps", view_smaps },
	{ "pages", view_pages },
	{ "kpagecount", view_kpagecount },
	{ "touch", touch },
	{ "dump", dump },
	{ "brk", set_break },
	{ "fork", process_fork },
	{ "exit", process_exit },
	{ "pipe", make_pipe },
	{ "vmsplice", splice_memory },
	{ "peek", memory_peek },
	{ "poke", memory_poke },
	{ "diff", diff },
	{ "dup_all", dup_all },
};

bool call(struct line *line)
{
	for (size_t i = 0; i < sizeof(system_calls) / sizeof(system_calls[0]); i++)
		if (!strcmp(line->token[0], system_calls[i].name))
			return invoke(&system_calls[i], line);
	script_problem = "wrong number of words";
	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
		if (!strcmp(line->token[0], specials[i].name))
			return specials[i].run(line);
	script_problem = "unknown call";
	return false;
}
