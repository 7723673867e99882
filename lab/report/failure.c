/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A failure as a person reads it: where, expected and seen, fields, packets near, program output, how to run it again. */
#include "lab/report/failure.h"

#include <inttypes.h>
#include <string.h>

#include "lab/report/compare.h"
#include "lab/report/quote.h"
#include "lab/report/tail.h"

#define FAILURES_MAX 8  /* of one case; the first ones tell most */
#define LABEL_CELLS 10
#define PLACE_CELLS 28
#define OUTPUT_LINES 12 /* of the step that failed */
#define OTHER_LINES 5   /* of the other programs */

static void add_label(const struct style *style, const char *label, size_t indent, struct text *out)
{
	style_add_spaces(indent, out);
	style_paint(style, PAINT_DIM, out);
	text_addf(out, "%-*s", LABEL_CELLS, label);
	style_plain(style, out);
}

static void add_labelled(const struct style *style, const char *label, const char *words, size_t indent, struct text *out)
{
	if (!*words)
		return;
	add_label(style, label, indent, out);
	style_add_wrapped(style, words, indent + LABEL_CELLS, out);
	text_add_char(out, '\n');
}

/* "pierce.nslab.yaml:47  step 3: the title", then the lines there. */
static void add_place(const struct style *style, const char *file, int64_t line, const struct step_record *step, size_t indent,
		      struct text *out)
{
	size_t from = out->length, used;

	style_add_spaces(indent, out);
	style_paint(style, PAINT_BOLD, out);
	style_add(style, file, out);
	if (line > 0)
		text_addf(out, ":%" PRId64, line);
	style_plain(style, out);
	if (step) {
		text_addf(out, "  step %" PRId64, step->begin.step + 1);
		if (*step->begin.verb)
			text_add(out, ", ");
		style_add(style, step->begin.verb, out);
		if (*step->begin.title && strcmp(step->begin.title, step->begin.verb) != 0) {
			text_add(out, ": ");
			used = text_width(out->data + from, out->length - from);
			if (used + 12 > style->columns) { /* no room for it here */
				text_add_char(out, '\n');
				style_add_spaces(indent + 2, out);
				used = indent + 2;
			}
			style_add_cut(style, step->begin.title, style->columns - used, out);
		}
	}
	text_add_char(out, '\n');
	quote_add(style, file, line, indent, out);
	text_add_char(out, '\n');
}

void offset_add(int64_t offset, struct text *out)
{
	uint64_t us = (uint64_t)(offset < 0 ? -offset : offset) / 1000;

	text_addf(out, "%s%" PRIu64 ".%03" PRIu64 " ms", offset < 0 ? "-" : "+", us / 1000, us % 1000);
}

void packet_line_add(const struct style *style, const struct packet_line *line, size_t place_cells, size_t indent, struct text *out)
{
	_cleanup_text_ struct text offset = {0};
	size_t from = out->length, used;

	offset_add(line->offset, &offset);
	style_add_spaces(indent, out);
	style_paint(style, line->paint, out);
	text_addf(out, "%s %4" PRId64, line->sign, line->number);
	style_plain(style, out);
	style_paint(style, PAINT_DIM, out);
	text_addf(out, "  %12s  ", text_str(&offset));
	style_plain(style, out);
	used = text_width(out->data + from, out->length - from);
	style_add_cut(style, line->place, place_cells, out);
	text_pad(out, used + place_cells + 2, from);
	used += place_cells + 2;
	style_add_cut(style, line->summary, style->columns > used ? style->columns - used : 0, out);
	text_add_char(out, '\n');
}

static void add_packets(const struct style *style, const struct case_record *record, const struct event_expect *expect, size_t indent,
			struct text *out)
{
	size_t place_cells = 0;

	for (size_t i = 0; i < expect->packet_count; i++) {
		size_t cells = style_width(style, expect->packets[i].place);

		place_cells = cells <= place_cells ? place_cells : cells > PLACE_CELLS ? PLACE_CELLS : cells;
	}
	text_add_char(out, '\n');
	if (!expect->packet_count) {
		add_label(style, "packets", indent, out);
		text_add(out, "none came near");
		if (expect->closed > expect->opened && expect->opened > 0) {
			text_add(out, " in the ");
			style_add_span(style, expect->closed - expect->opened, out);
			text_add(out, " the window was open");
		}
		if (record->end.packets > 0)
			text_addf(out, "; %" PRId64 " on the whole tape", record->end.packets);
		text_add_char(out, '\n');
		return;
	}
	style_add_spaces(indent, out);
	style_paint(style, PAINT_DIM, out);
	text_add(out, "packets near, by time since the window opened\n");
	style_plain(style, out);
	for (size_t i = 0; i < expect->packet_count; i++) {
		const struct expect_packet *packet = &expect->packets[i];
		enum sign sign = packet->matched ? SIGN_CHECK : packet->selected ? SIGN_CROSS : SIGN_DOT;

		packet_line_add(style,
				&(struct packet_line){
					.sign = style_sign(style, sign),
					.paint = packet->matched ? PAINT_GREEN : packet->selected ? PAINT_RED : PAINT_DIM,
					.number = packet->packet,
					.offset = packet->after,
					.place = packet->place,
					.summary = packet->summary,
				},
				place_cells, indent, out);
	}
}

