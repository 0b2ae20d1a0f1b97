/* The words of a script: splitting, names, numbers, byte strings. */
#include "oracle.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *script_problem;
unsigned char script_data[DATA_SIZE + PAGE];

bool split(char *text, struct line *line)
{
	line->count = 0;
	for (char *token = strtok(text, " \t"); token; token = strtok(NULL, " \t")) {
		if (line->count == MAX_TOKENS) {
			script_problem = "too many words";
			return false;
		}
		line->token[line->count++] = token;
	}
	return line->count > 0;
}

const struct name *name_find(const char *text, size_t length)
{
	for (int i = 0; i < shared.name_count; i++)
		if (strlen(shared.names[i].text) == length && !memcmp(shared.names[i].text, text, length))
			return &shared.names[i];
	return NULL;
}

void bind(const char *text, enum name_kind kind, uint64_t value)
{
	struct name *name = (struct name *)name_find(text, strlen(text));

	if (!name) {
		if (shared.name_count == MAX_NAMES || strlen(text) >= NAME_SIZE)
			return;
		name = &shared.names[shared.name_count++];
		strcpy(name->text, text);
	}
	name->kind = kind;
	name->value = value;
	name->bound_at = ++shared.bindings;
}

/* The highest named address that is not above this one; of equals the one bound last. */
const struct name *name_below(uint64_t address)
{
	const struct name *best = NULL;

	for (int i = 0; i < shared.name_count; i++) {
		const struct name *name = &shared.names[i];

		if (name->kind != NAME_ADDRESS || name->value > address)
			continue;
		if (!best || name->value > best->value ||
		    (name->value == best->value && name->bound_at > best->bound_at))
			best = name;
	}
	return best;
}

/*
 * The one problem that is no mistake of the script: the call that was to bind the name failed.
 * Always false.
 */
bool not_bound(const char *text, size_t length)
{
	static char problem[NAME_SIZE + 16];

	snprintf(problem, sizeof(problem), "%.*s is not bound", (int)length, text);
	script_problem = problem;
	return false;
}

static bool evaluate_term(const char *text, size_t length, uint64_t *value)
{
	const struct name *name;
	char number[32];
	char *end;

	if (isdigit((unsigned char)text[0])) {
		if (length >= sizeof(number))
			return false;
		memcpy(number, text, length);
		number[length] = 0;
		*value = strtoull(number, &end, 0);
		return *end == 0;
	}
	if (isupper((unsigned char)text[0]))
		return constant_find(text, length, value);
	name = name_find(text, length);
	if (!name || name->kind == NAME_PIN)
		return not_bound(text, length);
	*value = name->value;
	return true;
}

/* Terms joined by + - |, from left to right, modulo 2^64; the first may have a sign. */
bool evaluate(const char *token, uint64_t *value)
{
	char operator = '+';

	script_problem = "a word is neither number, constant nor bound name";
	*value = 0;
	if (*token == '-' || *token == '+')
		operator = *token++;
	for (;;) {
		size_t length = strcspn(token, "+-|");
		uint64_t term;

		if (!length || !evaluate_term(token, length, &term))
			return false;
		*value = operator == '+' ? *value + term :
			 operator == '-' ? *value - term : *value | term;
		token += length;
		if (!*token)
			return true;
		operator = *token++;
	}
}

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Repeats the first `unit` bytes of script_data until there are `times` of them. */
static bool repeat(size_t unit, const char *times, size_t *length)
{
	size_t total = unit * strtoul(times, NULL, 0);

	if (total > DATA_SIZE)
		return false;
	for (size_t i = unit; i < total; i++)
		script_data[i] = script_data[i - unit];
	*length = total;
	return true;
}

/* The lowest named address that is above this one; of equals the one bound last. */
const struct name *name_above(uint64_t address)
{
	const struct name *best = NULL;

	for (int i = 0; i < shared.name_count; i++) {
		const struct name *name = &shared.names[i];

		if (name->kind != NAME_ADDRESS || name->value <= address)
			continue;
		if (!best || name->value < best->value ||
		    (name->value == best->value && name->bound_at > best->bound_at))
			best = name;
	}
	return best;
}

/* Hex digits, two a byte; HEX*N repeats; "" is empty. */
bool evaluate_data(const char *token, size_t *length)
{
	size_t n = 0;

	script_problem = "not a byte string";
	if (!strcmp(token, "\"\"")) {
		*length = 0;
		return true;
	}
	for (; *token && *token != '*'; token += 2) {
		int high = hex_digit(token[0]);
		int low = high < 0 ? -1 : hex_digit(token[1]);

		if (low < 0 || n == DATA_SIZE)
			return false;
		script_data[n++] = high << 4 | low;
	}
	*length = n;
	return *token ? repeat(n, token + 1, length) : true;
}

/* A word; C*N repeats one character; "" is empty. */
bool evaluate_string(const char *token, char *into, size_t size)
{
	size_t length = strlen(token);

	script_problem = "string too long";
	if (!strcmp(token, "\"\"")) {
		into[0] = 0;
		return true;
	}
	if (length > 2 && token[1] == '*') {
		size_t times = strtoul(token + 2, NULL, 0);

		if (times >= size)
			return false;
		memset(into, token[0], times);
		into[times] = 0;
		return true;
	}
	if (length >= size)
		return false;
	memcpy(into, token, length + 1);
	return true;
}
