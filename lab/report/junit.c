/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JUnit form: XML as CI servers read it, with file and line. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "lab/base/clock.h"
#include "lab/report/failure.h"
#include "lab/report/markup.h"
#include "lab/report/record.h"
#include "lab/report/reporters.h"

/*
 * Theory of operation
 *
 * One <testsuite>, one <testcase> a case in order of case index. The counts
 * stand in its first line, so that all is written at the end. There is no word
 * for "failed as expected" in this format: it is <skipped>; flaky is a
 * <failure> of type "flaky". What did not run is not there.
 */
static void add_attribute(const char *name, const char *value, struct text *out)
{
	text_addf(out, " %s=\"", name);
	markup_add_xml(value, strlen(value), true, out);
	text_add_char(out, '"');
}

/* Seconds with six decimals, whatever the locale. */
static void add_seconds(const char *name, int64_t ns, struct text *out)
{
	int64_t us = (ns < 0 ? 0 : ns) / NS_PER_US;

	text_addf(out, " %s=\"%" PRId64 ".%06" PRId64 "\"", name, us / 1000000, us % 1000000);
}

static void add_property(const char *indent, const char *name, const char *value, struct text *out)
{
	if (!*value)
		return;
	text_addf(out, "%s<property", indent);
	add_attribute("name", name, out);
	add_attribute("value", value, out);
	text_add(out, "/>\n");
}

static void add_number_property(const char *indent, const char *name, uint64_t value, struct text *out)
{
	_cleanup_text_ struct text number = {0};

	text_addf(&number, "%" PRIu64, value);
	add_property(indent, name, text_str(&number), out);
}

/* "scenarios.rings.thousand" of "scenarios/rings/thousand.nslab.yaml": CI servers make a tree of it. */
static void add_class(const char *file, struct text *out)
{
	_cleanup_text_ struct text name = {0};
	size_t length = strlen(file);

	if (str_ends(file, ".nslab.yaml"))
		length -= strlen(".nslab.yaml");
	while (length > 2 && str_starts(file, "./")) {
		file += 2;
		length -= 2;
	}
	for (size_t i = 0; i < length; i++)
		if (file[i] != '/' || i > 0)
			text_add_char(&name, file[i] == '/' ? '.' : file[i]);
	add_attribute("classname", text_str(&name), out);
}

static void add_result(const char *element, const char *type, const char *message, const char *details, struct text *out)
{
	text_addf(out, "      <%s", element);
	add_attribute("message", message, out);
	if (type)
		add_attribute("type", type, out);
	if (!*details) {
		text_add(out, "/>\n");
		return;
	}
	text_add_char(out, '>');
	markup_add_xml(details, strlen(details), false, out);
	text_addf(out, "</%s>\n", element);
}

static void add_verdict(const struct case_record *record, struct text *out)
{
	static const struct style style = {.colour = false, .unicode = true, .columns = 120};
	_cleanup_text_ struct text message = {0}, details = {0};

	switch (record->end.verdict) {
	case VERDICT_PASS:
		return;
	case VERDICT_SKIP:
		add_result("skipped", NULL, record->end.reason, "", out);
		return;
	case VERDICT_XFAIL:
		text_addf(&message, "failed as expected: %s", record->end.reason);
		add_result("skipped", NULL, text_str(&message), "", out);
		return;
	default:
		case_failure_line(record, &message);
		text_add_char(&details, '\n');
		failure_add(&style, record, 0, &details);
		add_result(record->end.verdict == VERDICT_ERROR ? "error" : "failure", verdict_name((enum verdict)record->end.verdict),
			   text_str(&message), text_str(&details), out);
	}
}

