#include "twin.h"

#include <time.h>

static double read_clock(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

double now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

double thread_cpu_time(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void sleep_for(double seconds)
{
	struct timespec time = { .tv_sec = (time_t)seconds };

	time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
	while (nanosleep(&time, &time) != 0)
		continue;
}
