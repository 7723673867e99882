/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every output format, from one stream of events, against golden files. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/report/report.h"
#include "tests/report/capture.h"
#include "tests/report/golden.h"
#include "tests/report/stream.h"

static const struct report_options plain = {.unicode = true, .columns = 80};

#define GOLDEN(format, options, emit, file)                  \
	do {                                                 \
		_cleanup_text_ struct text text = {0};       \
		capture_report(format, options, emit, &text); \
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
	capture_report("terminal", &options, stream_emit, &text);
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

			capture_report("terminal", &options, stream_emit, &text);
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
	capture_report("terminal", &options, stream_emit, &text);
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

static int interrupted(struct event_sink *sink, struct err *err)
{
	return stream_emit_cut(sink, true, err);
}

Test(report, an_interrupted_run_still_has_a_summary)
{
	GOLDEN("terminal", &plain, interrupted, "terminal-interrupted.txt");
}

/* Whether tests/report/READER, a Python program, accepts what `format` makes of the run. */
static bool reader_accepts(const char *reader, const char *format)
{
	char path[] = "/tmp/nslab-report-XXXXXX";
	_cleanup_close_ int fd = mkostemp(path, O_CLOEXEC);
	_cleanup_text_ struct text line = {0}, text = {0};

	capture_report(format, &plain, stream_emit, &text);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text.data, text.length), (ssize_t)text.length);
	text_addf(&line, "python3 -B '%s/tests/report/%s' '%s'", SOURCE_ROOT, reader, path);
	int status = system(text_str(&line));
	unlink(path);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Test(report, an_xml_parser_reads_the_junit_form_and_finds_what_was_said)
{
	if (system("command -v python3 >/dev/null") != 0)
		cr_skip_test("python3 is not installed");
	cr_assert(reader_accepts("read_junit.py", "junit"));
}

Test(report, every_line_of_the_json_form_is_an_object_with_type_case_and_time)
{
	if (system("command -v python3 >/dev/null") != 0)
		cr_skip_test("python3 is not installed");
	cr_assert(reader_accepts("read_json.py", "json"));
}
