/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How text for people looks: colours, signs, and fitting into columns. */
#pragma once

#include "lab/event/event.h"
#include "lab/report/report.h"

/*
 * Colour says nothing that the words do not say: every verdict has its word and
 * its sign too. Text from scenarios, packets and programs goes through
 * style_add(): nothing in it reaches a terminal as a control sequence.
 */
struct style {
	bool colour;
	bool unicode;
	unsigned columns;
};
struct style style_of(const struct report_options *options);

enum paint { PAINT_NONE, PAINT_BOLD, PAINT_DIM, PAINT_RED, PAINT_GREEN, PAINT_YELLOW, PAINT_MAGENTA, PAINT_CYAN, PAINT_RED_BOLD, PAINT_GREEN_BOLD };
void style_paint(const struct style *style, enum paint paint, struct text *out); /* from here on */
void style_plain(const struct style *style, struct text *out);                    /* back to plain */

/* Signs, one cell wide in both alphabets but for the ellipsis. */
enum sign { SIGN_BAR, SIGN_RULE, SIGN_DOT, SIGN_ELLIPSIS, SIGN_CROSS, SIGN_CHECK, SIGN_ARROW, SIGN_CARET };
const char *style_sign(const struct style *style, enum sign sign);
/* Sign and colour of a verdict. A number that is no verdict looks like an error. */
const char *style_verdict_sign(const struct style *style, int64_t verdict);
enum paint style_verdict_paint(int64_t verdict);

/* Text of others: control characters made visible, and where the terminal is ASCII, ASCII. */
void style_add(const struct style *style, const char *string, struct text *out);
void style_add_bytes(const struct style *style, const char *bytes, size_t length, struct text *out);
/* The same, cut to `columns` cells with an ellipsis. */
void style_add_cut(const struct style *style, const char *string, size_t columns, struct text *out);
/* The same, broken at spaces; lines after the first begin with `indent` spaces. The first is at column `indent` already. */
void style_add_wrapped(const struct style *style, const char *string, size_t indent, struct text *out);
void style_add_spaces(size_t count, struct text *out);
void style_add_rule(const struct style *style, size_t cells, struct text *out);
/* "1.75 ms", "1.75 ms" with "us" where the terminal is ASCII. */
void style_add_span(const struct style *style, int64_t span, struct text *out);
/* Cells that `string` takes as style_add() prints it. */
size_t style_width(const struct style *style, const char *string);
