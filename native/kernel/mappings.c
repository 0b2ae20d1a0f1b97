/* mmap and munmap of one shared page of a memfd, and the cheapest system call as their floor. */
#include "rates.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROUND 256

static void map_and_unmap(struct meter *meter, int fd, bool touch)
{
	meter_start(meter);
	for (int i = 0; i < ROUND; i++) {
		unsigned char *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (memory == MAP_FAILED) {
			skip(meter, "mmap");
			return;
		}
		if (touch)
			*(volatile unsigned char *)memory = 1;
		munmap(memory, PAGE);
	}
	meter_stop(meter, ROUND);
}

static void mapping(struct meter *meter, bool touch)
{
	int fd = memfd_of_pages(meter, 1);

	if (fd < 0)
		return;
	map_and_unmap(meter, fd, true); /* from now on the file has its page */
	meter->busy = 0;
	meter->ops = 0;
	while (meter_wants_more(meter))
		map_and_unmap(meter, fd, touch);
	note(meter, "mmap, %smunmap of one shared page of a memfd", touch ? "one write, " : "");
	close(fd);
}

static void mmap_munmap(struct meter *meter)
{
	mapping(meter, false);
}

static void mmap_touch_munmap(struct meter *meter)
{
	mapping(meter, true);
}

static void get_seals(struct meter *meter)
{
	int fd = memfd_of_pages(meter, 1);

	if (fd < 0)
		return;
	while (meter_wants_more(meter)) {
		meter_start(meter);
		for (int i = 0; i < ROUND; i++)
			if (fcntl(fd, F_GET_SEALS) < 0)
				skip(meter, "F_GET_SEALS");
		meter_stop(meter, ROUND);
	}
	note(meter, "fcntl(F_GET_SEALS): a system call that does next to nothing");
	close(fd);
}

const struct item mapping_items[] = {
	{ "get-seals", get_seals },
	{ "mmap-munmap", mmap_munmap },
	{ "mmap-touch-munmap", mmap_touch_munmap },
	{ NULL, NULL },
};
