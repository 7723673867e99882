/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A failure as a person reads it: where, expected and seen, fields, packets near, program output, how to run it again. */
#include "lab/report/failure.h"

#include <inttypes.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/report/compare.h"
#include "lab/report/quote.h"
#include "lab/report/tail.h"

#define FAILURES_MAX 8  /* of one case; the first ones tell most */
#define LABEL_CELLS 10
#define DAY (INT64_C(86400) * NS_PER_S) /* a window longer than that never had an end */
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

/* "pierce.nslab.yaml:47  step 3, send: the title", then the lines there. `title` may be NULL. */
static void add_place(const struct style *style, const char *file, int64_t line, const struct step_record *step, const char *title,
		      size_t indent, struct text *out)
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
		if (title && *title) {
			text_add(out, ": ");
			used = text_width(out->data + from, out->length - from);
			if (used + 12 > style->columns) { /* no room for it here */
				text_add_char(out, '\n');
				style_add_spaces(indent + 2, out);
				used = indent + 2;
			}
			style_add_cut(style, title, style->columns - used, out);
		}
	}
	text_add_char(out, '\n');
	if (step) /* else it is the scenario's first line, which says nothing here */
		quote_source(style, file, line, indent, out);
	text_add_char(out, '\n');
}

static void add_packets(const struct style *style, const struct case_record *record, const struct event_expect *expect, size_t indent,
			struct text *out)
{
	struct packet_columns columns = {0};

	if (!expect->packet_count && expect->opened == expect->closed)
		return;
	text_add_char(out, '\n');
	if (!expect->packet_count) {
		_cleanup_text_ struct text words = {0};

		text_add(&words, "none came near");
		if (expect->closed > expect->opened && expect->closed - expect->opened < DAY) {
			text_add(&words, " in the ");
			clock_add_span(&words, expect->closed - expect->opened);
			text_add(&words, " the window was open");
		}
		if (record->end.packets > 0)
			text_addf(&words, "; %" PRId64 " on the whole tape", record->end.packets);
		add_labelled(style, "packets", text_str(&words), indent, out);
		return;
	}
	style_add_spaces(indent, out);
	style_paint(style, PAINT_DIM, out);
	text_add(out, "packets near, and how long after the window opened");
	style_plain(style, out);
	text_add_char(out, '\n');
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < expect->packet_count; i++) {
			const struct expect_packet *packet = &expect->packets[i];
			enum sign sign = packet->matched ? SIGN_CHECK : packet->selected ? SIGN_CROSS : SIGN_DOT;
			struct packet_line line = {
				.sign = style_sign(style, sign),
				.paint = packet->matched ? PAINT_GREEN : packet->selected ? PAINT_RED : PAINT_DIM,
				.number = packet->packet,
				.offset = packet->after,
				.place = packet->place,
				.summary = packet->summary,
			};

			if (pass == 0)
				packet_line_measure(style, &line, &columns);
			else
				packet_line_add(style, &line, &columns, indent, out);
		}
	}
}

/* What was seen, without the "saw" that the label says already. */
static const char *without_saw(const char *words)
{
	return str_starts(words, "saw ") ? words + strlen("saw ") : words;
}

static void add_expect(const struct style *style, const struct case_record *record, const struct event_expect *expect,
		       const struct step_record *step, size_t indent, struct text *out)
{
	_cleanup_text_ struct text table = {0};

	/* An expectation without a name is titled by what it expects, which stands below. */
	add_place(style, *expect->file ? expect->file : record->begin.file, expect->line, step,
		  str_eq(step_title(step), expect->expected) ? NULL : step_title(step), indent, out);
	add_labelled(style, "expected", expect->expected, indent, out);
	add_labelled(style, "seen", without_saw(expect->seen), indent, out);
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

	add_place(style, record->begin.file, step->begin.line, step, step_title(step), indent, out);
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

/* What was said of the case, beside its steps: why the verdict is what it is, losses, notes. */
static void add_remarks(const struct style *style, const struct case_record *record, const struct attempt_record *attempt, bool reason,
			size_t indent, struct text *out)
{
	static const char *const labels[] = {"note", "warning", "error"};

	if (reason)
		add_labelled(style, verdict_name((enum verdict)record->end.verdict), record->end.reason, indent, out);
	if (record->end.lost > 0) {
		_cleanup_text_ struct text words = {0};

		text_addf(&words, "%" PRId64 " packets by the observer: no verdict rests on this tape", record->end.lost);
		add_labelled(style, "lost", text_str(&words), indent, out);
	}
	for (size_t i = 0; i < attempt->notes.count; i++) {
		const struct note_record *note = &attempt->notes.items[i];

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

/* Whether the reason of the case says what one of its steps said already. */
static bool is_told(const struct attempt_record *attempt, const char *reason)
{
	for (size_t i = 0; i < attempt->steps.count; i++) {
		const struct step_record *step = &attempt->steps.items[i];

		if (went_wrong(step) && *step->end.message && strstr(reason, step->end.message))
			return true;
	}
	for (size_t i = 0; i < attempt->expects.count; i++) {
		const struct event_expect *expect = &attempt->expects.items[i];

		if (expect->verdict != VERDICT_PASS && *expect->seen && strstr(reason, expect->seen))
			return true;
	}
	return false;
}

void failure_add(const struct style *style, const struct case_record *record, size_t indent, struct text *out)
{
	const struct attempt_record *attempt = case_told_attempt(record);
	_cleanup_text_ struct text remarks = {0};
	size_t from = out->length, count = add_failed_steps(style, record, attempt, indent, out);
	bool reason = !count || (record->end.verdict != VERDICT_FAIL && !is_told(attempt, record->end.reason));

	if (!count)
		add_place(style, record->begin.file, record->begin.line, NULL, NULL, indent, out);
	add_remarks(style, record, attempt, reason, indent, &remarks);
	if (remarks.length && count)
		text_add_char(out, '\n');
	text_add(out, text_str(&remarks));
	add_outputs(style, attempt, indent, out);
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
