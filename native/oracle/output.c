/* The answers as JSON text, in one buffer of all processes. */
#define _GNU_SOURCE
#include "oracle.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Further away than this from every name, an address is printed as it is. */
#define NEAR (1ul << 30)
/* Shorter runs of one byte are printed in full. */
#define RUN_MIN 16

void out_reset(void)
{
	shared.answer_used = 0;
}

void out_flush(void)
{
	size_t done = 0;

	while (done < shared.answer_used) {
		ssize_t n = write(1, shared.answer + done, shared.answer_used - done);

		if (n < 0)
			_exit(3);
		done += n;
	}
	out_reset();
}

static void out_char(char c)
{
	if (shared.answer_used == sizeof(shared.answer))
		_exit(4);
	shared.answer[shared.answer_used++] = c;
}

void out_text(const char *text)
{
	while (*text)
		out_char(*text++);
}

static void out_hex_byte(unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";

	out_char(digits[byte >> 4]);
	out_char(digits[byte & 15]);
}

void out_string(const char *text)
{
	out_char('"');
	for (; *text; text++) {
		unsigned char c = *text;

		if (c < ' ' || c > '~') {
			out_text("\\u00");
			out_hex_byte(c);
			continue;
		}
		if (c == '"' || c == '\\')
			out_char('\\');
		out_char(c);
	}
	out_char('"');
}

static void out_unsigned(uint64_t value)
{
	char digits[24];
	int n = 0;

	do {
		digits[n++] = '0' + value % 10;
		value /= 10;
	} while (value);
	while (n)
		out_char(digits[--n]);
}

void out_number(int64_t value)
{
	if (value < 0)
		out_char('-');
	out_unsigned(value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void out_octal(uint64_t value)
{
	int shift = 63;

	out_text("\"0");
	while (shift > 0 && !(value >> shift & 7))
		shift -= 3;
	for (; shift >= 0; shift -= 3)
		out_char('0' + (value >> shift & 7));
	out_char('"');
}

static bool is_run(const unsigned char *bytes, size_t length)
{
	return length >= RUN_MIN && memcmp(bytes, bytes + 1, length - 1) == 0;
}

void out_bytes(const unsigned char *bytes, size_t length)
{
	out_char('"');
	if (is_run(bytes, length)) {
		out_hex_byte(bytes[0]);
		out_char('*');
		out_unsigned(length);
	} else {
		for (size_t i = 0; i < length; i++)
			out_hex_byte(bytes[i]);
	}
	out_char('"');
}

static void out_hex(uint64_t value)
{
	int shift = 60;

	out_text("0x");
	while (shift > 0 && !(value >> shift & 15))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		out_char("0123456789abcdef"[value >> shift & 15]);
}

void out_address(uint64_t address)
{
	const struct name *below = name_below(address);
	const struct name *above = name_above(address);

	out_char('"');
	if (below && address - below->value <= NEAR) {
		out_text(below->text);
		if (address != below->value) {
			out_char('+');
			out_unsigned(address - below->value);
		}
	} else if (above && above->value - address <= NEAR) {
		out_text(above->text);
		out_char('-');
		out_unsigned(above->value - address);
	} else {
		out_hex(address);
	}
	out_char('"');
}

void out_error(int error)
{
	const char *name = strerrorname_np(error);

	out_text(",\"error\":");
	out_string(name ? name : "unknown");
}
