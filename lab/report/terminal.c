/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal form: what a person reads while a run is on, and after it. */
#include <inttypes.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/report/failure.h"
#include "lab/report/program_output.h"
#include "lab/report/record.h"
#include "lab/report/reporters.h"
#include "lab/report/style.h"
#include "lab/report/summary.h"
#include "lab/report/timeline.h"

/*
 * Theory of operation
 *
 * A case is told when it is over, in one piece, so that parallel cases do not
 * mix: its line, and below it what went wrong. The last line of a terminal is
 * the status line: it says what runs now. Whoever prints erases it first and
 * draws it again after, in the same write, so that nothing flickers; it never
 * fills its line, so that nothing scrolls.
 */
#define LINE_CELLS_MAX 100          /* verdicts and times further right are hard to follow */
#define INDENT 4
#define DRAW_EVERY (50 * NS_PER_MS) /* the status line, at most so often */

struct terminal {
	bool drawn;             /* the status line is on the screen */
	struct text status;     /* and these are its words */
	int64_t drawn_at;
	bool after_block;       /* the last thing printed was a failure with its empty line */
	struct program_output output;
};

static bool is_bad(int64_t verdict)
{
	return verdict != VERDICT_PASS && verdict != VERDICT_SKIP && verdict != VERDICT_XFAIL;
}

static void erase_status(struct terminal *terminal, struct text *out)
{
	if (terminal->drawn)
		text_add(out, "\r\x1b[K");
	terminal->drawn = false;
}

/* "12/400  3 s  1 ✗  Ping across a router · TCP handshake…"; nothing where it says so already. */
static void draw_status(struct reporter *reporter, int64_t now, struct text *out)
{
	struct terminal *terminal = reporter->state;
	struct style style = style_of(&reporter->options);
	const struct run_record *run = reporter->run;
	_cleanup_text_ struct text running = {0}, line = {0};
	size_t done = 0, bad = 0, active = 0;

	for (size_t i = 0; i < run->cases.count; i++) {
		const struct case_record *record = run->cases.items[i];

		if (record && record->ended) {
			done++;
			bad += is_bad(record->end.verdict);
		} else if (record) {
			text_add(&running, active++ ? " · " : "");
			case_add_title(record, &running);
		}
	}
	style_paint(&style, PAINT_DIM, &line);
	text_addf(&line, "%zu/%zu", done, run_record_count(run));
	if (now > run->begun)
		text_addf(&line, "  %" PRId64 " s", (now - run->begun) / NS_PER_S);
	style_plain(&style, &line);
	if (bad) {
		style_paint(&style, PAINT_RED, &line);
		text_addf(&line, "  %zu %s", bad, style_verdict_sign(&style, VERDICT_FAIL));
		style_plain(&style, &line);
	}
	text_add(&line, "  ");
	size_t used = text_width(text_str(&line), line.length);
	style_add_cut(&style, text_str(&running), style.columns > used + 1 ? style.columns - used - 1 : 0, &line);
	terminal->drawn_at = now;
	if (terminal->drawn && str_eq(text_str(&terminal->status), text_str(&line)))
		return;
	erase_status(terminal, out);
	text_add(out, text_str(&line));
	terminal->drawn = true;
	text_free(&terminal->status);
	terminal->status = line;
	line = (struct text){0};
}

/* The title, cut so that the variant stays whole: it alone tells matrix cases apart. */
static void add_title(const struct style *style, const struct case_record *record, size_t cells, struct text *out)
{
	_cleanup_text_ struct text title = {0};
	const char *variant = case_variant(record);
	size_t tail = *variant ? style_width(style, variant) + 1 : 0;

	case_add_title(record, &title);
	if (!tail || tail + 12 > cells || style_width(style, text_str(&title)) <= cells) {
		style_add_cut(style, text_str(&title), cells, out);
		return;
	}
	style_add_cut(style, record->begin.title, cells - tail, out);
	text_add_char(out, ' ');
	style_add(style, variant, out);
}

/* "✗ Pierce a firewall from within                    fail   54.1 ms" */
static void add_case_line(const struct style *style, const struct case_record *record, struct text *out)
{
	int64_t verdict = record->end.verdict;
	size_t edge = style->columns < LINE_CELLS_MAX ? style->columns : LINE_CELLS_MAX, from = out->length;
	_cleanup_text_ struct text right = {0};

	if (verdict != VERDICT_PASS)
		text_addf(&right, "%5s", verdict_name((enum verdict)verdict));
	size_t word_end = right.length;
	if (verdict != VERDICT_SKIP) {
		_cleanup_text_ struct text took = {0};

		style_add_span(style, record->end.took, &took);
		size_t width = text_width(text_str(&took), took.length);
		style_add_spaces(width < 9 ? 9 - width : 1, &right);
		text_add(&right, text_str(&took));
	} else {
		style_add_spaces(9, &right);
	}
	size_t right_width = text_width(text_str(&right), right.length);

	style_paint(style, style_verdict_paint(verdict), out);
	text_add(out, style_verdict_sign(style, verdict));
	style_plain(style, out);
	text_add_char(out, ' ');
	if (is_bad(verdict))
		style_paint(style, PAINT_BOLD, out);
	add_title(style, record, edge - right_width - 4, out);
	if (is_bad(verdict))
		style_plain(style, out);
	text_pad(out, edge - right_width, from);
	style_paint(style, verdict == VERDICT_PASS ? PAINT_DIM : style_verdict_paint(verdict), out);
	text_add_bytes(out, text_str(&right), word_end);
	style_plain(style, out);
	style_paint(style, PAINT_DIM, out);
	text_add(out, text_str(&right) + word_end);
	style_plain(style, out);
	while (out->length > from && out->data[out->length - 1] == ' ')
		out->data[--out->length] = '\0';
	text_add_char(out, '\n');
}