static void add_expect(const struct style *style, const struct case_record *record, const struct event_expect *expect,
		       const struct step_record *step, size_t indent, struct text *out)
{
	_cleanup_text_ struct text table = {0};

	add_place(style, *expect->file ? expect->file : record->begin.file, expect->line, step, indent, out);
	add_labelled(style, "expected", expect->expected, indent, out);
	add_labelled(style, "seen", expect->seen, indent, out);
	if (compare_add(style, expect->fields, expect->field_count, indent, &table)) {
		text_add_char(out, '\n');
		text_add(out, text_str(&table));
	}
	add_packets(style, record, expect, indent, out);
}

static void add_step(const struct style *style, const struct case_record *record, const struct step_record *step, size_t indent,
		     struct text *out)
{
	const char *name = step->end.errno_value > 0 ? strerrorname_np((int)step->end.errno_value) : NULL;

	add_place(style, record->begin.file, step->begin.line, step, indent, out);
	add_labelled(style, step->end.verdict == VERDICT_ERROR ? "error" : "failed", step->end.message, indent, out);
	if (*step->end.call || step->end.errno_value) {
		add_label(style, "call", indent, out);
		style_add(style, step->end.call, out);
		if (step->end.errno_value)
			text_addf(out, "%s%s (%s)", *step->end.call ? ": " : "", name ? name : "error",
				  strerrordesc_np((int)step->end.errno_value) ? strerrordesc_np((int)step->end.errno_value) : "unknown");
		text_add_char(out, '\n');
	}
	if (*step->begin.node)
		add_labelled(style, "node", step->begin.node, indent, out);
}

/* What programs wrote: of the failed step first, then of the others. */
static void add_outputs(const struct style *style, const struct attempt_record *attempt, size_t indent, struct text *out)
{
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < attempt->steps.count; i++) {
			const struct step_record *step = &attempt->steps.items[i];
			bool failed = step->ended && step->end.verdict != VERDICT_PASS && step->end.verdict != VERDICT_SKIP;

			if (failed != (pass == 0) || !step->output.length)
				continue;
			text_add_char(out, '\n');
			tail_add(style, step, failed ? OUTPUT_LINES : OTHER_LINES, indent, out);
		}
	}
}

static void add_notes(const struct style *style, const struct attempt_record *attempt, size_t indent, struct text *out)
{
	static const char *const labels[] = {"note", "warning", "error"};
	bool any = false;

	for (size_t i = 0; i < attempt->notes.count; i++) {
		const struct note_record *note = &attempt->notes.items[i];

		if (!any)
			text_add_char(out, '\n');
		any = true;
		add_labelled(style, labels[note->severity >= 0 && note->severity < 3 ? note->severity : 2], note->text, indent, out);
	}
}

static bool went_wrong(const struct step_record *step)
{
	return step->ended && (step->end.verdict == VERDICT_FAIL || step->end.verdict == VERDICT_ERROR);
}

/* The failed steps and expectations in order. Returns how many there were. */
static size_t add_failed_steps(const struct style *style, const struct case_record *record, const struct attempt_record *attempt,
			       size_t indent, struct text *out)
{
	size_t count = 0;

	for (size_t i = 0; i < attempt->steps.count; i++) {
		const struct step_record *step = &attempt->steps.items[i];
		const struct event_expect *expect = attempt_step_expect(attempt, step->begin.step);

		if (!expect && !went_wrong(step))
			continue;
		if (count++ >= FAILURES_MAX)
			continue;
		if (count > 1)
			text_add_char(out, '\n');
		if (expect)
			add_expect(style, record, expect, step, indent, out);
		else
			add_step(style, record, step, indent, out);
	}
	if (count > FAILURES_MAX) {
		text_add_char(out, '\n');
		style_add_spaces(indent, out);
		text_addf(out, "and %zu more of this case\n", count - FAILURES_MAX);
	}
	return count;
}

void failure_add(const struct style *style, const struct case_record *record, size_t indent, struct text *out)
{
	const struct attempt_record *attempt = case_told_attempt(record);
	size_t from = out->length;
	size_t count = add_failed_steps(style, record, attempt, indent, out);

	if (!count && record->end.verdict != VERDICT_XFAIL)
		add_place(style, record->begin.file, record->begin.line, NULL, indent, out);
	if (count && record->end.verdict != VERDICT_FAIL)
		text_add_char(out, '\n');
	if (!count || record->end.verdict != VERDICT_FAIL)
		add_labelled(style, verdict_name((enum verdict)record->end.verdict), record->end.reason, indent, out);
	if (record->end.lost > 0) {
		add_label(style, "lost", indent, out);
		text_addf(out, "%" PRId64 " packets by the observer: no verdict rests on this tape\n", record->end.lost);
	}
	add_outputs(style, attempt, indent, out);
	add_notes(style, attempt, indent, out);
	if (out->length > from)
		text_add_char(out, '\n');
	if (*record->begin.rerun) {
		/* Never broken into lines: it is there to be copied. */
		add_label(style, "again", indent, out);
		style_add(style, record->begin.rerun, out);
		text_add_char(out, '\n');
	}
	add_labelled(style, "capture", record->end.artifacts, indent, out);
}
