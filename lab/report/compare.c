/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an expectation asked, beside what was there, field by field. */
#include "lab/report/compare.h"

#include <inttypes.h>
#include <string.h>

#define ROWS_MAX 24
#define NAME_CELLS 28
#define PACKET_CELLS 14 /* "  packet 12345" */
#define CONTEXT_CELLS 24 /* what is shown before the first difference of a long value */

struct columns {
	size_t name, expected, seen;
	bool packet;
};

static size_t at_most(size_t value, size_t limit)
{
	return value < limit ? value : limit;
}

/* Fills to `cells` after what was added since `from`. */
static void fill_to(size_t cells, size_t from, struct text *out)
{
	text_pad(out, cells, from);
}

static void add_cell(const struct style *style, enum paint paint, const char *string, size_t cells, bool fill, struct text *out)
{
	size_t from = out->length;

	style_paint(style, paint, out);
	style_add_cut(style, string, cells, out);
	if (paint != PAINT_NONE)
		style_plain(style, out);
	if (fill)
		fill_to(cells, from, out);
}

static struct columns measure(const struct style *style, const struct expect_field *fields, size_t count, size_t room)
{
	struct columns columns = {.name = 0, .expected = strlen("expected"), .seen = strlen("seen")};
	size_t limit;

	for (size_t i = 0; i < count; i++) {
		size_t name = style_width(style, fields[i].name);

		columns.packet = columns.packet || fields[i].packet > 0;
		columns.name = columns.name > name ? columns.name : at_most(name, NAME_CELLS);
	}
	room -= at_most(columns.name + 2 + 3 + 3, room) + (columns.packet ? PACKET_CELLS : 0);
	limit = room / 2;
	for (size_t i = 0; i < count; i++) {
		size_t expected = style_width(style, fields[i].expected), seen = style_width(style, fields[i].seen);

		if (expected > limit || seen > limit)
			continue; /* stands on lines of its own */
		columns.expected = columns.expected > expected ? columns.expected : expected;
		columns.seen = columns.seen > seen ? columns.seen : seen;
	}
	return columns;
}

static bool fits(const struct style *style, const struct expect_field *field, const struct columns *columns)
{
	return style_width(style, field->expected) <= columns->expected && style_width(style, field->seen) <= columns->seen;
}

static void add_mark(const struct style *style, const struct expect_field *field, const struct columns *columns, size_t indent,
		     struct text *out)
{
	style_add_spaces(indent, out);
	style_paint(style, field->held ? PAINT_DIM : PAINT_RED, out);
	text_addf(out, "%s ", style_sign(style, field->held ? SIGN_CHECK : SIGN_CROSS));
	style_plain(style, out);
	add_cell(style, field->held ? PAINT_DIM : PAINT_BOLD, field->name, columns->name, true, out);
}

static void add_packet(const struct style *style, const struct expect_field *field, struct text *out)
{
	if (field->packet <= 0)
		return;
	style_paint(style, PAINT_DIM, out);
	text_addf(out, "packet %" PRId64, field->packet);
	style_plain(style, out);
}

/* Drops the spaces that stand at the end since `from`. */
static void trim(size_t from, struct text *out)
{
	while (out->length > from && out->data[out->length - 1] == ' ')
		out->data[--out->length] = '\0';
}

static void add_row(const struct style *style, const struct expect_field *field, const struct columns *columns, size_t indent,
		    struct text *out)
{
	size_t from = out->length;

	add_mark(style, field, columns, indent, out);
	text_add(out, "   ");
	add_cell(style, field->held ? PAINT_DIM : PAINT_GREEN, field->expected, columns->expected, true, out);
	text_add(out, "   ");
	add_cell(style, field->held ? PAINT_DIM : PAINT_RED, field->seen, columns->seen, true, out);
	text_add(out, "   ");
	add_packet(style, field, out);
	trim(from, out);
	text_add_char(out, '\n');
}

