/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program wrote, as a report shows it. */
#include "lab/report/tail.h"

#include <inttypes.h>
#include <string.h>

#define TAB_CELLS 8
#define LINE_MAX_BYTES 4096

/* Bytes of the escape sequence at `s` (ECMA-48 5.4: CSI, parameters, intermediates, final), or 0. */
static size_t sequence_length(const char *s, size_t left)
{
	size_t i = 2;

	if (left < 3 || s[0] != 0x1b || s[1] != '[')
		return 0;
	while (i < left && s[i] >= 0x20 && s[i] < 0x40)
		i++;
	return i < left && s[i] >= 0x40 && s[i] < 0x7f ? i + 1 : 0;
}

void program_line_add(const struct style *style, const char *line, size_t length, size_t columns, struct text *out)
{
	_cleanup_text_ struct text clean = {0};

	if (length > LINE_MAX_BYTES)
		length = LINE_MAX_BYTES;
	while (length && line[length - 1] == '\r')
		length--;
	for (size_t i = 0; i < length;) {
		size_t skip = sequence_length(line + i, length - i);

		if (skip) {
			i += skip;
			continue;
		}
		if (line[i] == '\t') {
			do
				text_add_char(&clean, ' ');
			while (text_width(text_str(&clean), clean.length) % TAB_CELLS);
		} else if (line[i] == '\0') {
			text_add(&clean, "\\x00");
		} else {
			text_add_char(&clean, line[i]);
		}
		i++;
	}
	style_add_cut(style, text_str(&clean), columns, out);
}

void tail_add(const struct style *style, const struct step_record *step, size_t lines, size_t indent, struct text *out)
{
	const char *start = text_str(&step->output), *end = start + step->output.length, *at;
	size_t count = 0;
	bool whole = step->output_length == step->output.length;

	if (end > start && end[-1] == '\n')
		end--;
	for (at = end; at > start; at--)
		if (at[-1] == '\n' && ++count == lines)
			break;
	style_add_spaces(indent, out);
	style_paint(style, PAINT_DIM, out);
	text_addf(out, "%s of step %" PRId64 ", ", at > start || !whole ? "the end of the output" : "the output", step->begin.step + 1);
	style_add_cut(style, *step->begin.title ? step->begin.title : step->begin.verb, style->columns - indent - 34, out);
	style_plain(style, out);
	text_add_char(out, '\n');
	while (at < end || at == start) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));

		if (!line_end)
			line_end = end;
		style_add_spaces(indent, out);
		style_paint(style, PAINT_DIM, out);
		text_addf(out, "%s ", style_sign(style, SIGN_BAR));
		style_plain(style, out);
		program_line_add(style, at, (size_t)(line_end - at), style->columns - indent - 2, out);
		text_add_char(out, '\n');
		at = line_end + 1;
	}
}
