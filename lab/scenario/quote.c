/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What YAML takes apart although it was meant as text, and how to write it instead. */
#include "lab/scenario/quote.h"

#include <string.h>

void quote_add_text(const char *text, size_t length, struct text *out)
{
	bool single = memchr(text, '"', length) || memchr(text, '\\', length);

	text_add_char(out, single ? '\'' : '"');
	for (size_t i = 0; i < length; i++) {
		if (single && text[i] == '\'')
			text_add_char(out, '\'');
		text_add_char(out, text[i]);
	}
	text_add_char(out, single ? '\'' : '"');
}

void quote_help(struct diag_list *diags, struct span span)
{
	struct text quoted = {0};

	quote_add_text(span.source->text + span.offset, span.length, &quoted);
	diag_help(diags, "quote this: %s", text_str(&quoted));
	text_free(&quoted);
}

/*
 * Theory of operation
 *
 * The YAML reader says where it stopped, which is seldom where the value began
 * that it could not read. So the line is scanned again, coarsely: quotes are
 * stepped over, brackets are counted, and for each depth of brackets the start
 * of the value that is being written there is kept. The value whose depth is
 * open at the place of the error is the one; it ends at the line's end, or, in
 * a flow collection, at the comma or bracket that ends it.
 */
#define DEPTH_MAX 16

struct scan {
	const char *line;
	size_t length; /* without its end and a comment */
	size_t starts[DEPTH_MAX]; /* of the value at each depth, or of the key while there is none */
	bool keyed[DEPTH_MAX];    /* at each depth: it is a value, not a key */
	bool lists[DEPTH_MAX];    /* at each depth: within [ ] */
	unsigned depth;
};

static bool is_blank(const struct scan *scan, size_t at)
{
	return at >= scan->length || scan->line[at] == ' ' || scan->line[at] == '\t';
}

/* The end of a quoted stretch that begins at `at`; `at` itself where it is never closed. */
static size_t skip_quoted(const struct scan *scan, size_t at)
{
	char quote = scan->line[at];

	for (size_t i = at + 1; i < scan->length; i++) {
		if (quote == '"' && scan->line[i] == '\\')
			i++;
		else if (scan->line[i] == quote)
			return i;
	}
	return at;
}

static size_t skip_blanks(const struct scan *scan, size_t at)
{
	while (at < scan->length && is_blank(scan, at))
		at++;
	return at;
}

/* Past "- - " at the line's start, where the outermost value or key begins. */
static size_t skip_dashes(const struct scan *scan)
{
	size_t at = skip_blanks(scan, 0);

	while (at < scan->length && scan->line[at] == '-' && is_blank(scan, at + 1))
		at = skip_blanks(scan, at + 1);
	return at;
}

static void scan_to(struct scan *scan, size_t stop)
{
	size_t begin = skip_dashes(scan);
	bool fresh = true; /* a quote here opens a quoted text */

	scan->starts[0] = begin;
	for (size_t i = begin; i < scan->length && i < stop; i++) {
		char c = scan->line[i];

		if (fresh && (c == '"' || c == '\''))
			i = skip_quoted(scan, i);
		else if (c == ':' && is_blank(scan, i + 1) && !scan->keyed[scan->depth]) {
			scan->keyed[scan->depth] = true;
			scan->starts[scan->depth] = skip_blanks(scan, i + 1);
			fresh = true;
			continue;
		} else if ((c == '[' || c == '{') && (fresh || scan->depth)) {
			if (scan->depth + 1 < DEPTH_MAX)
				scan->depth++;
			scan->keyed[scan->depth] = scan->lists[scan->depth] = c == '[';
			scan->starts[scan->depth] = skip_blanks(scan, i + 1);
			fresh = true;
			continue;
		} else if ((c == ']' || c == '}') && scan->depth) {
			scan->depth--;
		} else if (c == ',' && scan->depth) {
			scan->keyed[scan->depth] = scan->lists[scan->depth];
			scan->starts[scan->depth] = skip_blanks(scan, i + 1);
			fresh = true;
			continue;
		}
		fresh = fresh && is_blank(scan, i);
	}
}

/* Where the value at `start` ends: at the line's end, or at what ends it in its flow collection. */
static size_t value_end(const struct scan *scan, size_t start)
{
	unsigned depth = 0;
	size_t end = start;

	for (; end < scan->length; end++) {
		char c = scan->line[end];

		if (!scan->depth)
			continue;
		if (c == '[' || c == '{')
			depth++;
		else if (c == ',' && !depth)
			break;
		else if ((c == ']' || c == '}') && depth-- == 0)
			break;
	}
	while (end > start && is_blank(scan, end - 1))
		end--;
	return end;
}

static bool wants_quotes(const struct scan *scan, size_t start, size_t end)
{
	if (start >= end || scan->line[start] == '"' || scan->line[start] == '\'')
		return false;
	if (strchr("[]{}>|@`%*&!,?-", scan->line[start]))
		return true;
	for (size_t i = start; scan->keyed[scan->depth] && i + 1 < end; i++)
		if (scan->line[i] == ':' && scan->line[i + 1] == ' ')
			return true;
	return false;
}

int quote_find(const struct source *source, uint32_t offset, struct span *ret_span)
{
	struct scan scan = {0};
	size_t begin = offset < source->length ? offset : source->length;
	size_t end = begin;
	uint32_t line = 1;

	while (begin > 0 && source->text[begin - 1] != '\n')
		begin--;
	while (end < source->length && source->text[end] != '\n' && source->text[end] != '\r')
		end++;
	scan.line = source->text + begin;
	scan.length = end - begin;
	for (size_t i = 1; i < scan.length; i++)
		if (scan.line[i] == '#' && is_blank(&scan, i - 1))
			scan.length = i;
	scan_to(&scan, offset - begin);

	size_t start = scan.starts[scan.depth];
	size_t stop = value_end(&scan, start);
	if (!wants_quotes(&scan, start, stop))
		return 0;
	for (size_t i = 0; i < begin; i++)
		line += source->text[i] == '\n';
	*ret_span = (struct span){
		.source = source, .offset = (uint32_t)(begin + start), .length = (uint32_t)(stop - start), .line = line,
		.column = (uint32_t)text_width(scan.line, start) + 1,
	};
	return 1;
}