/* Bytes that two shown values have in common at their start, at a character's boundary. */
static size_t common_prefix(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	while (n > 0 && ((unsigned char)a[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* A long value from `skip` on, cut to the line. */
static void add_long(const struct style *style, const char *label, const char *shown, size_t skip, enum paint paint, size_t indent,
		     struct text *out)
{
	size_t room = style->columns - indent - 10;
	const char *ellipsis = style_sign(style, SIGN_ELLIPSIS);

	style_add_spaces(indent, out);
	style_paint(style, PAINT_DIM, out);
	text_addf(out, "%-10s", label);
	style_plain(style, out);
	style_paint(style, paint, out);
	if (skip) {
		text_add(out, ellipsis);
		room -= text_width(ellipsis, strlen(ellipsis));
	}
	style_add_cut(style, shown + skip, room, out);
	if (paint != PAINT_NONE)
		style_plain(style, out);
	text_add_char(out, '\n');
}

static void add_stacked(const struct style *style, const struct expect_field *field, const struct columns *columns, size_t indent,
			struct text *out)
{
	_cleanup_text_ struct text expected = {0}, seen = {0};
	size_t from = out->length, skip = 0;

	style_add(style, field->expected, &expected);
	style_add(style, field->seen, &seen);
	add_mark(style, field, columns, indent, out);
	text_add(out, "   ");
	add_packet(style, field, out);
	trim(from, out);
	text_add_char(out, '\n');

	size_t common = common_prefix(text_str(&expected), text_str(&seen));
	size_t room = style->columns - indent - 4 - 10;
	if (!field->held && text_width(text_str(&expected), common) + CONTEXT_CELLS > room && common > CONTEXT_CELLS) {
		skip = common - CONTEXT_CELLS;
		while (skip > 0 && ((unsigned char)text_str(&expected)[skip] & 0xc0) == 0x80)
			skip--;
	}
	add_long(style, "expected", text_str(&expected), skip, field->held ? PAINT_DIM : PAINT_GREEN, indent + 4, out);
	add_long(style, "seen", text_str(&seen), skip, field->held ? PAINT_DIM : PAINT_RED, indent + 4, out);
	if (field->held || !seen.length || !expected.length)
		return;
	style_add_spaces(indent + 4 + 10 + (skip ? style_width(style, "…") : 0), out);
	style_add_spaces(text_width(text_str(&expected) + skip, common - skip), out);
	style_paint(style, PAINT_RED, out);
	text_add(out, style_sign(style, SIGN_CARET));
	style_plain(style, out);
	style_paint(style, PAINT_DIM, out);
	text_add(out, " from here on");
	style_plain(style, out);
	text_add_char(out, '\n');
}

bool compare_add(const struct style *style, const struct expect_field *fields, size_t count, size_t indent, struct text *out)
{
	struct columns columns = measure(style, fields, count, style->columns - indent);
	size_t shown = 0, hidden = 0, from;
	bool says_more = false;

	for (size_t i = 0; i < count; i++)
		says_more = says_more || !str_eq(fields[i].name, "count");
	if (!says_more)
		return false;
	from = out->length;
	style_add_spaces(indent + 2, out);
	fill_to(indent + 2 + columns.name + 3, from, out);
	style_paint(style, PAINT_DIM, out);
	text_add(out, "expected");
	fill_to(indent + 2 + columns.name + 3 + columns.expected + 3, from, out);
	text_add(out, "seen");
	style_plain(style, out);
	text_add_char(out, '\n');
	for (size_t i = 0; i < count; i++) {
		if (shown >= ROWS_MAX || (count > ROWS_MAX && fields[i].held)) {
			hidden++;
			continue;
		}
		shown++;
		if (fits(style, &fields[i], &columns))
			add_row(style, &fields[i], &columns, indent, out);
		else
			add_stacked(style, &fields[i], &columns, indent, out);
	}
	if (hidden) {
		style_add_spaces(indent + 2, out);
		style_paint(style, PAINT_DIM, out);
		text_addf(out, "and %zu more", hidden);
		style_plain(style, out);
		text_add_char(out, '\n');
	}
	return true;
}
