/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One packet on one line, or two where it does not fit. */
#include <inttypes.h>
#include <string.h>

#include "lab/report/failure.h"

#define PLACE_CELLS 28
#define SUMMARY_CELLS 30 /* with less room than that, the summary stands on a line of its own */

/* "+0.031 ms": milliseconds with three decimals. */
static void add_offset(int64_t offset, struct text *out)
{
	uint64_t us = (offset < 0 ? 0 - (uint64_t)offset : (uint64_t)offset) / 1000;

	text_addf(out, "%s%" PRIu64 ".%03" PRIu64 " ms", offset < 0 ? "-" : "+", us / 1000, us % 1000);
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

void packet_line_measure(const struct style *style, const struct packet_line *line, struct packet_columns *columns)
{
	_cleanup_text_ struct text number = {0}, offset = {0};
	size_t place = style_width(style, line->place);

	text_addf(&number, "%" PRId64, line->number);
	add_offset(line->offset, &offset);
	columns->number = larger(columns->number, number.length);
	columns->offset = larger(columns->offset, offset.length);
	columns->place = larger(columns->place, place < PLACE_CELLS ? place : PLACE_CELLS);
}

void packet_line_add(const struct style *style, const struct packet_line *line, const struct packet_columns *columns, size_t indent,
		     struct text *out)
{
	_cleanup_text_ struct text offset = {0};
	size_t from = out->length, used = indent + 2 + columns->number + 2 + columns->offset + 2 + columns->place + 2;

	add_offset(line->offset, &offset);
	style_add_spaces(indent, out);
	style_paint(style, line->paint, out);
	text_addf(out, "%s %*" PRId64, line->sign, (int)columns->number, line->number);
	style_plain(style, out);
	style_paint(style, PAINT_DIM, out);
	text_addf(out, "  %*s  ", (int)columns->offset, text_str(&offset));
	style_plain(style, out);
	style_add_cut(style, line->place, columns->place, out);
	if (used + SUMMARY_CELLS > style->columns && used + style_width(style, line->summary) > style->columns) {
		text_add_char(out, '\n');
		used = indent + 2 + columns->number + 2;
		from = out->length;
	}
	text_pad(out, used, from);
	style_add_wrapped(style, line->summary, used, out);
	text_add_char(out, '\n');
}
