/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagnostics: what is wrong with a scenario, where, and what would be right. */
#include "lab/base/diag.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lab/base/rng.h"

#define X(id, severity, meaning) [DIAG_##id] = {#id, severity, meaning},
const struct diag_info diag_table[DIAG_COUNT] = {DIAG_LIST(X)};
#undef X

void diag_add_slug(enum diag_id id, struct text *out)
{
	for (const char *c = diag_table[id].name; *c; c++)
		text_add_char(out, *c == '_' ? '-' : (char)tolower((unsigned char)*c));
}

/* Cases come one after another, so that a new one differs from the latest. */
static void note_case(struct diag *diag, const char *context)
{
	uint64_t hash = context ? hash_text(context, strlen(context)) : 0;

	if (hash == diag->latest)
		return;
	diag->latest = hash;
	diag->others++;
}

int diag_add(struct diag_list *list, enum diag_id id, struct span span, const char *fmt, ...)
{
	struct text message = {0};
	va_list args;

	va_start(args, fmt);
	text_addv(&message, fmt, args);
	va_end(args);
	for (size_t i = 0; i < list->items.count; i++) {
		const struct diag *old = &list->items.items[i];

		if (old->id == id && old->span.source == span.source && old->span.offset == span.offset &&
		    strcmp(old->message, text_str(&message)) == 0) {
			text_free(&message);
			list->last = i;
			note_case(&list->items.items[i], list->context);
			return -EINVAL;
		}
	}
	array_push(&list->items, (struct diag){
		.id = id,
		.span = span,
		.message = text_steal(&message),
		.context = list->context ? mem_strdup(list->context) : NULL,
		.latest = list->context ? hash_text(list->context, strlen(list->context)) : 0,
	});
	list->last = list->items.count - 1;
	if (diag_table[id].severity == DIAG_ERROR)
		list->errors++;
	else
		list->warnings++;
	return -EINVAL;
}

void diag_help(struct diag_list *list, const char *fmt, ...)
{
	struct text help = {0};
	va_list args;

	if (!list->items.count)
		return;
	va_start(args, fmt);
	text_addv(&help, fmt, args);
	va_end(args);
	struct diag *last = &list->items.items[list->last];
	free(last->help);
	last->help = text_steal(&help);
}

void diag_list_add_all(struct diag_list *to, const struct diag_list *from)
{
	for (size_t i = 0; i < from->items.count; i++) {
		const struct diag *diag = &from->items.items[i];

		diag_add(to, diag->id, diag->span, "%s", diag->message);
		if (diag->help)
			diag_help(to, "%s", diag->help);
	}
}

void diag_list_keep(struct diag_list *list, struct arena *arena)
{
	array_push(&list->kept, arena);
}

void diag_list_free(struct diag_list *list)
{
	for (size_t i = 0; i < list->items.count; i++) {
		free(list->items.items[i].message);
		free(list->items.items[i].help);
		free(list->items.items[i].context);
	}
	array_free(&list->items);
	for (size_t i = 0; i < list->kept.count; i++)
		arena_free(list->kept.items[i]);
	array_free(&list->kept);
	list->errors = list->warnings = list->last = 0;
}

static bool goes_before(const struct diag *a, const struct diag *b)
{
	if (a->span.source != b->span.source) {
		const char *pa = a->span.source ? a->span.source->path : "";
		const char *pb = b->span.source ? b->span.source->path : "";
		int order = strcmp(pa, pb);

		if (order)
			return order < 0;
	}
	if (a->span.line != b->span.line)
		return a->span.line < b->span.line;
	return a->span.column < b->span.column;
}

void diag_list_sort(struct diag_list *list)
{
	list->last = 0;
	for (size_t i = 1; i < list->items.count; i++) {
		struct diag moved = list->items.items[i];
		size_t at = i;

		while (at > 0 && goes_before(&moved, &list->items.items[at - 1])) {
			list->items.items[at] = list->items.items[at - 1];
			at--;
		}
		list->items.items[at] = moved;
	}
}

/* The source line that holds `offset`, without its end. */
static const char *source_line(const struct span *span, size_t *ret_length)
{
	const char *text = span->source->text;
	size_t start = span->offset < span->source->length ? span->offset : span->source->length;
	size_t end = start;

	while (start > 0 && text[start - 1] != '\n')
		start--;
	while (end < span->source->length && text[end] != '\n' && text[end] != '\r')
		end++;
	*ret_length = end - start;
	return text + start;
}

static void add_quote(const struct span *span, const char *mark, const char *reset, struct text *out)
{
	size_t length;
	const char *line = source_line(span, &length);
	size_t before = (size_t)(span->source->text + span->offset - line);

	if (before > length)
		before = length;
	text_addf(out, "%5u | ", span->line);
	for (size_t i = 0, run; i < length; i += run) {
		const char *tab = memchr(line + i, '\t', length - i);

		run = tab ? (size_t)(tab - (line + i)) : length - i;
		text_add_visible(out, line + i, run);
		if (tab) {
			text_add_char(out, ' ');
			run++;
		}
	}
	text_add(out, "\n      | ");
	size_t column = text_width(line, before);
	size_t marked = span->length;
	if (marked > length - before)
		marked = length - before;
	size_t width = text_width(line + before, marked);
	for (size_t i = 0; i < column; i++)
		text_add_char(out, ' ');
	text_addf(out, "%s^", mark);
	for (size_t i = 1; i < width; i++)
		text_add_char(out, '~');
	text_addf(out, "%s\n", reset);
}

void diag_print(const struct diag *diag, bool colour, bool strict, struct text *out)
{
	bool is_error = diag_table[diag->id].severity == DIAG_ERROR || strict;
	const char *mark = !colour ? "" : is_error ? "\x1b[1;31m" : "\x1b[1;33m";
	const char *bold = colour ? "\x1b[1m" : "";
	const char *reset = colour ? "\x1b[0m" : "";

	if (diag->span.source && diag->span.line)
		text_addf(out, "%s%s:%u:%u:%s ", bold, diag->span.source->path, diag->span.line, diag->span.column, reset);
	else if (diag->span.source)
		text_addf(out, "%s%s:%s ", bold, diag->span.source->path, reset);
	text_addf(out, "%s%s:%s %s [", mark, is_error ? "error" : "warning", reset, diag->message);
	diag_add_slug(diag->id, out);
	text_add(out, "]\n");
	if (diag->span.source && diag->span.line)
		add_quote(&diag->span, mark, reset, out);
	if (diag->context && diag->others)
		text_addf(out, "      = in case %s and %zu other%s\n", diag->context, diag->others, diag->others == 1 ? "" : "s");
	else if (diag->context)
		text_addf(out, "      = in case %s\n", diag->context);
	if (diag->help)
		text_addf(out, "      = help: %s\n", diag->help);
}
