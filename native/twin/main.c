/*
 * gup_twin: the core's GUP-fast in C11, to compare the core with.
 *
 *   gup_twin --policy NAME --sharing same-page|same-file|separate-files
 *            [--threads N] [--batch PAGES] [--seconds S] [--order seq_cst|kernel]
 *   gup_twin --pingpong [--seconds S]
 *
 * Prints one JSON object. Exit status 1: counters did not balance; 2: wrong usage.
 */
#include "twin.h"

#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX 3600.0

struct options {
	const struct policy *policy;
	const char *sharing_name;
	enum sharing sharing;
	uint32_t threads;
	uint32_t batch;
	double seconds;
	bool kernel_order;
	bool pingpong;
};

static _Noreturn void usage(const char *problem, const char *value)
{
	fprintf(stderr, "gup_twin: %s: %s\n", problem, value);
	fprintf(stderr, "policies:%s\n", policy_names());
	fprintf(stderr, "sharing: same-page same-file separate-files; order: seq_cst kernel\n");
	fprintf(stderr, "threads: 1 to %d; batch: 1 to %d\n", NR_CPUS_MAX, BATCH_MAX);
	exit(2);
}

static uint32_t parse_count(const char *name, const char *text, uint32_t max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != 0 || value == 0 || value > max)
		usage(name, text);
	return (uint32_t)value;
}

static double parse_seconds(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != 0 || !(value > 0 && value <= SECONDS_MAX))
		usage("--seconds", text);
	return value;
}

static enum sharing parse_sharing(const char *text)
{
	static const char *const names[] = { "same-page", "same-file", "separate-files" };

	for (int i = 0; i < 3; i++)
		if (strcmp(names[i], text) == 0)
			return (enum sharing)i;
	usage("--sharing", text);
}

static bool parse_order(const char *text)
{
	if (strcmp(text, "kernel") != 0 && strcmp(text, "seq_cst") != 0)
		usage("--order", text);
	return strcmp(text, "kernel") == 0;
}

static void parse_option(struct options *options, int option, const char *value)
{
	switch (option) {
	case 'p':
		options->policy = policy_find(value);
		if (!options->policy)
			usage("--policy", value);
		break;
	case 's':
		options->sharing = parse_sharing(value);
		options->sharing_name = value;
		break;
	case 't':
		options->threads = parse_count("--threads", value, NR_CPUS_MAX);
		break;
	case 'b':
		options->batch = parse_count("--batch", value, BATCH_MAX);
		break;
	case 'S':
		options->seconds = parse_seconds(value);
		break;
	case 'o':
		options->kernel_order = parse_order(value);
		break;
	case 'g':
		options->pingpong = true;
		break;
	default:
		usage("unknown option", "see above");
	}
}

