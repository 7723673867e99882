/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every output format, from one stream of events, against golden files. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/report/report.h"
#include "tests/report/golden.h"
#include "tests/report/stream.h"

static const struct report_options plain = {.unicode = true, .columns = 80};

/* Reads a descriptor from its start. */
static void read_back(int fd, struct text *ret)
{
	char buffer[4096];
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		text_add_bytes(ret, buffer, (size_t)n);
}

/* What `format` makes of a stream. Scenario files are quoted from tests/golden/report. */
static void report(const char *format, const struct report_options *options, int (*emit)(struct event_sink *, struct err *), struct text *ret)
{
	struct report_set *set = report_set_new();
	_cleanup_close_ int fd = memfd_create("report", MFD_CLOEXEC);
	struct err err = {0};

	cr_assert_eq(chdir(SOURCE_ROOT "/tests/golden/report"), 0);
	cr_assert_eq(report_set_add(set, format, fd, options, &err), 0, "%s", err.text);
	cr_assert_geq(emit(report_set_sink(set), &err), 0, "%s", err.text);
	cr_assert_eq(report_set_close(set, &err), 0, "%s", err.text);
	report_set_free(set);
	read_back(fd, ret);
}

#define GOLDEN(format, options, emit, file)                  \
	do {                                                 \
		_cleanup_text_ struct text text = {0};       \
		report(format, options, emit, &text);        \
		cr_assert(golden_is(file, &text));           \
	} while (0)

Test(report, the_terminal_form_in_80_columns)
{
	GOLDEN("terminal", &plain, stream_emit, "terminal.txt");
}

Test(report, the_terminal_form_in_ascii)
{
	struct report_options options = plain;
	_cleanup_text_ struct text text = {0};

	options.unicode = false;
	report("terminal", &options, stream_emit, &text);
	for (size_t i = 0; i < text.length; i++)
		cr_assert((unsigned char)text.data[i] < 0x7f && ((unsigned char)text.data[i] >= 0x20 || text.data[i] == '\n'));
	cr_assert(golden_is("terminal-ascii.txt", &text));
}

Test(report, the_terminal_form_with_colours_on_a_wide_terminal)
{
	struct report_options options = plain;

	options.colour = true;
	options.columns = 132;
	options.durations = 3;
	options.invocation = "nslab run scenarios";
	GOLDEN("terminal", &options, stream_emit, "terminal-colour.txt");
}

Test(report, the_terminal_form_for_the_curious_shows_steps_and_packets)
{
	struct report_options options = plain;

	options.verbosity = REPORT_VERBOSE;
	GOLDEN("terminal", &options, stream_emit, "terminal-verbose.txt");
}

Test(report, the_quiet_terminal_form_has_failures_and_the_summary_only)
{
	struct report_options options = plain;

	options.verbosity = REPORT_QUIET;
	GOLDEN("terminal", &options, stream_emit, "terminal-quiet.txt");
}

Test(report, output_of_programs_is_shown_line_by_line_where_asked_for)
{
	struct report_options options = plain;

	options.output = true;
	options.verbosity = REPORT_QUIET;
	GOLDEN("terminal", &options, stream_emit, "terminal-output.txt");
}

Test(report, one_case_that_passes_takes_two_lines)
{
	GOLDEN("terminal", &plain, stream_emit_one, "terminal-one.txt");
}

Test(report, the_status_line_says_what_runs_and_is_erased_before_a_line_is_printed)
{
	struct report_options options = plain;

	options.live = true;
	GOLDEN("terminal", &options, stream_emit_half, "terminal-live.txt");
}

static size_t longest_line(const struct text *text, const char **ret_line)
{
	size_t longest = 0;

	for (const char *line = text_str(text); *line;) {
		const char *end = strchrnul(line, '\n');
		size_t width = text_width(line, (size_t)(end - line));
		bool copied_by_hand = strstr(line, "nslab run") && strstr(line, "nslab run") < end;

		if (width > longest && !copied_by_hand) {
			longest = width;
			*ret_line = line;
		}
		line = *end ? end + 1 : end;
	}
	return longest;
}

Test(report, no_line_is_wider_than_the_terminal)
{
	for (unsigned columns = 60; columns <= 140; columns += 5) {
		for (int verbosity = REPORT_QUIET; verbosity <= REPORT_VERBOSE; verbosity++) {
			struct report_options options = {
				.unicode = columns % 2, .colour = columns % 3 == 0, .columns = columns, .verbosity = verbosity, .durations = 9, .output = true};
			_cleanup_text_ struct text text = {0};
			const char *line = "";

			report("terminal", &options, stream_emit, &text);
			cr_assert_leq(longest_line(&text, &line), columns, "%zu cells in %u columns: %s", longest_line(&text, &line), columns, line);
		}
	}
}

Test(report, nothing_from_a_program_or_a_packet_reaches_the_terminal_as_a_control_sequence)
{
	struct report_options options = plain;
	_cleanup_text_ struct text text = {0};

	options.verbosity = REPORT_VERBOSE;
	options.output = true;
	report("terminal", &options, stream_emit, &text);
	for (size_t i = 0; i < text.length; i++)
		cr_assert((unsigned char)text.data[i] >= 0x20 || text.data[i] == '\n', "a control character at byte %zu", i);
}

Test(report, the_json_form_is_the_stream)
{
	GOLDEN("json", &plain, stream_emit, "json.txt");
}

Test(report, the_tap_form)
{
	GOLDEN("tap", &plain, stream_emit, "tap.txt");
}

Test(report, the_junit_form)
{
	GOLDEN("junit", &plain, stream_emit, "junit.txt");
}

Test(report, the_github_form)
{
	GOLDEN("github", &plain, stream_emit, "github.txt");
}

Test(report, the_markdown_form)
{
	GOLDEN("markdown", &plain, stream_emit, "markdown.txt");
}
