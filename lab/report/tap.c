/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TAP form, version 14 of the Test Anything Protocol. */
#include <inttypes.h>
#include <string.h>

#include "lab/report/record.h"
#include "lab/report/reporters.h"

/*
 * Theory of operation
 *
 * Test points are numbered by case index, and a harness wants them in order:
 * a case that ends early waits for those before it. Error and flaky are
 * `not ok`; a case that fails as expected is `not ok … # TODO`, which a harness
 * does not count as a failure. After `-x`, what did not run is told as skipped;
 * after an interrupt the run bails out.
 */
struct tap {
	size_t told; /* cases with a lower index are written */
};

/* A description or a reason: one line, '#' and '\' escaped. */
static void add_escaped(const char *string, struct text *out)
{
	_cleanup_text_ struct text visible = {0};

	for (const char *c = string; *c; c++)
		text_add_char(&visible, *c == '\n' || *c == '\t' ? ' ' : *c);
	_cleanup_text_ struct text clean = {0};
	text_add_visible(&clean, text_str(&visible), visible.length);
	for (const char *c = text_str(&clean); *c; c++) {
		if (*c == '#' || *c == '\\')
			text_add_char(out, '\\');
		text_add_char(out, *c);
	}
}

/* "  name: value", the value as a JSON string, which is YAML too. */
static void add_pair(const char *lead, const char *name, const char *value, struct text *out)
{
	if (!*value)
		return;
	text_addf(out, "%s%s: ", lead, name);
	text_add_json(out, value, strlen(value));
	text_add_char(out, '\n');
}

static void add_fields(const struct event_expect *expect, struct text *out)
{
	if (expect->field_count)
		text_add(out, "      fields:\n");
	for (size_t i = 0; i < expect->field_count; i++) {
		const struct expect_field *field = &expect->fields[i];

		text_add(out, "        - name: ");
		text_add_json(out, field->name, strlen(field->name));
		text_add(out, "\n          expected: ");
		text_add_json(out, field->expected, strlen(field->expected));
		text_add(out, "\n          seen: ");
		text_add_json(out, field->seen, strlen(field->seen));
		text_addf(out, "\n          held: %s\n", field->held ? "true" : "false");
		if (field->packet > 0)
			text_addf(out, "          packet: %" PRId64 "\n", field->packet);
	}
}

static void add_packets(const struct event_expect *expect, struct text *out)
{
	if (expect->packet_count)
		text_add(out, "      packets:\n");
	for (size_t i = 0; i < expect->packet_count; i++) {
		const struct expect_packet *packet = &expect->packets[i];

		text_addf(out, "        - packet: %" PRId64 "\n          after: %" PRId64 "\n", packet->packet, packet->after);
		add_pair("          ", "place", packet->place, out);
		add_pair("          ", "summary", packet->summary, out);
		text_addf(out, "          matched: %s\n", packet->matched ? "true" : "false");
	}
}

static void add_failures(const struct case_record *record, struct text *out)
{
	const struct attempt_record *attempt = case_told_attempt(record);
	bool any = false;

	for (size_t i = 0; i < attempt->steps.count; i++) {
		const struct step_record *step = &attempt->steps.items[i];
		const struct event_expect *expect = attempt_step_expect(attempt, step->begin.step);
		bool failed = step->ended && (step->end.verdict == VERDICT_FAIL || step->end.verdict == VERDICT_ERROR);

		if (!expect && !failed)
			continue;
		if (!any)
			text_add(out, "  failures:\n");
		any = true;
		text_addf(out, "    - step: %" PRId64 "\n", step->begin.step + 1);
		add_pair("      ", "title", step->begin.title, out);
		add_pair("      ", "file", expect && *expect->file ? expect->file : record->begin.file, out);
		text_addf(out, "      line: %" PRId64 "\n", expect ? expect->line : step->begin.line);
		if (expect) {
			add_pair("      ", "expected", expect->expected, out);
			add_pair("      ", "seen", expect->seen, out);
			add_fields(expect, out);
			add_packets(expect, out);
		} else {
			add_pair("      ", "message", step->end.message, out);
			add_pair("      ", "call", step->end.call, out);
			if (step->end.errno_value)
				text_addf(out, "      errno: %" PRId64 "\n", step->end.errno_value);
		}
		if (step->output.length) {
			text_add(out, "      output: ");
			text_add_json(out, text_str(&step->output), step->output.length);
			text_add_char(out, '\n');
		}
	}
}