static struct options parse(int argc, char **argv)
{
	static const struct option known[] = {
		{ "policy", required_argument, NULL, 'p' },
		{ "sharing", required_argument, NULL, 's' },
		{ "threads", required_argument, NULL, 't' },
		{ "batch", required_argument, NULL, 'b' },
		{ "seconds", required_argument, NULL, 'S' },
		{ "order", required_argument, NULL, 'o' },
		{ "pingpong", no_argument, NULL, 'g' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { .threads = 1, .batch = 1, .seconds = 0.25 };
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		parse_option(&options, option, optarg);
	if (optind < argc)
		usage("unknown argument", argv[optind]);
	if (!options.pingpong && (!options.policy || !options.sharing_name))
		usage("missing", "--policy and --sharing, or --pingpong");
	return options;
}

/*
 * `stop` is on a line of its own: every loop reads it in every turn. All count from `began`, so
 * that a thread which gets no CPU at first makes the result smaller and not larger.
 */
static struct {
	_Alignas(CACHE_LINE) _Atomic bool stop;
	_Alignas(CACHE_LINE) _Atomic bool start;
	_Alignas(CACHE_LINE) _Atomic uint32_t ready;
	double began;
} control;

struct thread {
	_Alignas(CACHE_LINE) pthread_t handle;
	struct job job;
	void (*loop)(struct job *job);
};

static void *run_thread(void *argument)
{
	struct thread *thread = argument;
	double cpu_time;

	this_cpu_area = per_cpu(thread->job.cpu);
	atomic_fetch_add(&control.ready, 1);
	while (!atomic_load(&control.start))
		sleep_for(1e-5);
	cpu_time = thread_cpu_time();
	thread->loop(&thread->job);
	thread->job.seconds = now() - control.began;
	thread->job.cpu_seconds = thread_cpu_time() - cpu_time;
	return NULL;
}

static void run_threads(const struct options *options, struct thread *threads)
{
	for (uint32_t i = 0; i < options->threads; i++) {
		struct thread *thread = &threads[i];

		thread->loop = options->kernel_order ? options->policy->kernel
						     : options->policy->seq_cst;
		thread->job = (struct job){
			.mm = scenario_mm(),
			.start = scenario_start(i),
			.batch = options->batch,
			.flags = FOLL_PIN | FOLL_WRITE,
			.cpu = i,
			.stop = &control.stop,
		};
		if (pthread_create(&thread->handle, NULL, run_thread, thread) != 0) {
			fprintf(stderr, "gup_twin: no thread\n");
			exit(EXIT_FAILURE);
		}
	}
	while (atomic_load(&control.ready) < options->threads)
		sleep_for(1e-5);
	control.began = now();
	atomic_store(&control.start, true);
	sleep_for(options->seconds);
	atomic_store(&control.stop, true);
	for (uint32_t i = 0; i < options->threads; i++)
		pthread_join(threads[i].handle, NULL);
}

static void print_seconds(const char *name, const double *values, uint32_t threads)
{
	const char *comma = "";

	printf(",\"%s\":[", name);
	for (uint32_t i = 0; i < threads; i++, comma = ",")
		printf("%s%.9f", comma, values[i]);
	printf("]");
}

static void print_result(const struct options *options, const struct job *jobs, bool balanced)
{
	double seconds[NR_CPUS_MAX] = { 0 }, cpu_seconds[NR_CPUS_MAX] = { 0 }, rate = 0;
	uint32_t threads = options->threads;

	for (uint32_t i = 0; i < threads; i++) {
		seconds[i] = jobs[i].seconds;
		cpu_seconds[i] = jobs[i].cpu_seconds;
		rate += (double)jobs[i].pages / jobs[i].seconds;
	}
	printf("{\"policy\":\"%s\",\"sharing\":\"%s\",\"order\":\"%s\"", options->policy->name,
	       options->sharing_name, options->kernel_order ? "kernel" : "seq_cst");
	printf(",\"threads\":%u,\"batch\":%u", threads, options->batch);
	print_seconds("seconds", seconds, threads);
	print_seconds("cpuSeconds", cpu_seconds, threads);
	printf(",\"pages\":[");
	for (uint32_t i = 0; i < threads; i++)
		printf("%s%llu", i == 0 ? "" : ",", (unsigned long long)jobs[i].pages);
	printf("],\"pairsPerSecond\":%.1f,\"balanced\":%s}\n", rate, balanced ? "true" : "false");
}

static int run_scenario(const struct options *options)
{
	static struct thread threads[NR_CPUS_MAX];
	static struct job jobs[NR_CPUS_MAX];
	const char *problem;

	scenario_build(options->sharing, options->threads, options->batch);
	run_threads(options, threads);
	for (uint32_t i = 0; i < options->threads; i++)
		jobs[i] = threads[i].job;
	problem = scenario_imbalance(jobs, options->threads);
	if (problem)
		fprintf(stderr, "gup_twin: %s\n", problem);
	print_result(options, jobs, !problem);
	return problem ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct options options = parse(argc, argv);

	if (!options.pingpong)
		return run_scenario(&options);
	printf("{\"nsPerRoundTrip\":%.2f}\n", pingpong(options.seconds));
	return 0;
}
