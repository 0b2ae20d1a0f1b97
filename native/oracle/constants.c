/* Linux's flag names, with the values that this machine's headers give them. */
#define _GNU_SOURCE
#include "oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Younger than the C library of some machines that this is built on. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

#define CONSTANT(name) { #name, (uint64_t)(name) }

static const struct constant {
	const char *text;
	uint64_t value;
} constants[] = {
	CONSTANT(PROT_NONE), CONSTANT(PROT_READ), CONSTANT(PROT_WRITE), CONSTANT(PROT_EXEC),
	CONSTANT(MAP_SHARED), CONSTANT(MAP_PRIVATE), CONSTANT(MAP_SHARED_VALIDATE),
	CONSTANT(MAP_FIXED), CONSTANT(MAP_ANONYMOUS), CONSTANT(MAP_FIXED_NOREPLACE),
	CONSTANT(MAP_NORESERVE), CONSTANT(MAP_POPULATE), CONSTANT(MAP_SYNC),
	CONSTANT(MFD_CLOEXEC), CONSTANT(MFD_ALLOW_SEALING), CONSTANT(MFD_HUGETLB),
	CONSTANT(MFD_NOEXEC_SEAL), CONSTANT(MFD_EXEC),
	CONSTANT(F_DUPFD), CONSTANT(F_GETFD), CONSTANT(F_SETFD), CONSTANT(F_GETFL),
	CONSTANT(F_SETFL), CONSTANT(FD_CLOEXEC),
	CONSTANT(F_ADD_SEALS), CONSTANT(F_GET_SEALS),
	CONSTANT(F_SEAL_SEAL), CONSTANT(F_SEAL_SHRINK), CONSTANT(F_SEAL_GROW),
	CONSTANT(F_SEAL_WRITE), CONSTANT(F_SEAL_FUTURE_WRITE), CONSTANT(F_SEAL_EXEC),
	CONSTANT(FALLOC_FL_KEEP_SIZE), CONSTANT(FALLOC_FL_PUNCH_HOLE),
	CONSTANT(FALLOC_FL_COLLAPSE_RANGE), CONSTANT(FALLOC_FL_ZERO_RANGE),
	CONSTANT(FALLOC_FL_INSERT_RANGE), CONSTANT(FALLOC_FL_UNSHARE_RANGE),
	CONSTANT(SEEK_SET), CONSTANT(SEEK_CUR), CONSTANT(SEEK_END), CONSTANT(SEEK_DATA),
	CONSTANT(SEEK_HOLE),
	CONSTANT(O_RDONLY), CONSTANT(O_WRONLY), CONSTANT(O_RDWR), CONSTANT(O_TRUNC),
	CONSTANT(O_APPEND), CONSTANT(O_CLOEXEC),
	CONSTANT(MADV_NORMAL), CONSTANT(MADV_DONTNEED), CONSTANT(MADV_REMOVE),
	CONSTANT(MS_ASYNC), CONSTANT(MS_INVALIDATE), CONSTANT(MS_SYNC),
	CONSTANT(MREMAP_MAYMOVE), CONSTANT(MREMAP_FIXED),
};

#define COUNT (sizeof(constants) / sizeof(constants[0]))

bool constant_find(const char *text, size_t length, uint64_t *value)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (strlen(constants[i].text) != length || memcmp(constants[i].text, text, length))
			continue;
		*value = constants[i].value;
		return true;
	}
	return false;
}

/* A JSON object of them all, for readers of the scripts that have no C headers. */
void constants_print(void)
{
	out_text("{");
	for (size_t i = 0; i < COUNT; i++) {
		out_text(i ? ",\n  " : "\n  ");
		out_string(constants[i].text);
		out_text(": ");
		out_number(constants[i].value);
	}
	out_text("\n}\n");
	out_flush();
}
