/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How text for people looks: colours, signs, and fitting into columns. */
#include "lab/report/style.h"

#include <string.h>

#include "lab/base/clock.h"

#define COLUMNS_LEAST 40 /* below that, lines are left to the terminal to break */

static const char *const paints[] = {
	[PAINT_NONE] = "",             [PAINT_BOLD] = "\x1b[1m",       [PAINT_DIM] = "\x1b[2m",
	[PAINT_RED] = "\x1b[31m",      [PAINT_GREEN] = "\x1b[32m",     [PAINT_YELLOW] = "\x1b[33m",
	[PAINT_MAGENTA] = "\x1b[35m",  [PAINT_CYAN] = "\x1b[36m",      [PAINT_RED_BOLD] = "\x1b[1;31m",
	[PAINT_GREEN_BOLD] = "\x1b[1;32m",
};

static const struct {
	const char *unicode, *ascii;
} signs[] = {
	[SIGN_BAR] = {"│", "|"},   [SIGN_RULE] = {"─", "-"},  [SIGN_DOT] = {"·", "-"},   [SIGN_ELLIPSIS] = {"…", ".."},
	[SIGN_CROSS] = {"✗", "x"}, [SIGN_CHECK] = {"✓", "+"}, [SIGN_ARROW] = {"▸", ">"}, [SIGN_CARET] = {"^", "^"},
};

static const struct {
	const char *unicode, *ascii;
	enum paint paint;
} verdicts[VERDICT_COUNT] = {
	[VERDICT_PASS] = {"✓", "+", PAINT_GREEN},   [VERDICT_FAIL] = {"✗", "x", PAINT_RED},
	[VERDICT_SKIP] = {"○", "o", PAINT_CYAN},    [VERDICT_XFAIL] = {"≈", "=", PAINT_YELLOW},
	[VERDICT_ERROR] = {"!", "!", PAINT_MAGENTA}, [VERDICT_FLAKY] = {"~", "~", PAINT_YELLOW},
};

struct style style_of(const struct report_options *options)
{
	return (struct style){
		.colour = options->colour,
		.unicode = options->unicode,
		.columns = options->columns < COLUMNS_LEAST ? COLUMNS_LEAST : options->columns,
	};
}

void style_paint(const struct style *style, enum paint paint, struct text *out)
{
	if (style->colour)
		text_add(out, paints[paint]);
}

void style_plain(const struct style *style, struct text *out)
{
	if (style->colour)
		text_add(out, "\x1b[0m");
}

const char *style_sign(const struct style *style, enum sign sign)
{
	return style->unicode ? signs[sign].unicode : signs[sign].ascii;
}

const char *style_verdict_sign(const struct style *style, int64_t verdict)
{
	size_t i = verdict >= 0 && verdict < VERDICT_COUNT ? (size_t)verdict : VERDICT_ERROR;

	return style->unicode ? verdicts[i].unicode : verdicts[i].ascii;
}

enum paint style_verdict_paint(int64_t verdict)
{
	return verdicts[verdict >= 0 && verdict < VERDICT_COUNT ? verdict : VERDICT_ERROR].paint;
}

/* Signs that our own texts use, in ASCII; all else outside ASCII becomes '?'. */
static void add_ascii(const char *string, size_t length, struct text *out)
{
	static const struct {
		const char *sign, *ascii;
	} words[] = {{"µ", "u"}, {"…", ".."}, {"–", "-"}, {"—", "-"}, {"→", "->"}, {"·", "-"}, {"≥", ">="}, {"≤", "<="}, {"’", "'"}};

	for (size_t i = 0; i < length;) {
		size_t k = 0;

		if ((unsigned char)string[i] < 0x80) {
			text_add_char(out, string[i++]);
			continue;
		}
		while (k < COUNT_OF(words) && !(length - i >= strlen(words[k].sign) && str_starts(string + i, words[k].sign)))
			k++;
		if (k < COUNT_OF(words)) {
			text_add(out, words[k].ascii);
			i += strlen(words[k].sign);
			continue;
		}
		text_add_char(out, '?');
		for (i++; i < length && ((unsigned char)string[i] & 0xc0) == 0x80; i++)
			;
	}
}

void style_add_bytes(const struct style *style, const char *bytes, size_t length, struct text *out)
{
	_cleanup_text_ struct text visible = {0};

	text_add_visible(&visible, bytes, length);
	if (style->unicode)
		text_add_bytes(out, text_str(&visible), visible.length);
	else
		add_ascii(text_str(&visible), visible.length, out);
}

void style_add(const struct style *style, const char *string, struct text *out)
{
	style_add_bytes(style, string, strlen(string), out);
}

size_t style_width(const struct style *style, const char *string)
{
	_cleanup_text_ struct text shown = {0};

	style_add(style, string, &shown);
	return text_width(text_str(&shown), shown.length);
}

/* Bytes of the longest prefix that takes at most `columns` cells. */
static size_t prefix_that_fits(const char *string, size_t length, size_t columns)
{
	size_t end = 0, width = 0;

	while (end < length) {
		size_t next = end + 1;

		while (next < length && ((unsigned char)string[next] & 0xc0) == 0x80)
			next++;
		width += text_width(string + end, next - end);
		if (width > columns)
			break;
		end = next;
	}
	return end;
}

void style_add_cut(const struct style *style, const char *string, size_t columns, struct text *out)
{
	_cleanup_text_ struct text shown = {0};
	const char *ellipsis = style_sign(style, SIGN_ELLIPSIS);
	size_t room = text_width(ellipsis, strlen(ellipsis));

	style_add(style, string, &shown);
	if (text_width(text_str(&shown), shown.length) <= columns) {
		text_add_bytes(out, text_str(&shown), shown.length);
		return;
	}
	if (columns < room)
		return;
	text_add_bytes(out, text_str(&shown), prefix_that_fits(text_str(&shown), shown.length, columns - room));
	text_add(out, ellipsis);
}

void style_add_wrapped(const struct style *style, const char *string, size_t indent, struct text *out)
{
	size_t room = style->columns > indent + 20 ? style->columns - indent : 20;

	for (bool first = true; *string; first = false) {
		const char *line_end = strchrnul(string, '\n');
		_cleanup_text_ struct text shown = {0};

		style_add_bytes(style, string, (size_t)(line_end - string), &shown);
		string = *line_end ? line_end + 1 : line_end;

		const char *rest = text_str(&shown);
		do {
			size_t left = strlen(rest), take = prefix_that_fits(rest, left, room);

			if (take < left) {
				size_t space = take;

				while (space > 0 && rest[space] != ' ')
					space--;
				take = space ? space : take ? take : left;
			}
			if (!first) {
				text_add_char(out, '\n');
				style_add_spaces(indent, out);
			}
			text_add_bytes(out, rest, take);
			rest += take;
			while (*rest == ' ')
				rest++;
			first = false;
		} while (*rest);
	}
}

void style_add_spaces(size_t count, struct text *out)
{
	while (count-- > 0)
		text_add_char(out, ' ');
}

void style_add_rule(const struct style *style, size_t cells, struct text *out)
{
	while (cells-- > 0)
		text_add(out, style_sign(style, SIGN_RULE));
}

void style_add_span(const struct style *style, int64_t span, struct text *out)
{
	_cleanup_text_ struct text words = {0};

	clock_add_span(&words, span);
	style_add(style, text_str(&words), out);
}