static void add_note(const struct style *style, int64_t severity, const char *words, size_t indent, struct text *out)
{
	const char *label = severity > 1 ? "error: " : severity == 1 ? "warning: " : "note: ";

	style_add_spaces(indent, out);
	style_paint(style, severity > 1 ? PAINT_RED : severity == 1 ? PAINT_YELLOW : PAINT_DIM, out);
	text_add(out, label);
	style_plain(style, out);
	style_add_wrapped(style, words, indent + strlen(label), out);
	text_add_char(out, '\n');
}

/* What a case that is not bad has to say all the same. */
static void add_warnings(const struct style *style, const struct case_record *record, int64_t least, struct text *out)
{
	for (size_t i = 0; i < record->now.notes.count; i++)
		if (record->now.notes.items[i].severity >= least)
			add_note(style, record->now.notes.items[i].severity, record->now.notes.items[i].text, INDENT, out);
}

static void tell_case(struct reporter *reporter, const struct case_record *record, struct text *out)
{
	struct terminal *terminal = reporter->state;
	const struct report_options *options = &reporter->options;
	struct style style = style_of(options);
	bool bad = is_bad(record->end.verdict), verbose = options->verbosity >= REPORT_VERBOSE;

	if (options->verbosity <= REPORT_QUIET && !bad)
		return;
	add_case_line(&style, record, out);
	terminal->after_block = false;
	if (verbose && record->end.verdict != VERDICT_SKIP)
		timeline_add(&style, record, INDENT, out);
	if (bad) {
		text_add_char(out, '\n');
		failure_add(&style, record, INDENT, out);
	} else {
		add_warnings(&style, record, verbose ? 0 : 1, out);
	}
	if (bad || verbose) {
		text_add_char(out, '\n');
		terminal->after_block = true;
	}
}

static void tell_run_begin(struct reporter *reporter, struct text *out)
{
	const struct event_run_begin *begin = &reporter->run->begin;
	struct style style = style_of(&reporter->options);
	const char *dot = style_sign(&style, SIGN_DOT);

	if (reporter->options.verbosity <= REPORT_QUIET || (begin->cases <= 1 && reporter->options.verbosity < REPORT_VERBOSE))
		return;
	style_paint(&style, PAINT_DIM, out);
	style_add(&style, begin->program, out);
	text_addf(out, " %s %" PRId64 " case%s", dot, begin->cases, begin->cases == 1 ? "" : "s");
	if (begin->jobs > 1)
		text_addf(out, " %s %" PRId64 " at once", dot, begin->jobs);
	text_addf(out, " %s seed %" PRIu64 "\n", dot, begin->seed);
	style_plain(&style, out);
	text_add_char(out, '\n');
}

static void tell_run_note(struct reporter *reporter, const struct event_note *note, struct text *out)
{
	struct style style = style_of(&reporter->options);

	if (note->severity > 0 || reporter->options.verbosity >= REPORT_VERBOSE)
		add_note(&style, note->severity, note->text, 0, out);
}

static void terminal_emit(struct reporter *reporter, const struct event *event, struct text *out)
{
	struct terminal *terminal = reporter->state;
	struct style style = style_of(&reporter->options);
	const struct case_record *record = run_record_case(reporter->run, event->case_index);
	bool several = reporter->run->begin.jobs > 1 && run_record_count(reporter->run) > 1;
	_cleanup_text_ struct text words = {0};

	switch (event->type) {
	case EVENT_RUN_BEGIN:
		tell_run_begin(reporter, &words);
		break;
	case EVENT_OUTPUT:
		if (reporter->options.output && record)
			program_output_take(&terminal->output, &style, record, &event->output, several, &words);
		break;
	case EVENT_NOTE:
		if (!record)
			tell_run_note(reporter, &event->note, &words);
		break;
	case EVENT_CASE_END:
		if (record) {
			program_output_end(&terminal->output, &style, record, several, &words);
			tell_case(reporter, record, &words);
		}
		break;
	case EVENT_RUN_END:
		summary_add(&style, reporter->run, &reporter->options, &words);
		if (terminal->after_block && text_str(&words)[0] == '\n') /* one empty line is enough */
			memmove(words.data, words.data + 1, words.length--); /* with the NUL */
		break;
	default:
		break;
	}
	if (words.length) {
		erase_status(terminal, out);
		text_add(out, text_str(&words));
	}
	if (!reporter->options.live)
		return;
	if (event->type == EVENT_RUN_END)
		erase_status(terminal, out);
	else if (words.length || event->stamp - terminal->drawn_at >= DRAW_EVERY)
		draw_status(reporter, event->stamp, out);
}

static void terminal_tick(struct reporter *reporter, int64_t now, struct text *out)
{
	if (reporter->options.live && reporter->run->begun && !reporter->run->ended)
		draw_status(reporter, now, out);
}

static void terminal_close(struct reporter *reporter, struct text *out)
{
	struct terminal *terminal = reporter->state;

	erase_status(terminal, out);
	program_output_free(&terminal->output);
	text_free(&terminal->status);
}

const struct reporter_type reporter_terminal = {
	.name = "terminal",
	.summary = "for people: progress, failures in full, a summary",
	.beside = true,
	.state_size = sizeof(struct terminal),
	.emit = terminal_emit,
	.tick = terminal_tick,
	.close = terminal_close,
};
