/*
 * Which pages lie where: /proc/PID/pagemap and /proc/kpagecount. Frame numbers differ from run to
 * run, so pages get numbers in the order of their first sight within one answer. A freed frame may
 * come back as another page, so a number means nothing beyond its answer.
 */
#define _GNU_SOURCE
#include "oracle.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_PAGES 512

#define ENTRY_PFN ((1ul << 55) - 1)
#define ENTRY_EXCLUSIVE (1ul << 56)
#define ENTRY_GUARD (1ul << 58)
#define ENTRY_FILE (1ul << 61)
#define ENTRY_SWAPPED (1ul << 62)
#define ENTRY_PRESENT (1ul << 63)

static uint64_t entries[MAX_PAGES];
/* The frames of the answer that is being written. */
static uint64_t seen[MAX_PAGES * MAX_PROCESSES];
static int seen_count;

/* Reads `count` words of 8 bytes from the place `index`; what is beyond the end reads as 0. */
static bool read_words(const char *path, uint64_t index, uint64_t *words, size_t count)
{
	int fd = open(path, O_RDONLY);

	script_problem = path;
	if (fd < 0)
		return false;
	memset(words, 0, count * sizeof(*words));
	if (pread(fd, words, count * sizeof(*words), index * sizeof(*words)) < 0)
		memset(words, 0, count * sizeof(*words));
	close(fd);
	return true;
}

static bool read_entries(const char *process, uint64_t address, size_t count)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%s/pagemap", process);
	return read_words(path, address / PAGE, entries, count);
}

static int number_of(uint64_t pfn)
{
	for (int i = 0; i < seen_count; i++)
		if (seen[i] == pfn)
			return i;
	seen[seen_count] = pfn;
	return seen_count++;
}

/* One page: p present, s swapped, f of a file, x mapped once, g guard, and its number. */
static void print_entry(uint64_t entry)
{
	if (!(entry & (ENTRY_PRESENT | ENTRY_SWAPPED | ENTRY_GUARD)))
		out_text("-");
	if (entry & ENTRY_PRESENT)
		out_text("p");
	if (entry & ENTRY_SWAPPED)
		out_text("s");
	if (entry & ENTRY_FILE)
		out_text("f");
	if (entry & ENTRY_EXCLUSIVE)
		out_text("x");
	if (entry & ENTRY_GUARD)
		out_text("g");
	if (entry & ENTRY_PRESENT)
		out_number(number_of(entry & ENTRY_PFN));
}

static bool range_words(struct line *line, uint64_t *address, uint64_t *count)
{
	if (line->count != 3 || !evaluate(line->token[1], address) ||
	    !evaluate(line->token[2], count))
		return false;
	script_problem = "too many pages";
	return *count <= MAX_PAGES;
}

/* pages ADDRESS N: the pages of every process in that range. */
bool view_pages(struct line *line)
{
	uint64_t address, count;
	char pid[16];
	bool first = true;

	if (!range_words(line, &address, &count))
		return false;
	seen_count = 0;
	out_text(",\"result\":{");
	for (int p = 0; p < shared.process_count; p++) {
		if (!shared.processes[p].alive)
			continue;
		snprintf(pid, sizeof(pid), "%d", shared.processes[p].pid);
		if (!read_entries(pid, address, count))
			return false;
		out_text(first ? "" : ",");
		first = false;
		out_string(shared.processes[p].name);
		out_text(":\"");
		for (size_t i = 0; i < count; i++) {
			out_text(i ? " " : "");
			print_entry(entries[i]);
		}
		out_text("\"");
	}
	out_text("}");
	return true;
}

/* kpagecount ADDRESS N: how often the pages of the range are mapped, by anyone. */
bool view_kpagecount(struct line *line)
{
	uint64_t address, count, mapped;

	if (!range_words(line, &address, &count) || !read_entries("self", address, count))
		return false;
	out_text(",\"result\":\"");
	for (size_t i = 0; i < count; i++) {
		out_text(i ? " " : "");
		if (!(entries[i] & ENTRY_PRESENT)) {
			out_text("-");
			continue;
		}
		if (!read_words("/proc/kpagecount", entries[i] & ENTRY_PFN, &mapped, 1))
			return false;
		out_number(mapped);
	}
	out_text("\"");
	return true;
}

/*
 * touch ADDRESS HEX: a store, and what became of the page below it: "map" where none was, "copy"
 * when another took its place, "keep" when it is the same.
 */
bool touch(struct line *line)
{
	uint64_t address, before;
	size_t length;

	if (line->count != 3 || !evaluate(line->token[1], &address) ||
	    !evaluate_data(line->token[2], &length) || !read_entries("self", address, 1))
		return false;
	before = entries[0];
	if (!access_bytes((unsigned char *)address, script_data, length)) {
		print_fault();
		return true;
	}
	if (!read_entries("self", address, 1))
		return false;
	out_text(",\"result\":");
	if (!(before & ENTRY_PRESENT))
		out_string("map");
	else
		out_string((before ^ entries[0]) & ENTRY_PFN ? "copy" : "keep");
	return true;
}

/* dump ADDRESS N: the first and the last two bytes of each page, or the signal of the load. */
bool dump(struct line *line)
{
	unsigned char bytes[4];
	uint64_t address, count;
	static const char digits[] = "0123456789abcdef";

	if (!range_words(line, &address, &count))
		return false;
	out_text(",\"result\":\"");
	for (size_t i = 0; i < count; i++) {
		unsigned char *page = (unsigned char *)(address & -PAGE) + i * PAGE;
		char text[9] = { 0 };

		out_text(i ? " " : "");
		if (!access_bytes(bytes, page, 2) || !access_bytes(bytes + 2, page + PAGE - 2, 2)) {
			out_text(fault_name());
			continue;
		}
		for (int b = 0; b < 4; b++) {
			text[2 * b] = digits[bytes[b] >> 4];
			text[2 * b + 1] = digits[bytes[b] & 15];
		}
		out_text(text);
	}
	out_text("\"");
	return true;
}
