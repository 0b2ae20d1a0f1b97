/*
 * Reads cases from standard input and runs each in processes of its own, so that no case sees what
 * another left behind. One line of JSON a case:
 *   {"name":"...","lines":[{"call":"...","result":...}, ...]}
 * `oracle --constants` prints the flag names, `oracle --about` the kernel and the way of pinning.
 */
#define _GNU_SOURCE
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MAX_TITLE 255

/* How much of shared.body is taken by the case that is being read. */
static size_t body_used;
static char title[MAX_TITLE + 1];

static void run_case(void)
{
	if (!title[0])
		return;
	shared.body[body_used] = 0;
	if (!processes_run(title))
		exit(2);
	title[0] = 0;
	body_used = 0;
}

static void add_line(const char *text)
{
	size_t length = strlen(text);

	if (body_used + length + 2 > CASE_SIZE)
		exit(2);
	memcpy(shared.body + body_used, text, length);
	body_used += length;
	shared.body[body_used++] = '\n';
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

/*
 * Addresses without randomness are the emulator's. It matters beyond their looks: which pages are
 * mapped around a read fault depends on how the mapping is aligned.
 */
static void fix_addresses(char **argv)
{
	int now = personality(0xffffffff);

	if (now & ADDR_NO_RANDOMIZE)
		return;
	personality(now | ADDR_NO_RANDOMIZE);
	execv("/proc/self/exe", argv);
	exit(2);
}

int main(int argc, char **argv)
{
	fix_addresses(argv);
	processes_init();
	if (argc > 1 && !strcmp(argv[1], "--constants"))
		constants_print();
	else if (argc > 1 && !strcmp(argv[1], "--about"))
		print_about();
	else
		read_cases();
	return 0;
}
