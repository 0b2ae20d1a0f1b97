/*
 * kernel_rates: measures the kernel of this machine.
 *
 *   kernel_rates [--seconds S] [--only NAME]... [--json] [--list]
 *
 * --seconds   how long each item is under the watch (default 0.2)
 * --only      this item; may be given again
 * --json      a JSON array instead of a table
 * --list      only the names
 *
 * An item that the machine does not allow is skipped with the reason. Exit status 2: wrong usage.
 */
#include "rates.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX 3600.0
#define ITEMS_MAX 64

static const struct item *const groups[] = { mapping_items, fault_items, pin_items, process_items,
				      seal_items };

struct options {
	double seconds;
	bool json;
	bool list;
	bool chosen[ITEMS_MAX];
	bool any_chosen;
};

/* The item with this number over all groups; NULL behind the last. */
static const struct item *item_at(size_t number)
{
	for (size_t group = 0; group < sizeof(groups) / sizeof(groups[0]); group++)
		for (const struct item *item = groups[group]; item->name; item++)
			if (number-- == 0)
				return item;
	return NULL;
}

static void list_items(FILE *out)
{
	for (size_t i = 0; item_at(i); i++)
		fprintf(out, "%s\n", item_at(i)->name);
}

static _Noreturn void usage(const char *problem, const char *value)
{
	fprintf(stderr, "kernel_rates: %s: %s\nitems:\n", problem, value);
	list_items(stderr);
	exit(2);
}

static void choose(struct options *options, const char *name)
{
	for (size_t i = 0; item_at(i); i++)
		if (strcmp(item_at(i)->name, name) == 0) {
			options->chosen[i] = true;
			options->any_chosen = true;
			return;
		}
	usage("--only", name);
}

static double parse_seconds(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != 0 || !(value > 0 && value <= SECONDS_MAX))
		usage("--seconds", text);
	return value;
}

static struct options parse(int argc, char **argv)
{
	static const struct option known[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "only", required_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "list", no_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { .seconds = 0.2 };
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 's')
			options.seconds = parse_seconds(optarg);
		else if (option == 'o')
			choose(&options, optarg);
		else if (option == 'j')
			options.json = true;
		else if (option == 'l')
			options.list = true;
		else
			usage("unknown option", "see above");
	}
	if (optind < argc)
		usage("unknown argument", argv[optind]);
	return options;
}

/* Names, notes and reasons have no character that JSON would want escaped. */
static void print_json(const struct item *item, const struct meter *meter)
{
	printf("{\"name\":\"%s\",", item->name);
	if (meter->skipped[0])
		printf("\"skipped\":\"%s\"}", meter->skipped);
	else
		printf("\"opsPerSecond\":%.3f,\"note\":\"%s\"}", (double)meter->ops / meter->busy,
		       meter->note);
}

static void print_line(const struct item *item, const struct meter *meter)
{
	if (meter->skipped[0])
		printf("%-32s %14s     skipped: %s\n", item->name, "-", meter->skipped);
	else
		printf("%-32s %14.0f /s  %s\n", item->name, (double)meter->ops / meter->busy,
		       meter->note);
}

static void run_items(const struct options *options)
{
	const char *before = "[\n";

	for (size_t i = 0; item_at(i); i++) {
		struct meter meter = { .seconds = options->seconds };

		if (options->any_chosen && !options->chosen[i])
			continue;
		item_at(i)->run(&meter);
		if (options->json) {
			printf("%s", before);
			print_json(item_at(i), &meter);
		} else {
			print_line(item_at(i), &meter);
		}
		fflush(stdout);
		before = ",\n";
	}
	if (options->json)
		printf("\n]\n");
}

int main(int argc, char **argv)
{
	struct options options = parse(argc, argv);

	if (options.list)
		list_items(stdout);
	else
		run_items(&options);
	return 0;
}
