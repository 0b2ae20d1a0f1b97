/*
 * kernel_rates: what the kernel of this machine does in a second. Each item is a loop that stops
 * its watch around the part that is not meant.
 */
#ifndef RATES_H
#define RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096ul
/* Pages that one pass of a fault item touches. */
#define FAULT_PAGES 4096ul
#define NOTE_SIZE 200

/* How long an item may run, what it has done, and what it has to say. */
struct meter {
	double seconds;   /* wanted */
	double busy;      /* measured */
	double started;
	uint64_t ops;
	char note[NOTE_SIZE];
	char skipped[NOTE_SIZE]; /* the reason, or empty */
};

struct item {
	const char *name;
	void (*run)(struct meter *meter);
};

/* meter.c */
void meter_start(struct meter *meter);
void meter_stop(struct meter *meter, uint64_t ops);
bool meter_wants_more(const struct meter *meter);
double now(void);
void note(struct meter *meter, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ends an item with what failed and errno. */
void skip(struct meter *meter, const char *what);

/* memfd.c: a new memfd of so many pages that allows sealing, or -1 and the item is skipped. */
int memfd_of_pages(struct meter *meter, size_t pages);
/* A shared writable mapping of it, or NULL and the item is skipped. */
unsigned char *map_shared(struct meter *meter, int fd, size_t pages);

/* uring.c: a ring without any queue in use; fixed buffers are all that is wanted of it. */
int uring_open(struct meter *meter);
bool uring_table(struct meter *meter, int ring);
int uring_update(int ring, void *address, size_t length);
int uring_register(int ring, void *address, size_t length);
int uring_unregister(int ring);

extern const struct item fault_items[];
extern const struct item mapping_items[];
extern const struct item pin_items[];
extern const struct item process_items[];
extern const struct item seal_items[];

#endif
