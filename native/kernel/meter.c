#include "rates.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void meter_start(struct meter *meter)
{
	meter->started = now();
}

void meter_stop(struct meter *meter, uint64_t ops)
{
	meter->busy += now() - meter->started;
	meter->ops += ops;
}

bool meter_wants_more(const struct meter *meter)
{
	return meter->skipped[0] == 0 && meter->busy < meter->seconds;
}

void note(struct meter *meter, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(meter->note, sizeof(meter->note), format, arguments);
	va_end(arguments);
}

void skip(struct meter *meter, const char *what)
{
	snprintf(meter->skipped, sizeof(meter->skipped), "%s: %s", what, strerror(errno));
}
