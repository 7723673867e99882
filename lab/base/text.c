/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing text, and the few string helpers that libc lacks. */
#include "lab/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void text_reserve(struct text *text, size_t more)
{
	if (more > SIZE_MAX - text->length - 1)
		abort();
	text->data = array_grow(text->data, &text->capacity, text->length + more + 1, 1);
}

void text_add_bytes(struct text *text, const void *bytes, size_t length)
{
	text_reserve(text, length);
	if (length)
		memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_add_char(struct text *text, char c)
{
	text_add_bytes(text, &c, 1);
}

void text_addv(struct text *text, const char *fmt, va_list args)
{
	va_list again;

	va_copy(again, args);
	int length = vsnprintf(NULL, 0, fmt, args);
	if (length > 0) {
		text_reserve(text, (size_t)length);
		vsnprintf(text->data + text->length, (size_t)length + 1, fmt, again);
		text->length += (size_t)length;
	}
	va_end(again);
}

void text_addf(struct text *text, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	text_addv(text, fmt, args);
	va_end(args);
}

void text_pad(struct text *text, size_t column, size_t line_start)
{
	size_t width = text_width(text_str(text) + line_start, text->length - line_start);

	for (; width < column; width++)
		text_add_char(text, ' ');
}

static void wrap_line(struct text *text, size_t indent)
{
	text_add_char(text, '\n');
	for (size_t i = 0; i < indent; i++)
		text_add_char(text, ' ');
}

/* Cells of a word, colours aside (ESC [ … m). */
static size_t word_width(const char *word, size_t length)
{
	size_t width = 0;

	for (size_t i = 0, run; i < length; i += run) {
		const char *escape = memchr(word + i, '\x1b', length - i);

		run = escape ? (size_t)(escape - (word + i)) : length - i;
		width += text_width(word + i, run);
		while (escape && i + run < length)
			if (word[i + run++] == 'm')
				break;
	}
	return width;
}

void text_wrap(struct text *text, const char *words, size_t indent, size_t columns)
{
	size_t column = indent;

	while (*words) {
		if (*words == '\n') {
			wrap_line(text, indent);
			column = indent;
			words++;
			continue;
		}
		size_t spaces = strspn(words, " ");
		size_t length = strcspn(words + spaces, " \n");
		size_t width = word_width(words + spaces, length);

		if (column > indent && column + spaces + width > columns) {
			wrap_line(text, indent);
			column = indent;
			words += spaces;
			spaces = 0;
		}
		text_add_bytes(text, words, spaces + length);
		column += spaces + width;
		words += spaces + length;
	}
}

const char *text_str(const struct text *text)
{
	return text->data ? text->data : "";
}

char *text_steal(struct text *text)
{
	char *data = text->data ? text->data : mem_strdup("");

	*text = (struct text){0};
	return data;
}

void text_clear(struct text *text)
{
	text->length = 0;
	if (text->data)
		text->data[0] = '\0';
}

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){0};
}

