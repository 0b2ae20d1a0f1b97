#include "rates.h"

#include <sys/mman.h>
#include <unistd.h>

int memfd_of_pages(struct meter *meter, size_t pages)
{
	int fd = memfd_create("kernel_rates", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0) {
		skip(meter, "memfd_create");
		return -1;
	}
	if (ftruncate(fd, (off_t)(pages * PAGE)) == 0)
		return fd;
	skip(meter, "ftruncate");
	close(fd);
	return -1;
}

unsigned char *map_shared(struct meter *meter, int fd, size_t pages)
{
	void *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED) {
		skip(meter, "mmap");
		return NULL;
	}
	/* Single pages are wanted, whatever the machine is set to. */
	madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
	return memory;
}
