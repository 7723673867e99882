/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in the source a part of a scalar stands. */
#include <ctype.h>
#include <string.h>

#include "lab/check/check_inside.h"

/*
 * Theory of operation
 *
 * A scalar's text is not its source: a block loses its indentation, quotes and
 * folding take characters away, $(name) puts some in. So places are found by
 * what stands there. A text that stands in its source as it is gives all its
 * places. Lines of a literal block are its source's lines; of other texts of
 * several lines, the line that holds the place is looked for among the source's
 * (the n-th of several equal ones is the n-th). Where the two lines differ, the
 * word at fault is marked if the line, or the source, has it just once.
 */
struct stretch {
	const char *start;
	size_t length;
};

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_.:-", c)) || (unsigned char)c >= 0x80;
}

static size_t word_length(const char *text)
{
	size_t length = 0;

	while (in_word(text[length]))
		length++;
	return length ? length : 1;
}

/* A span within the source of `whole`, from `offset` on. */
static struct span span_at(struct span whole, size_t offset, size_t length)
{
	const char *text = whole.source->text;
	size_t start = offset;
	struct span span = {.source = whole.source, .offset = (uint32_t)offset, .length = (uint32_t)length, .line = whole.line, .column = 1};

	for (size_t i = whole.offset; i < offset; i++)
		span.line += text[i] == '\n';
	while (start > 0 && text[start - 1] != '\n')
		start--;
	for (size_t i = start; i < offset; i++)
		span.column += (text[i] & 0xc0) != 0x80; /* code points */
	return span;
}

/* The line of `text` that holds `at`, without blanks around it. */
static struct stretch line_around(const char *text, size_t length, size_t at)
{
	struct stretch line = {text, 0};
	size_t start = at, end = at;

	while (start > 0 && text[start - 1] != '\n')
		start--;
	while (end < length && text[end] != '\n')
		end++;
	while (start < end && isspace((unsigned char)text[start]))
		start++;
	while (end > start && isspace((unsigned char)text[end - 1]))
		end--;
	line.start = text + start;
	line.length = end - start;
	return line;
}

/* Where the line with this number (from 0) of those that equal `line` begins; NULL: there are only *ret_count. */
static const char *equal_line(struct stretch within, struct stretch line, size_t number, size_t *ret_count)
{
	size_t count = 0;

	for (size_t at = 0; at < within.length;) {
		struct stretch one = line_around(within.start, within.length, at);
		const char *end = memchr(within.start + at, '\n', within.length - at);

		if (one.length == line.length && memcmp(one.start, line.start, line.length) == 0 && count++ == number)
			return one.start;
		if (!end)
			break;
		at = (size_t)(end + 1 - within.start);
	}
	if (ret_count)
		*ret_count = count;
	return NULL;
}

/* What of the source `whole` covers. */
static struct stretch source_of(struct span whole)
{
	struct stretch source = {0};

	if (!whole.source || !whole.line || whole.offset > whole.source->length)
		return source;
	source.start = whole.source->text + whole.offset;
	source.length = whole.source->length - whole.offset;
	if (whole.length < source.length)
		source.length = whole.length;
	return source;
}

/* The only place of the word, standing alone, in the source; or NULL. */
static const char *only_place(struct stretch source, const char *word, size_t length)
{
	const char *found = NULL, *end = source.start + source.length;

	for (const char *at = source.start; (at = memmem(at, (size_t)(end - at), word, length)); at++) {
		bool alone = (at == source.start || !in_word(at[-1])) && (at + length == end || !in_word(at[length]));

		if (alone && found)
			return NULL;
		if (alone)
			found = at;
	}
	return found;
}

/* Line `number` (from 0) of a literal block, below its header, without blanks around it; length 0: there is none. */
static struct stretch block_line(struct stretch source, size_t number)
{
	const char *at = source.start, *end = source.start + source.length;

	for (size_t i = 0; i <= number; i++) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (!at || ++at == end)
			return (struct stretch){0};
	}
	return line_around(source.start, source.length, (size_t)(at - source.start));
}

/* The source line that shows the text's line around `at`. */
static struct stretch shown_line(struct stretch source, const char *text, struct stretch line)
{
	size_t number = 0;

	if (source.start[0] == '|') {
		for (const char *c = text; c < line.start; c++)
			number += *c == '\n';
		return block_line(source, number);
	}
	equal_line((struct stretch){text, (size_t)(line.start - text)}, line, SIZE_MAX, &number);
	const char *found = line.length ? equal_line(source, line, number, NULL) : NULL;
	return (struct stretch){found, found ? line.length : 0};
}

struct span place_of_word(struct span whole, const char *text, size_t at)
{
	struct stretch source = source_of(whole);
	size_t length = strlen(text);

	if (!source.length || !length)
		return whole;
	if (at >= length)
		at = length - 1;
	size_t word = word_length(text + at);
	const char *found = memmem(source.start, source.length, text, length);
	if (found)
		return span_at(whole, (size_t)(found + at - whole.source->text), word);

	struct stretch line = line_around(text, length, at), shown = shown_line(source, text, line);
	if (shown.length == line.length && shown.length && text + at >= line.start && memcmp(shown.start, line.start, line.length) == 0)
		return span_at(whole, (size_t)(shown.start - whole.source->text) + (size_t)(text + at - line.start), word);
	found = in_word(text[at]) ? only_place(shown.length ? shown : source, text + at, word) : NULL;
	if (found)
		return span_at(whole, (size_t)(found - whole.source->text), word);
	return shown.length ? span_at(whole, (size_t)(shown.start - whole.source->text), shown.length) : whole;
}

struct span place_of_line(struct span whole, const char *text, unsigned line, unsigned column)
{
	const char *at = text;

	if (!line)
		return whole;
	for (; line > 1 && at; line--) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	if (!at)
		return whole;
	size_t into = column ? column - 1 : strspn(at, " \t"), length = strcspn(at, "\n");

	/* Behind the end of the line: its last word is what came before the surprise. */
	if (into >= length) {
		into = length ? length - 1 : 0;
		while (into > 0 && in_word(at[into]) && in_word(at[into - 1]))
			into--;
	}
	return place_of_word(whole, text, (size_t)(at - text) + into);
}
