/*
 * The processes of a case. They take turns: the one whose turn it is runs the lines that are its
 * own, and at the first line of another wakes that one and sleeps. All are children of the
 * interpreter itself (CLONE_PARENT), which sleeps until one of them ends; since a process that
 * exits cannot hand on its turn after its memory is gone, the interpreter does that for it.
 */
#define _GNU_SOURCE
#include "oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define CASE_SECONDS 20
#define STACK_SIZE (256 * 1024)
/* Linux's own default; machines differ in what they are configured to. */
#define OPEN_FILES 1024

struct shared shared __attribute__((aligned(4096)));

/* The process that runs this code, as an index. */
static int self;
static int settle_fd;

/*
 * One CPU for all: whether a page that one process has just let go of still lies in a batch of
 * another CPU decides whether a store copies it, and would differ from run to run.
 */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

void processes_init(void)
{
	void *place = mmap(&shared, sizeof(shared), PROT_READ | PROT_WRITE,
			   MAP_FIXED | MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (place != &shared)
		exit(2);
	stay_on_one_cpu();
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

static void wake(int index)
{
	__atomic_store_n(&shared.processes[index].turn, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &shared.processes[index].turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void sleep_until_turn(void)
{
	uint32_t *turn = &shared.processes[self].turn;

	while (!__atomic_load_n(turn, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, turn, FUTEX_WAIT, 0, NULL, NULL, 0);
	*turn = 0;
}

static int process_named(const char *text, size_t length)
{
	for (int i = 0; i < shared.process_count; i++) {
		const char *name = shared.processes[i].name;

		if (strlen(name) == length && !memcmp(name, text, length))
			return i;
	}
	return -1;
}

/*
 * Whose line it is: "@NAME call ..." is that process's, all others are the first one's. When that
 * process is not there, any living one may say so.
 */
static int owner_of(const char *text)
{
	int index = text[0] == '@' ? process_named(text + 1, strcspn(text + 1, " ")) : 0;

	if (index >= 0 && shared.processes[index].alive)
		return index;
	for (index = 0; index < shared.process_count; index++)
		if (shared.processes[index].alive)
			return index;
	return -1;
}

static bool is_for(const char *text, int index)
{
	int named = text[0] == '@' ? process_named(text + 1, strcspn(text + 1, " ")) : 0;

	return named == index;
}

/* Opens the file that `settle` cuts, out of the way of the script's descriptors. */
static void settle_init(void)
{
	int fd = memfd_create("settle", 0);

	settle_fd = fcntl(fd, F_DUPFD, OWN_FD - 1);
	close(fd);
}

/*
 * Empties this CPU's batches of pages: whether a page still waits in one of mlock's decides whether a
 * store copies it, and the interpreter's own faults would empty them now and then. Dropping a page of
 * a file does so on the way.
 */
static void settle(void)
{
	if (pwrite(settle_fd, "", 1, 0) != 1 || ftruncate(settle_fd, 0))
		_exit(6);
}

static void run_line(char *text)
{
	char *call_text = text;
	struct line line;

	if (self >= 0)
		settle();
	out_text("{\"call\":");
	out_string(text);
	if (text[0] == '@')
		call_text += strcspn(text, " ");
	if (!is_for(text, self)) {
		const char *name = text[0] == '@' ? text + 1 : shared.processes[0].name;

		not_bound(name, strcspn(name, " "));
		out_text(",\"skipped\":");
		out_string(script_problem);
	} else if (!split(call_text, &line) || !call(&line)) {
		out_text(",\"skipped\":");
		out_string(script_problem);
	}
	out_text("}");
}

/* Takes the next line off the body; NULL when none is left. */
static char *next_line(void)
{
	char *text = shared.body + shared.cursor;
	char *end;

	if (!*text)
		return NULL;
	end = strchr(text, '\n');
	*end = 0;
	if (shared.cursor)
		out_text(",");
	shared.cursor = end + 1 - shared.body;
	return text;
}

/* Everybody goes home. */
static void finish(void)
{
	shared.finished = true;
	for (int i = 0; i < shared.process_count; i++)
		if (i != self && shared.processes[i].alive)
			wake(i);
}

/* Gives the turn to whoever has the next line. */
static void hand_on(void)
{
	int owner = owner_of(shared.body + shared.cursor);

	if (!shared.body[shared.cursor] || owner < 0)
		finish();
	else
		wake(owner);
}

/* Runs lines as a process of the case, and ends with it. */
static void live(void)
{
	for (;;) {
		const char *next = shared.body + shared.cursor;

		if (*next && owner_of(next) == self) {
			run_line(next_line());
			continue;
		}
		hand_on();
		if (shared.finished)
			_exit(0);
		sleep_until_turn();
		if (shared.finished)
			_exit(0);
	}
}

static int add_process(const char *name)
{
	struct process *process = &shared.processes[shared.process_count];

	memset(process, 0, sizeof(*process));
	strcpy(process->name, name);
	process->alive = true;
	return shared.process_count++;
}

/* fork NAME: the new process has all names that are bound by now. */
bool process_fork(struct line *line)
{
	int index;
	long pid;

	if (line->count != 2 || strlen(line->token[1]) >= NAME_SIZE)
		return false;
	script_problem = "the name of a process that was there already, or too many of them";
	if (process_named(line->token[1], strlen(line->token[1])) >= 0 ||
	    shared.process_count == MAX_PROCESSES)
		return false;
	index = add_process(line->token[1]);
	pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		self = index;
		alarm(CASE_SECONDS);
		sleep_until_turn();
		if (shared.finished)
			_exit(0);
		live();
	}
	if (pid < 0) {
		shared.process_count--;
		out_error(errno);
		return true;
	}
	shared.processes[index].pid = pid;
	out_text(",\"result\":");
	out_string(line->token[1]);
	return true;
}

/* exit: the next line runs when the memory of this process is gone. */
bool process_exit(struct line *line)
{
	if (line->count != 1)
		return false;
	out_text(",\"result\":0}");
	shared.exiting = self;
	_exit(0);
}

/* On its own stack, so that the kernel's can go: it lies at the top of the address space. */
static void on_own_stack(void)
{
	views_init();
	live();
}

static void leave_stack(void)
{
	static unsigned char stack[STACK_SIZE] __attribute__((aligned(16)));
	static ucontext_t context;

	getcontext(&context);
	context.uc_stack.ss_sp = stack;
	context.uc_stack.ss_size = sizeof(stack);
	makecontext(&context, on_own_stack, 0);
	setcontext(&context);
}

static void first_process(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = OPEN_FILES;
	setrlimit(RLIMIT_NOFILE, &limit);
	close_range(3, ~0u, 0);
	shared.processes[0].pid = getpid();
	settle_init();
	alarm(CASE_SECONDS);
	memory_init();
	leave_stack();
}

static void kill_all(void)
{
	for (int i = 0; i < shared.process_count; i++)
		if (shared.processes[i].alive)
			kill(shared.processes[i].pid, SIGKILL);
}

/* A child has ended: the wait status that is to be reported, or 0. */
static int bury(int pid, int status)
{
	int index = 0;

	while (index < shared.process_count && shared.processes[index].pid != pid)
		index++;
	if (index < shared.process_count)
		shared.processes[index].alive = false;
	if (status) {
		kill_all();
		return status;
	}
	if (shared.exiting == index) {
		shared.exiting = -1;
		while (shared.body[shared.cursor] && owner_of(shared.body + shared.cursor) < 0)
			run_line(next_line());
		hand_on();
	}
	return 0;
}

static void report_death(const char *title, int status)
{
	out_reset();
	out_text("{\"name\":");
	out_string(title);
	out_text(",\"died\":");
	out_number(status);
}

/* Runs the case in shared.body and prints its answer. */
bool processes_run(char *title)
{
	int status, died = 0;
	pid_t pid;

	shared.process_count = shared.name_count = shared.bindings = 0;
	shared.cursor = 0;
	shared.finished = false;
	shared.exiting = -1;
	memset(shared.pins, 0, sizeof(shared.pins));
	self = -1;
	out_reset();
	out_text("{\"name\":");
	out_string(title);
	out_text(",\"lines\":[");
	add_process("q0");
	pid = fork();
	if (pid == 0) {
		self = 0;
		first_process();
	}
	if (pid < 0)
		return false;
	shared.processes[0].pid = pid;
	while ((pid = waitpid(-1, &status, 0)) > 0) {
		int reason = bury(pid, status);

		died = died ? died : reason;
	}
	if (died)
		report_death(title, died);
	else
		out_text("]");
	out_text("}\n");
	out_flush();
	return true;
}
