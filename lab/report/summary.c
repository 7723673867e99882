/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a run in words: the slowest cases, why cases were skipped, what failed, the counts. */
#include "lab/report/summary.h"

#include <inttypes.h>
#include <string.h>

#include "lab/base/clock.h"

#define RULE_CELLS_MAX 100

static bool is_bad(int64_t verdict)
{
	return verdict == VERDICT_FAIL || verdict == VERDICT_ERROR || verdict == VERDICT_FLAKY;
}

static void add_heading(const struct style *style, const char *words, struct text *out)
{
	text_add_char(out, '\n');
	style_paint(style, PAINT_BOLD, out);
	text_add(out, words);
	style_plain(style, out);
	text_add_char(out, '\n');
}

/* The slowest first; of two alike the earlier case first. */
static void add_durations(const struct style *style, const struct run_record *run, unsigned wanted, struct text *out)
{
	ARRAY(const struct case_record *) slowest = {0};

	for (size_t i = 0; i < run->cases.count; i++) {
		const struct case_record *record = run->cases.items[i];

		if (!record || !record->ended || record->end.verdict == VERDICT_SKIP)
			continue;
		array_push(&slowest, record);
		size_t at = slowest.count - 1;
		while (at > 0 && slowest.items[at - 1]->end.took < record->end.took) {
			slowest.items[at] = slowest.items[at - 1];
			at--;
		}
		slowest.items[at] = record;
		if (slowest.count > wanted)
			slowest.count = wanted;
	}
	if (slowest.count)
		add_heading(style, "slowest", out);
	for (size_t i = 0; i < slowest.count; i++) {
		_cleanup_text_ struct text title = {0}, took = {0};

		style_add_span(style, slowest.items[i]->end.took, &took);
		case_add_title(slowest.items[i], &title);
		size_t from = out->length, width = text_width(text_str(&took), took.length);
		style_add_spaces(width < 10 ? 10 - width : 0, out);
		text_add(out, text_str(&took));
		text_add(out, "  ");
		style_add_cut(style, text_str(&title), style->columns - text_width(out->data + from, out->length - from), out);
		text_add_char(out, '\n');
	}
	array_free(&slowest);
}

/* Cases of one verdict, those with the same reason together; their titles where asked for. */
static void add_reasons(const struct style *style, const struct run_record *run, int64_t verdict, const char *heading, bool titles,
			struct text *out)
{
	bool *told = mem_alloc(run->cases.count * sizeof(*told));
	bool any = false;

	for (size_t i = 0; i < run->cases.count; i++) {
		const struct case_record *first = run->cases.items[i];
		_cleanup_text_ struct text names = {0};
		size_t count = 0;

		if (told[i] || !first || !first->ended || first->end.verdict != verdict)
			continue;
		for (size_t k = i; k < run->cases.count; k++) {
			const struct case_record *other = run->cases.items[k];
			_cleanup_text_ struct text title = {0};

			if (!other || !other->ended || other->end.verdict != verdict || strcmp(other->end.reason, first->end.reason) != 0)
				continue;
			told[k] = true;
			count++;
			case_add_title(other, &title);
			style_add_spaces(8, &names);
			style_add_cut(style, text_str(&title), style->columns - 8, &names);
			text_add_char(&names, '\n');
		}
		if (!any)
			add_heading(style, heading, out);
		any = true;
		text_addf(out, "%4zu  ", count);
		style_add_wrapped(style, *first->end.reason ? first->end.reason : "for no reason given", 6, out);
		text_add_char(out, '\n');
		if (titles) {
			style_paint(style, PAINT_DIM, out);
			text_add(out, text_str(&names));
			style_plain(style, out);
		}
	}
	free(told);
}

static size_t count_bad(const struct run_record *run)
{
	size_t count = 0;

	for (size_t i = 0; i < run->cases.count; i++)
		count += run->cases.items[i] && run->cases.items[i]->ended && is_bad(run->cases.items[i]->end.verdict);
	return count;
}

/* One line a bad case, so that they stand together at the end of a long run. */
static void add_bad(const struct style *style, const struct run_record *run, struct text *out)
{
	bool any = false;

	for (size_t i = 0; i < run->cases.count; i++) {
		const struct case_record *record = run->cases.items[i];
		_cleanup_text_ struct text where = {0}, why = {0};

		if (!record || !record->ended || !is_bad(record->end.verdict))
			continue;
		if (!any)
			add_heading(style, "what went wrong", out);
		any = true;
		case_failure_line(record, &why);
		struct failure_place place = case_failure_place(record);
		text_addf(&where, "%s:%" PRId64 "%s", place.file, place.line, case_variant(record));
		style_paint(style, style_verdict_paint(record->end.verdict), out);
		text_addf(out, "%s %-5s ", style_verdict_sign(style, record->end.verdict), verdict_name((enum verdict)record->end.verdict));
		style_plain(style, out);
		style_add_cut(style, text_str(&where), style->columns - 8, out);
		text_add(out, "\n        ");
		style_paint(style, PAINT_DIM, out);
		style_add_cut(style, text_str(&why), style->columns - 8, out);
		style_plain(style, out);
		text_add_char(out, '\n');
	}
}

bool summary_is_good(const struct run_record *run)
{
	return run->ended && !run->end.interrupted && !run->end.failed && !run->end.errors && !run->end.flaky;
}

void summary_add_counts(const struct run_record *run, struct text *out)
{
	const struct event_run_end *end = &run->end;
	const struct {
		int64_t count;
		const char *one, *many;
	} counts[] = {
		{end->failed, "failed", "failed"},
		{end->errors, "error", "errors"},
		{end->flaky, "flaky", "flaky"},
		{end->xfailed, "failed as expected", "failed as expected"},
		{end->skipped, "skipped", "skipped"},
		{end->not_run, "not run", "not run"},
	};

	text_addf(out, "%" PRId64 " passed", end->passed);
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		if (counts[i].count)
			text_addf(out, ", %" PRId64 " %s", counts[i].count, counts[i].count == 1 ? counts[i].one : counts[i].many);
}

void summary_add(const struct style *style, const struct run_record *run, const struct report_options *options, struct text *out)
{
	_cleanup_text_ struct text counts = {0};
	bool many = run_record_count(run) > 1, good = summary_is_good(run);

	if (options->durations)
		add_durations(style, run, options->durations, out);
	add_reasons(style, run, VERDICT_SKIP, "skipped", options->verbosity > REPORT_NORMAL, out);
	add_reasons(style, run, VERDICT_XFAIL, "expected to fail", options->verbosity > REPORT_NORMAL, out);
	if (many)
		add_bad(style, run, out);
	if (many && options->invocation && count_bad(run) > 1) {
		text_add(out, "\nrun these again with: ");
		style_add(style, options->invocation, out);
		text_add(out, " --last-failed\n");
	}

	text_add_char(out, '\n');
	if (many) {
		style_paint(style, PAINT_DIM, out);
		style_add_rule(style, style->columns < RULE_CELLS_MAX ? style->columns : RULE_CELLS_MAX, out);
		style_plain(style, out);
		text_add_char(out, '\n');
	}
	style_paint(style, good ? PAINT_GREEN_BOLD : PAINT_RED_BOLD, out);
	if (run->end.interrupted)
		text_add(&counts, "interrupted: ");
	summary_add_counts(run, &counts);
	text_add(&counts, " in ");
	clock_add_span(&counts, run->end.took);
	style_add_wrapped(style, text_str(&counts), 0, out);
	style_plain(style, out);
	text_add_char(out, '\n');
}
