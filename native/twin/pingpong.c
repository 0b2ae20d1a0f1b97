/*
 * The unit of contention: one cache line between two threads. One stores an odd number and waits
 * for the next even one, the other answers. No pause in the loops: WebAssembly has none.
 */
#include "twin.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
	_Alignas(CACHE_LINE) _Atomic uint32_t ball;
	_Alignas(CACHE_LINE) _Atomic bool stop;
} court;

/* Waits for the value; false when the time is over. */
static bool wait_for(uint32_t value)
{
	while (atomic_load(&court.ball) != value)
		if (atomic_load(&court.stop))
			return false;
	return true;
}

static void *answer(void *unused)
{
	(void)unused;
	for (uint32_t turn = 1; wait_for(turn); turn += 2)
		atomic_store(&court.ball, turn + 1);
	return NULL;
}

struct serve {
	uint64_t trips;
	double seconds;
};

static void *serve(void *argument)
{
	struct serve *result = argument;
	double began;
	uint32_t turn = 1;

	/* The first trip waits for the other thread to start: not counted. */
	atomic_store(&court.ball, turn);
	if (!wait_for(turn + 1))
		return NULL;
	began = now();
	for (;;) {
		turn += 2;
		atomic_store(&court.ball, turn);
		if (!wait_for(turn + 1))
			break;
		result->trips++;
	}
	result->seconds = now() - began;
	return NULL;
}

double pingpong(double seconds)
{
	struct serve result = { 0 };
	pthread_t threads[2];

	if (pthread_create(&threads[0], NULL, answer, NULL) != 0 ||
	    pthread_create(&threads[1], NULL, serve, &result) != 0) {
		fprintf(stderr, "gup_twin: no threads\n");
		exit(EXIT_FAILURE);
	}
	sleep_for(seconds);
	atomic_store(&court.stop, true);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return result.trips == 0 ? 0 : result.seconds * 1e9 / (double)result.trips;
}