/* Standard output and error of all programs; for a case that passed nothing is kept. */
static void add_output(const struct case_record *record, struct text *out)
{
	const struct attempt_record *attempt = case_told_attempt(record);
	_cleanup_text_ struct text all = {0};

	for (size_t i = 0; i < attempt->steps.count; i++) {
		const struct step_record *step = &attempt->steps.items[i];

		if (!step->output.length)
			continue;
		text_addf(&all, "%s[step %" PRId64 ": %s]\n", all.length ? "\n" : "", step->begin.step + 1, step->begin.title);
		text_add_bytes(&all, text_str(&step->output), step->output.length);
	}
	if (!all.length)
		return;
	text_add(out, "      <system-out>");
	markup_add_xml(text_str(&all), all.length, false, out);
	text_add(out, "</system-out>\n");
}

static void add_case(const struct case_record *record, struct text *out)
{
	_cleanup_text_ struct text title = {0};
	struct failure_place place = case_failure_place(record);

	case_add_title(record, &title);
	text_add(out, "    <testcase");
	add_attribute("name", text_str(&title), out);
	add_class(record->begin.file, out);
	add_attribute("file", place.file, out);
	text_addf(out, " line=\"%" PRId64 "\"", place.line);
	add_seconds("time", record->end.took, out);
	text_add(out, ">\n      <properties>\n");
	add_property("        ", "id", record->begin.id, out);
	add_property("        ", "tags", record->begin.tags, out);
	add_number_property("        ", "seed", record->begin.seed, out);
	add_number_property("        ", "packets", (uint64_t)(record->end.packets < 0 ? 0 : record->end.packets), out);
	add_property("        ", "again", record->begin.rerun, out);
	add_property("        ", "capture", record->end.artifacts, out);
	text_add(out, "      </properties>\n");
	add_verdict(record, out);
	add_output(record, out);
	text_add(out, "    </testcase>\n");
}

/* "2026-01-31T12:00:00", UTC. */
static void add_timestamp(int64_t stamp, struct text *out)
{
	time_t seconds = (time_t)(stamp / NS_PER_S);
	struct tm parts;

	if (gmtime_r(&seconds, &parts))
		text_addf(out, " timestamp=\"%04d-%02d-%02dT%02d:%02d:%02d\"", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
			  parts.tm_hour, parts.tm_min, parts.tm_sec);
}

static void add_suite(const struct run_record *run, struct text *out)
{
	const struct event_run_end *end = &run->end;
	_cleanup_text_ struct text counts = {0};

	text_addf(&counts, " tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" errors=\"%" PRId64 "\"",
		  (uint64_t)end->passed + (uint64_t)end->failed + (uint64_t)end->errors + (uint64_t)end->flaky + (uint64_t)end->xfailed +
			  (uint64_t)end->skipped,
		  (uint64_t)end->failed + (uint64_t)end->flaky, end->errors);
	text_addf(out, "<testsuites name=\"nslab\"%s", text_str(&counts));
	add_seconds("time", end->took, out);
	text_addf(out, ">\n  <testsuite name=\"nslab\"%s skipped=\"%" PRIu64 "\"", text_str(&counts),
		  (uint64_t)end->skipped + (uint64_t)end->xfailed);
	add_seconds("time", end->took, out);
	add_timestamp(run->begun, out);
	text_add(out, ">\n    <properties>\n");
	add_property("      ", "program", run->begin.program, out);
	add_number_property("      ", "jobs", (uint64_t)run->begin.jobs, out);
	add_number_property("      ", "seed", run->begin.seed, out);
	text_add(out, "    </properties>\n");
}

static void junit_emit(struct reporter *reporter, const struct event *event, struct text *out)
{
	const struct run_record *run = reporter->run;

	if (event->type != EVENT_RUN_END)
		return;
	text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	add_suite(run, out);
	for (size_t i = 0; i < run->cases.count; i++)
		if (run->cases.items[i] && run->cases.items[i]->ended)
			add_case(run->cases.items[i], out);
	text_add(out, "  </testsuite>\n</testsuites>\n");
}

const struct reporter_type reporter_junit = {
	.name = "junit",
	.summary = "JUnit XML with file and line, for CI servers",
	.emit = junit_emit,
};
