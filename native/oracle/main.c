/*
 * Reads cases from standard input and runs each in a child of its own, so that no case sees what
 * another left behind. One line of JSON a case:
 *   {"name":"...","lines":[{"call":"...","result":...}, ...]}
 * `oracle --constants` prints the flag names, `oracle --about` the kernel and the way of pinning.
 */
#define _GNU_SOURCE
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define CASE_SIZE (1 << 20)
#define CASE_SECONDS 20
#define MAX_TITLE 255
/* Linux's own default; machines differ in what they are configured to. */
#define OPEN_FILES 1024

/* The lines of the case that is being read, each ended by a newline. */
static char body[CASE_SIZE];
static size_t body_used;
static char title[MAX_TITLE + 1];

static void run_line(char *text)
{
	struct line line;

	out_text("{\"call\":");
	out_string(text);
	if (!split(text, &line) || !call(&line)) {
		out_text(",\"skipped\":");
		out_string(script_problem);
	}
	out_text("}");
}

static void child_init(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = OPEN_FILES;
	setrlimit(RLIMIT_NOFILE, &limit);
	close_range(3, ~0u, 0);
	alarm(CASE_SECONDS);
	memory_init();
	views_init();
}

static void run_body(void)
{
	out_text("{\"name\":");
	out_string(title);
	out_text(",\"lines\":[");
	for (char *text = body; *text;) {
		char *end = strchr(text, '\n');

		*end = 0;
		if (text != body)
			out_text(",");
		run_line(text);
		text = end + 1;
	}
	out_text("]}\n");
}

static void report_death(int status)
{
	out_text("{\"name\":");
	out_string(title);
	out_text(",\"died\":");
	out_number(status);
	out_text("}\n");
	out_flush();
}

static void run_case(void)
{
	int status;
	pid_t child;

	if (!title[0])
		return;
	body[body_used] = 0;
	child = fork();
	if (child == 0) {
		child_init();
		run_body();
		out_flush();
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		exit(2);
	if (status)
		report_death(status);
	title[0] = 0;
	body_used = 0;
}

static void add_line(const char *text)
{
	size_t length = strlen(text);

	if (body_used + length + 2 > CASE_SIZE)
		exit(2);
	memcpy(body + body_used, text, length);
	body_used += length;
	body[body_used++] = '\n';
}

static void read_cases(void)
{
	static char text[DATA_SIZE * 2 + 4096];

	while (fgets(text, sizeof(text), stdin)) {
		text[strcspn(text, "\n")] = 0;
		if (!strncmp(text, "case ", 5)) {
			run_case();
			snprintf(title, sizeof(title), "%.*s", MAX_TITLE, text + 5);
		} else if (!strcmp(text, "end")) {
			run_case();
		} else if (text[0] && text[0] != '#') {
			add_line(text);
		}
	}
	run_case();
}

static void print_about(void)
{
	struct utsname uts;

	uname(&uts);
	out_text("{\"kernel\":");
	out_string(uts.release);
	out_text(",\"machine\":");
	out_string(uts.machine);
	out_text(",\"pin\":");
	out_string(pin_method());
	out_text("}\n");
	out_flush();
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--constants"))
		constants_print();
	else if (argc > 1 && !strcmp(argv[1], "--about"))
		print_about();
	else
		read_cases();
	return 0;
}
