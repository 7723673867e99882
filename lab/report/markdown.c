/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Markdown form: a summary page of the run, for $GITHUB_STEP_SUMMARY and the like. */
#include <inttypes.h>
#include <string.h>

#include "lab/report/failure.h"
#include "lab/report/markup.h"
#include "lab/report/record.h"
#include "lab/report/reporters.h"
#include "lab/report/style.h"
#include "lab/report/summary.h"

#define SIZE_MAX_BYTES (900u << 10) /* a step summary may have 1 MiB */

static const struct style plain_style = {.colour = false, .unicode = true, .columns = 100};

static bool is_bad(int64_t verdict)
{
	return verdict == VERDICT_FAIL || verdict == VERDICT_ERROR || verdict == VERDICT_FLAKY;
}

static const struct case_record *ended_case(const struct run_record *run, size_t index)
{
	const struct case_record *record = run->cases.items[index];

	return record && record->ended ? record : NULL;
}

static void add_row(const struct case_record *record, struct text *out)
{
	_cleanup_text_ struct text title = {0}, why = {0};

	case_add_title(record, &title);
	if (is_bad(record->end.verdict))
		case_failure_line(record, &why);
	else
		text_add(&why, record->end.reason);
	text_addf(out, "| %s %s | ", style_verdict_sign(&plain_style, record->end.verdict), verdict_name((enum verdict)record->end.verdict));
	markup_add_markdown(text_str(&title), out);
	text_add(out, " | ");
	if (record->end.verdict != VERDICT_SKIP)
		style_add_span(&plain_style, record->end.took, out);
	text_add(out, " | ");
	markup_add_markdown(text_str(&why), out);
	text_add(out, " |\n");
}

static void add_table(const struct run_record *run, bool passed, struct text *out)
{
	text_add(out, "| verdict | case | time | why |\n|:---|:---|---:|:---|\n");
	for (size_t i = 0; i < run->cases.count; i++) {
		const struct case_record *record = ended_case(run, i);

		if (record && (record->end.verdict == VERDICT_PASS) == passed)
			add_row(record, out);
	}
	text_add_char(out, '\n');
}

/* A fence longer than any row of backticks inside (CommonMark 4.5). */
static void add_fenced(const char *words, struct text *out)
{
	size_t longest = 2, run = 0;

	for (const char *c = words; *c; c++) {
		run = *c == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i <= longest; i++)
			text_add_char(out, '`');
		text_add(out, pass ? "\n" : "text\n");
		if (!pass)
			text_add(out, words);
	}
}

static void add_details(const struct case_record *record, struct text *out)
{
	_cleanup_text_ struct text title = {0}, block = {0};

	case_add_title(record, &title);
	failure_add(&plain_style, record, 0, &block);
	text_addf(out, "<details open>\n<summary>%s %s: ", style_verdict_sign(&plain_style, record->end.verdict),
		  verdict_name((enum verdict)record->end.verdict));
	markup_add_xml(text_str(&title), title.length, true, out);
	text_add(out, "</summary>\n\n");
	add_fenced(text_str(&block), out);
	text_add(out, "\n</details>\n\n");
}

static void add_bad(const struct run_record *run, struct text *out)
{
	size_t left_out = 0;

	for (size_t i = 0; i < run->cases.count; i++) {
		const struct case_record *record = ended_case(run, i);
		_cleanup_text_ struct text details = {0};

		if (!record || !is_bad(record->end.verdict))
			continue;
		add_details(record, &details);
		if (out->length + details.length > SIZE_MAX_BYTES)
			left_out++;
		else
			text_add(out, text_str(&details));
	}
	if (left_out)
		text_addf(out, "The details of %zu more would make this page too long.\n\n", left_out);
}

static void markdown_emit(struct reporter *reporter, const struct event *event, struct text *out)
{
	const struct run_record *run = reporter->run;
	_cleanup_text_ struct text page = {0};

	if (event->type != EVENT_RUN_END)
		return;
	text_addf(&page, "## %s ", style_verdict_sign(&plain_style, summary_is_good(run) ? VERDICT_PASS : VERDICT_FAIL));
	markup_add_markdown(run->begin.program, &page);
	text_add(&page, run->end.interrupted ? ": interrupted, " : ": ");
	summary_add_counts(run, &page);
	text_add(&page, " in ");
	style_add_span(&plain_style, run->end.took, &page);
	text_add(&page, "\n\n");
	if (run->end.failed || run->end.errors || run->end.flaky || run->end.skipped || run->end.xfailed)
		add_table(run, false, &page);
	add_bad(run, &page);
	if (run->end.passed > 0) {
		text_addf(&page, "<details>\n<summary>%" PRId64 " passed</summary>\n\n", run->end.passed);
		add_table(run, true, &page);
		text_add(&page, "</details>\n");
	}
	text_add(out, text_str(&page));
}

const struct reporter_type reporter_markdown = {
	.name = "markdown",
	.summary = "a summary page, for $GITHUB_STEP_SUMMARY",
	.emit = markdown_emit,
};