static void add_diagnostics(const struct case_record *record, struct text *out)
{
	_cleanup_text_ struct text message = {0};

	case_failure_line(record, &message);
	text_add(out, "  ---\n");
	add_pair("  ", "message", text_str(&message), out);
	add_pair("  ", "verdict", verdict_name((enum verdict)record->end.verdict), out);
	add_pair("  ", "reason", record->end.reason, out);
	struct failure_place place = case_failure_place(record);
	add_pair("  ", "file", place.file, out);
	text_addf(out, "  line: %" PRId64 "\n", place.line);
	add_pair("  ", "id", record->begin.id, out);
	add_failures(record, out);
	add_pair("  ", "again", record->begin.rerun, out);
	add_pair("  ", "capture", record->end.artifacts, out);
	text_add(out, "  ...\n");
}

static void add_point(const struct case_record *record, struct text *out)
{
	int64_t verdict = record->end.verdict;
	bool ok = verdict == VERDICT_PASS || verdict == VERDICT_SKIP;
	_cleanup_text_ struct text title = {0};

	case_add_title(record, &title);
	text_addf(out, "%s %" PRId64 " - ", ok ? "ok" : "not ok", record->index + 1);
	add_escaped(text_str(&title), out);
	if (verdict == VERDICT_SKIP || verdict == VERDICT_XFAIL) {
		text_add(out, verdict == VERDICT_SKIP ? " # SKIP" : " # TODO");
		if (*record->end.reason)
			text_add_char(out, ' ');
		add_escaped(record->end.reason, out);
	}
	text_add_char(out, '\n');
	if (!ok && verdict != VERDICT_XFAIL)
		add_diagnostics(record, out);
}

static void tell_ready(struct reporter *reporter, struct text *out)
{
	struct tap *tap = reporter->state;

	for (;; tap->told++) {
		const struct case_record *record = run_record_case(reporter->run, (int64_t)tap->told);

		if (!record || !record->ended)
			return;
		add_point(record, out);
	}
}

/* What is left at the end of the run: cases that ended behind one that did not, and those that never began. */
static void tell_rest(struct reporter *reporter, struct text *out)
{
	struct tap *tap = reporter->state;
	size_t count = run_record_count(reporter->run);

	for (; tap->told < count; tap->told++) {
		const struct case_record *record = run_record_case(reporter->run, (int64_t)tap->told);

		if (record && record->ended)
			add_point(record, out);
		else if (!reporter->run->end.interrupted)
			text_addf(out, "ok %zu # SKIP not run: the run ended at the first failure\n", tap->told + 1);
	}
	if (reporter->run->end.interrupted)
		text_add(out, "Bail out! interrupted\n");
}

static void tap_emit(struct reporter *reporter, const struct event *event, struct text *out)
{
	if (event->type == EVENT_RUN_BEGIN)
		text_addf(out, "TAP version 14\n1..%" PRId64 "\n", event->run_begin.cases);
	else if (event->type == EVENT_CASE_END)
		tell_ready(reporter, out);
	else if (event->type == EVENT_RUN_END)
		tell_rest(reporter, out);
}

const struct reporter_type reporter_tap = {
	.name = "tap",
	.summary = "TAP version 14, for prove(1) and other harnesses",
	.state_size = sizeof(struct tap),
	.emit = tap_emit,
};
