/*
 * Loads and stores, byte by byte, with SIGSEGV and SIGBUS as results; and the same through
 * /proc/PID/mem, as a debugger does it.
 */
#define _GNU_SOURCE
#include "oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static sigjmp_buf fault_return;
static volatile sig_atomic_t accessing;
static volatile int fault_signal;
static volatile uint64_t fault_address;
static volatile bool fault_has_address;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (!accessing)
		_exit(128 + signal);
	fault_signal = signal;
	fault_address = (uint64_t)info->si_addr;
	/* A non-canonical address faults without telling which. */
	fault_has_address = info->si_code != SI_KERNEL;
	siglongjmp(fault_return, 1);
}

void memory_init(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	signal(SIGPIPE, SIG_IGN); /* a broken pipe is EPIPE, as any other error */
}

/* The signal of the access that failed last. */
const char *fault_name(void)
{
	return fault_signal == SIGBUS ? "SIGBUS" : "SIGSEGV";
}

void print_fault(void)
{
	out_text(",\"signal\":");
	out_string(fault_name());
	if (fault_has_address) {
		out_text(",\"at\":");
		out_address(fault_address);
	}
}

/* Copies until done or faulted; says whether all of it was copied. */
bool access_bytes(unsigned char *to, const unsigned char *from, size_t length)
{
	if (sigsetjmp(fault_return, 0)) {
		accessing = 0;
		return false;
	}
	accessing = 1;
	for (size_t i = 0; i < length; i++)
		((volatile unsigned char *)to)[i] = ((const volatile unsigned char *)from)[i];
	accessing = 0;
	return true;
}

bool memory_load(struct line *line)
{
	uint64_t address, length;

	if (line->count != 3 || !evaluate(line->token[1], &address) ||
	    !evaluate(line->token[2], &length) || length > DATA_SIZE)
		return false;
	if (!access_bytes(script_data, (const unsigned char *)address, length)) {
		print_fault();
		return true;
	}
	out_text(",\"result\":");
	out_bytes(script_data, length);
	return true;
}

bool memory_store(struct line *line)
{
	uint64_t address;
	size_t length;

	if (line->count != 3 || !evaluate(line->token[1], &address) ||
	    !evaluate_data(line->token[2], &length))
		return false;
	if (!access_bytes((unsigned char *)address, script_data, length))
		print_fault();
	else
		out_text(",\"result\":0");
	return true;
}

static void print_count(ssize_t n, int error)
{
	if (n < 0) {
		out_error(error);
		return;
	}
	out_text(",\"result\":");
	out_number(n);
}

/* peek ADDRESS LENGTH: what a debugger reads; EIO where it can read nothing. */
bool memory_peek(struct line *line)
{
	uint64_t address, length;
	ssize_t n;
	int fd;

	if (line->count != 3 || !evaluate(line->token[1], &address) ||
	    !evaluate(line->token[2], &length) || length > DATA_SIZE)
		return false;
	fd = open("/proc/self/mem", O_RDONLY);
	n = pread(fd, script_data, length, address);
	if (n < 0) {
		print_count(n, errno);
	} else {
		out_text(",\"result\":");
		out_bytes(script_data, n);
	}
	close(fd);
	return true;
}

/* poke ADDRESS HEX: what a debugger writes, read-only private mappings included. */
bool memory_poke(struct line *line)
{
	uint64_t address;
	size_t length;
	ssize_t n;
	int fd;

	if (line->count != 3 || !evaluate(line->token[1], &address) ||
	    !evaluate_data(line->token[2], &length))
		return false;
	fd = open("/proc/self/mem", O_RDWR);
	n = pwrite(fd, script_data, length, address);
	print_count(n, errno);
	close(fd);
	return true;
}
