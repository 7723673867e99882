/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The GitHub form: workflow commands that put failures beside the lines of a pull request. */
#include <inttypes.h>

#include "lab/report/markup.h"
#include "lab/report/record.h"
#include "lab/report/reporters.h"

/* All of it is written at the end, so that it does not stand between the lines of the terminal form. */
struct github {
	struct text commands;
};

static void add_command(const char *command, const char *file, int64_t line, const char *title, const char *message, struct text *out)
{
	text_addf(out, "::%s file=", command);
	markup_add_workflow(file, true, out);
	if (line > 0)
		text_addf(out, ",line=%" PRId64, line);
	text_add(out, ",title=");
	markup_add_workflow(title, true, out);
	text_add(out, "::");
	markup_add_workflow(message, false, out);
	text_add_char(out, '\n');
}

/* What differs, in a few lines: an annotation is small. */
static void add_expect(const struct event_expect *expect, struct text *message)
{
	text_addf(message, "expected: %s\nseen: %s\n", expect->expected, expect->seen);
	for (size_t i = 0; i < expect->field_count; i++) {
		const struct expect_field *field = &expect->fields[i];

		if (field->held || str_eq(field->name, "count"))
			continue;
		text_addf(message, "%s: expected %s, seen %s", field->name, field->expected, field->seen);
		if (field->packet > 0)
			text_addf(message, " (packet %" PRId64 ")", field->packet);
		text_add_char(message, '\n');
	}
}

static void add_again(const struct case_record *record, struct text *message)
{
	if (*record->begin.rerun)
		text_addf(message, "run it again: %s", record->begin.rerun);
}

static bool went_wrong(const struct step_record *step)
{
	return step->ended && (step->end.verdict == VERDICT_FAIL || step->end.verdict == VERDICT_ERROR);
}

/* An annotation a failed step or expectation; one for the case where there is none. */
static void tell_case(const struct case_record *record, struct text *out)
{
	const struct attempt_record *attempt = case_told_attempt(record);
	_cleanup_text_ struct text title = {0};
	bool any = false;

	if (record->end.verdict != VERDICT_FAIL)
		text_addf(&title, "%s: ", verdict_name((enum verdict)record->end.verdict));
	case_add_title(record, &title);
	for (size_t i = 0; i < attempt->steps.count; i++) {
		const struct step_record *step = &attempt->steps.items[i];
		const struct event_expect *expect = attempt_step_expect(attempt, step->begin.step);
		_cleanup_text_ struct text message = {0};

		if (!expect && !went_wrong(step))
			continue;
		any = true;
		if (expect)
			add_expect(expect, &message);
		else
			text_addf(&message, "%s: %s\n", step->begin.title, step->end.message);
		add_again(record, &message);
		add_command("error", expect && *expect->file ? expect->file : record->begin.file, expect ? expect->line : step->begin.line,
			    text_str(&title), text_str(&message), out);
	}
	if (!any) {
		_cleanup_text_ struct text message = {0};

		text_addf(&message, "%s\n", record->end.reason);
		add_again(record, &message);
		add_command("error", record->begin.file, record->begin.line, text_str(&title), text_str(&message), out);
	}
}

static void github_emit(struct reporter *reporter, const struct event *event, struct text *out)
{
	struct github *github = reporter->state;
	const struct case_record *record = run_record_case(reporter->run, event->case_index);

	if (event->type == EVENT_RUN_END)
		text_add(out, text_str(&github->commands));
	if (event->type != EVENT_CASE_END || !record)
		return;
	for (size_t i = 0; i < record->now.notes.count; i++) {
		_cleanup_text_ struct text title = {0};
		const struct note_record *note = &record->now.notes.items[i];

		if (note->severity < 1)
			continue;
		case_add_title(record, &title);
		add_command(note->severity > 1 ? "error" : "warning", record->begin.file, record->begin.line, text_str(&title), note->text,
			    &github->commands);
	}
	if (record->end.verdict == VERDICT_FAIL || record->end.verdict == VERDICT_ERROR || record->end.verdict == VERDICT_FLAKY)
		tell_case(record, &github->commands);
}

static void github_close(struct reporter *reporter, struct text *out)
{
	struct github *github = reporter->state;

	(void)out;
	text_free(&github->commands);
}

const struct reporter_type reporter_github = {
	.name = "github",
	.summary = "annotations for GitHub Actions, at the lines that failed",
	.beside = true,
	.state_size = sizeof(struct github),
	.emit = github_emit,
	.close = github_close,
};
