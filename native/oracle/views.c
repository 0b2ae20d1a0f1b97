/* What a process can see of its files and mappings. */
#define _GNU_SOURCE
#include "oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_OWN 64

/* The interpreter's own mappings: they are left out of the view. */
static struct { uint64_t start, end; } own[MAX_OWN];
static int own_count;
static char maps[1 << 19];

struct mapping {
	uint64_t start, end, offset;
	char *perms, *name;
};

/* Reads /proc/self/maps, or smaps, into the static buffer. */
static bool read_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t used = 0;
	ssize_t n = -1;

	if (fd < 0)
		return false;
	while (used < sizeof(maps) - 1 && (n = read(fd, maps + used, sizeof(maps) - 1 - used)) > 0)
		used += n;
	close(fd);
	maps[used] = 0;
	return n == 0;
}

/* Takes one line "start-end perms offset dev inode    name" apart, in place. */
static char *parse_mapping(char *text, struct mapping *mapping)
{
	char *end = strchr(text, '\n');

	*end = 0;
	mapping->start = strtoull(text, &text, 16);
	mapping->end = strtoull(text + 1, &text, 16);
	mapping->perms = text + 1;
	mapping->perms[4] = 0;
	mapping->offset = strtoull(mapping->perms + 5, &text, 16);
	text = strchr(text + 1, ' ') + 1; /* over the device */
	text += strspn(text, "0123456789");
	mapping->name = text + strspn(text, " ");
	return end + 1;
}

/*
 * The vdso and its data lie where the first mapping of a script would go, the kernel's stack at the
 * top of the address space, and both are readable, so that an access there would not fault. Nothing
 * here needs them.
 */
static bool drop_unneeded(const struct mapping *mapping)
{
	if (strncmp(mapping->name, "[vvar", 5) && strcmp(mapping->name, "[vdso]") &&
	    strcmp(mapping->name, "[stack]"))
		return false;
	return munmap((void *)mapping->start, mapping->end - mapping->start) == 0;
}

void views_init(void)
{
	struct mapping mapping;

	if (!read_file("/proc/self/maps"))
		_exit(5);
	own_count = 0;
	for (char *p = maps; *p && own_count < MAX_OWN;) {
		p = parse_mapping(p, &mapping);
		if (drop_unneeded(&mapping))
			continue;
		own[own_count].start = mapping.start;
		own[own_count++].end = mapping.end;
	}
}

static bool is_own(const struct mapping *mapping)
{
	for (int i = 0; i < own_count; i++)
		if (mapping->start >= own[i].start && mapping->start < own[i].end)
			return true;
	return false;
}

static void print_mapping(const struct mapping *mapping)
{
	out_text("{\"start\":");
	out_address(mapping->start);
	out_text(",\"length\":");
	out_number(mapping->end - mapping->start);
	out_text(",\"perms\":");
	out_string(mapping->perms);
	out_text(",\"offset\":");
	out_number(mapping->offset);
	out_text(",\"name\":");
	out_string(mapping->name);
	out_text("}");
}

/* The mappings that the script made, by rising address. */
bool view_maps(struct line *line)
{
	struct mapping mapping;
	bool first = true;

	if (line->count != 1 || !read_file("/proc/self/maps"))
		return false;
	out_text(",\"result\":[");
	for (char *p = maps; *p;) {
		p = parse_mapping(p, &mapping);
		if (is_own(&mapping))
			continue;
		if (!first)
			out_text(",");
		first = false;
		print_mapping(&mapping);
	}
	out_text("]");
	return true;
}

/* The number of bytes behind a label of smaps; 0 where it is not found before the next mapping. */
static uint64_t kilobytes(const char *text, const char *label)
{
	const char *found = strstr(text, label);

	return found ? strtoull(found + strlen(label), NULL, 10) * 1024 : 0;
}

/* "VmFlags: rd wr mr " as a list. */
static void print_flags(const char *text)
{
	const char *flags = strstr(text, "\nVmFlags:");

	out_text(",\"vmFlags\":[");
	for (bool first = true; flags && flags[9] == ' ' && flags[10] >= 'a'; flags += 3) {
		char flag[3] = { flags[10], flags[11], 0 };

		out_text(first ? "" : ",");
		out_string(flag);
		first = false;
	}
	out_text("]}");
}

static void print_measures(const struct mapping *mapping, const char *text)
{
	out_text("{\"start\":");
	out_address(mapping->start);
	out_text(",\"length\":");
	out_number(mapping->end - mapping->start);
	out_text(",\"rss\":");
	out_number(kilobytes(text, "\nRss:"));
	out_text(",\"pss\":");
	out_number(kilobytes(text, "\nPss:"));
	out_text(",\"swap\":");
	out_number(kilobytes(text, "\nSwap:"));
	out_text(",\"locked\":");
	out_number(kilobytes(text, "\nLocked:"));
	print_flags(text);
}

/* How much of each mapping that the script made is in memory. */
bool view_smaps(struct line *line)
{
	struct mapping mapping;
	bool first = true;

	if (line->count != 1 || !read_file("/proc/self/smaps"))
		return false;
	out_text(",\"result\":[");
	for (char *p = maps; *p;) {
		p = parse_mapping(p, &mapping);
		p[-1] = '\n';
		if (!is_own(&mapping)) {
			out_text(first ? "" : ",");
			first = false;
			print_measures(&mapping, p - 1);
		}
		p = strstr(p, "\nVmFlags:");
		if (!p)
			break;
		p = strchr(p + 1, '\n') + 1;
	}
	out_text("]");
	return true;
}

bool view_fstat(struct line *line)
{
	struct stat st;
	uint64_t fd;

	if (line->count != 2 || !evaluate(line->token[1], &fd))
		return false;
	if (fstat((int)fd, &st)) {
		out_error(errno);
		return true;
	}
	out_text(",\"result\":{\"size\":");
	out_number(st.st_size);
	out_text(",\"blocks\":");
	out_number(st.st_blocks);
	out_text(",\"mode\":");
	out_octal(st.st_mode);
	out_text("}");
	return true;
}