/* Length of the UTF-8 sequence at `s` (1 to 4), or 0 where it is not valid (RFC 3629). */
static size_t utf8_length(const unsigned char *s, size_t left, uint32_t *ret_code)
{
	static const uint32_t minimum[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 && s[0] < 0xf8 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 0;
	uint32_t code;

	if (s[0] >= 0xf8 || n == 0 || n > left)
		return 0;
	code = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < minimum[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return n;
}

void text_add_json(struct text *text, const char *string, size_t length)
{
	const unsigned char *s = (const unsigned char *)string;

	text_add_char(text, '"');
	for (size_t i = 0; i < length;) {
		uint32_t code = 0;
		size_t n = utf8_length(s + i, length - i, &code);

		if (n == 0) {
			text_add(text, "\xef\xbf\xbd");
			n = 1;
		} else if (s[i] == '"' || s[i] == '\\') {
			text_addf(text, "\\%c", s[i]);
		} else if (s[i] == '\n') {
			text_add(text, "\\n");
		} else if (s[i] == '\t') {
			text_add(text, "\\t");
		} else if (code < 0x20 || code == 0x7f) {
			text_addf(text, "\\u%04x", code);
		} else {
			text_add_bytes(text, s + i, n);
		}
		i += n;
	}
	text_add_char(text, '"');
}

void text_add_visible(struct text *text, const char *string, size_t length)
{
	const unsigned char *s = (const unsigned char *)string;

	for (size_t i = 0; i < length;) {
		uint32_t code = 0;
		size_t n = utf8_length(s + i, length - i, &code);

		if (s[i] == '\n')
			text_add(text, "\\n");
		else if (s[i] == '\t')
			text_add(text, "\\t");
		else if (n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0))
			for (size_t k = 0; k < (n ? n : 1); k++)
				text_addf(text, "\\x%02x", s[i + k]);
		else
			text_add_bytes(text, s + i, n);
		i += n ? n : 1;
	}
}

size_t text_width(const char *string, size_t length)
{
	const unsigned char *s = (const unsigned char *)string;
	size_t width = 0;

	for (size_t i = 0; i < length;) {
		uint32_t code = 0;
		size_t n = utf8_length(s + i, length - i, &code);

		if (s[i] == 0x1b) { /* an ANSI colour takes no room */
			while (i < length && s[i] != 'm')
				i++;
			i++;
			continue;
		}
		if ((code >= 0x0300 && code < 0x0370) || code == 0x200d || (code >= 0xfe00 && code < 0xfe10))
			width += 0; /* combining marks, joiners, variation selectors */
		else if ((code >= 0x1100 && code < 0x1160) || (code >= 0x2e80 && code < 0xa4d0) ||
			 (code >= 0xac00 && code < 0xd7a4) || (code >= 0xf900 && code < 0xfb00) ||
			 (code >= 0xff00 && code < 0xff61) || (code >= 0x1f300 && code < 0x1f650) || code >= 0x20000)
			width += 2;
		else
			width++;
		i += n ? n : 1;
	}
	return width;
}

bool str_eq(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool str_starts(const char *string, const char *prefix)
{
	return strncmp(string, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *string, const char *suffix)
{
	size_t a = strlen(string), b = strlen(suffix);

	return a >= b && memcmp(string + a - b, suffix, b) == 0;
}

int str_to_u64(const char *string, uint64_t *ret)
{
	unsigned base = 10;
	uint64_t value = 0;

	if (string[0] == '0' && (string[1] == 'x' || string[1] == 'X')) {
		base = 16;
		string += 2;
	}
	if (!*string)
		return -EINVAL;
	for (; *string; string++) {
		unsigned char c = (unsigned char)*string;
		unsigned digit;

		if (isdigit(c))
			digit = c - '0';
		else if (base == 16 && isxdigit(c))
			digit = (unsigned)(tolower(c) - 'a') + 10;
		else
			return -EINVAL;
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) || __builtin_add_overflow(value, (uint64_t)digit, &value))
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

int str_to_i64(const char *string, int64_t *ret)
{
	bool negative = *string == '-';
	uint64_t value;
	int r = str_to_u64(string + negative, &value);

	if (r < 0)
		return r;
	if (value > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*ret = negative ? (int64_t)(0 - value) : (int64_t)value;
	return 0;
}

#define NEAREST_MAX 48

/* Optimal string alignment distance, so that a swapped pair of letters counts once. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > NEAREST_MAX || m > NEAREST_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *row = rows[i % 3];
		const size_t *last = rows[(i - 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && rows[(i - 2) % 3][j - 2] + 1 < best)
				best = rows[(i - 2) % 3][j - 2] + 1;
			row[j] = best;
		}
	}
	return rows[n % 3][m];
}

const char *str_nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t limit = strlen(word) <= 3 ? 1 : strlen(word) <= 6 ? 2 : 3;
	const char *best = NULL;

	for (size_t i = 0; i < count; i++) {
		size_t distance = edit_distance(word, candidates[i]);

		if (distance <= limit) {
			best = candidates[i];
			limit = distance ? distance - 1 : 0;
			if (distance == 0)
				break;
		}
	}
	return best;
}

void text_add_shell_word(struct text *text, const char *word)
{
	if (*word && !word[strcspn(word, " \t\n'\"\\$`*?[]{}()<>|&;!#~")]) {
		text_add(text, word);
		return;
	}
	text_add_char(text, '\'');
	for (; *word; word++)
		text_add(text, *word == '\'' ? "'\\''" : (char[]){*word, '\0'});
	text_add_char(text, '\'');
}
