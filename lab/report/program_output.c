/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs' output as they write it (-s), a line at a time. */
#include "lab/report/program_output.h"

#include <inttypes.h>
#include <string.h>

#include "lab/report/tail.h"

#define NAME_CELLS 24
#define PIECE_MAX 65536 /* a line longer than that is shown in pieces */

static struct program_line *find_line(struct program_output *output, int64_t case_index, int64_t step, int64_t stream)
{
	for (size_t i = 0; i < output->count; i++) {
		struct program_line *line = &output->items[i];

		if (line->case_index == case_index && line->step == step && line->stream == stream)
			return line;
	}
	return array_push(output, (struct program_line){.case_index = case_index, .step = step, .stream = stream});
}

/* "Ping across a router · nc -l 80 │ text" */
static void add_line(const struct style *style, const struct case_record *record, const struct program_line *line, size_t length,
		     bool name_case, struct text *out)
{
	const struct step_record *step = attempt_step(&record->now, line->step);
	size_t name_cells = style->columns / 4 < NAME_CELLS ? style->columns / 4 : NAME_CELLS;
	size_t from = out->length, used;

	style_add_spaces(2, out);
	style_paint(style, PAINT_DIM, out);
	if (name_case) {
		_cleanup_text_ struct text title = {0};

		case_add_title(record, &title);
		style_add_cut(style, text_str(&title), name_cells, out);
		text_addf(out, " %s ", style_sign(style, SIGN_DOT));
	}
	style_add_cut(style, step ? *step->begin.title ? step->begin.title : step->begin.verb : "?", name_cells, out);
	text_addf(out, " %s ", style_sign(style, SIGN_BAR));
	style_plain(style, out);
	used = text_width(out->data + from, out->length - from);
	program_line_add(style, text_str(&line->text), length, style->columns > used + 20 ? style->columns - used : 20, out);
	text_add_char(out, '\n');
}

void program_output_take(struct program_output *output, const struct style *style, const struct case_record *record,
			 const struct event_output *event, bool name_case, struct text *out)
{
	struct program_line *line = find_line(output, record->index, event->step, event->stream);
	char *end;

	text_add_bytes(&line->text, event->data, event->data_length);
	while ((end = memchr(text_str(&line->text), '\n', line->text.length)) || line->text.length > PIECE_MAX) {
		size_t length = end ? (size_t)(end - line->text.data) : PIECE_MAX, taken = length + (end ? 1 : 0);

		add_line(style, record, line, length, name_case, out);
		line->text.length -= taken;
		memmove(line->text.data, line->text.data + taken, line->text.length + 1);
	}
}

void program_output_end(struct program_output *output, const struct style *style, const struct case_record *record, bool name_case,
			struct text *out)
{
	for (size_t i = 0; i < output->count;) {
		struct program_line *line = &output->items[i];

		if (line->case_index != record->index) {
			i++;
			continue;
		}
		if (line->text.length)
			add_line(style, record, line, line->text.length, name_case, out);
		text_free(&line->text);
		*line = output->items[--output->count];
	}
}

void program_output_free(struct program_output *output)
{
	for (size_t i = 0; i < output->count; i++)
		text_free(&output->items[i].text);
	array_free(output);
}
