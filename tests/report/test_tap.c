/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TAP form, read by a strict little reader of version 14 of the protocol. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lab/report/report.h"
#include "tests/report/capture.h"
#include "tests/report/stream.h"

struct tap_reading {
	int planned, points, ok, skipped, todo, blocks;
	bool bailed;
	const char *wrong; /* the first line that is not TAP, or NULL */
};

/* The directive, from its unescaped '#', or NULL. */
static const char *directive(const char *line)
{
	for (const char *c = line; *c; c++) {
		if (*c == '\\' && c[1])
			c++;
		else if (*c == '#')
			return c;
	}
	return NULL;
}

static bool is_point(struct tap_reading *tap, const char *line)
{
	bool ok = str_starts(line, "ok ");
	const char *rest = line + (ok ? 3 : 7);
	int number = 0, length = 0;

	if (!ok && !str_starts(line, "not ok "))
		return false;
	if (sscanf(rest, "%d%n", &number, &length) != 1 || number != tap->points + 1)
		return false;
	rest += length;
	if (*rest && !str_starts(rest, " - ") && !str_starts(rest, " # "))
		return false;
	const char *word = directive(rest);
	if (word && !str_starts(word, "# SKIP") && !str_starts(word, "# TODO"))
		return false;
	tap->points++;
	tap->ok += ok;
	tap->skipped += word && str_starts(word, "# SKIP");
	tap->todo += word && str_starts(word, "# TODO");
	return true;
}

/* A line of the YAML subset that we write: indented by even steps, "- " or "key: value", values JSON strings, numbers, truths. */
static bool is_yaml(const char *line)
{
	size_t indent = strspn(line, " ");
	const char *colon = strchr(line, ':');

	if (indent < 2 || indent % 2)
		return false;
	line += indent;
	if (str_starts(line, "- "))
		line += 2;
	for (const char *c = line; c < colon; c++)
		if (!((*c >= 'a' && *c <= 'z') || *c == '_'))
			return false;
	if (!colon || colon == line || (colon[1] && colon[1] != ' '))
		return false;
	const char *value = colon[1] ? colon + 2 : "";
	size_t length = strlen(value);
	if (*value == '"') {
		for (size_t i = 1; i + 1 < length; i++) {
			if (value[i] == '"' || (unsigned char)value[i] < 0x20)
				return false;
			if (value[i] == '\\')
				i++;
		}
		return length >= 2 && value[length - 1] == '"';
	}
	return length == strspn(value, "0123456789-") || str_eq(value, "true") || str_eq(value, "false");
}

static struct tap_reading read_tap(struct text *text)
{
	struct tap_reading tap = {.planned = -1};
	bool in_block = false, after_point = false;
	int number = 0;

	for (char *line = strtok(text->data, "\n"); line && !tap.wrong; line = strtok(NULL, "\n"), number++) {
		if (in_block) {
			if (str_eq(line, "  ..."))
				in_block = false;
			else if (!is_yaml(line))
				tap.wrong = line;
			continue;
		}
		if (number == 0) {
			tap.wrong = str_eq(line, "TAP version 14") ? NULL : line;
		} else if (number == 1) {
			tap.wrong = sscanf(line, "1..%d", &tap.planned) == 1 ? NULL : line;
		} else if (tap.bailed) {
			tap.wrong = line;
		} else if (str_eq(line, "  ---") && after_point) {
			in_block = true;
			tap.blocks++;
		} else if (str_starts(line, "Bail out!")) {
			tap.bailed = true;
		} else if (!is_point(&tap, line)) {
			tap.wrong = line;
		}
		after_point = str_starts(line, "ok ") || str_starts(line, "not ok ");
	}
	if (in_block)
		tap.wrong = "the end, within a block";
	return tap;
}

static const struct report_options options = {.unicode = true, .columns = 80};

Test(tap, the_form_is_strictly_tap_14_and_counts_every_verdict_right)
{
	_cleanup_text_ struct text text = {0};

	capture_report("tap", &options, stream_emit, &text);
	struct tap_reading tap = read_tap(&text);
	cr_assert_null(tap.wrong, "%s", tap.wrong);
	cr_assert_eq(tap.planned, 11);
	cr_assert_eq(tap.points, 11);
	cr_assert_eq(tap.ok, 5, "two passed, three skipped");
	cr_assert_eq(tap.skipped, 3);
	cr_assert_eq(tap.todo, 1);
	cr_assert_eq(tap.blocks, 5, "three failed, one error, one flaky");
	cr_assert_not(tap.bailed);
}

static int cut(struct event_sink *sink, struct err *err)
{
	return stream_emit_cut(sink, false, err);
}

static int interrupted(struct event_sink *sink, struct err *err)
{
	return stream_emit_cut(sink, true, err);
}

Test(tap, what_did_not_run_after_a_failure_is_skipped_so_that_the_plan_holds)
{
	_cleanup_text_ struct text text = {0};

	capture_report("tap", &options, cut, &text);
	struct tap_reading tap = read_tap(&text);
	cr_assert_null(tap.wrong, "%s", tap.wrong);
	cr_assert_eq(tap.points, 3);
	cr_assert_eq(tap.skipped, 1);
}

Test(tap, an_interrupted_run_bails_out)
{
	_cleanup_text_ struct text text = {0};

	capture_report("tap", &options, interrupted, &text);
	cr_assert(str_ends(text_str(&text), "Bail out! interrupted\n"));
}

Test(tap, cases_are_told_in_order_as_soon_as_that_is_possible)
{
	_cleanup_text_ struct text text = {0};

	capture_report("tap", &options, stream_emit_half, &text);
	cr_assert_str_eq(text_str(&text), "TAP version 14\n1..11\nok 1 - Ping across a router\n",
			 "case 3 is over, but waits for case 2");
}
