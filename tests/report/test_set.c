/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outputs side by side, and the files they go to. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/report/record.h"
#include "lab/report/report.h"
#include "lab/report/writer.h"
#include "tests/report/capture.h"
#include "tests/report/stream.h"

static const struct report_options plain = {.unicode = true, .columns = 80};

static char directory[] = "/tmp/nslab-report-XXXXXX";

static void enter_directory(void)
{
	cr_assert(mkdtemp(directory));
	cr_assert_eq(chdir(directory), 0);
}

static size_t count_files(void)
{
	DIR *dir = opendir(directory);
	size_t count = 0;

	for (struct dirent *entry; (entry = readdir(dir));)
		count += !str_eq(entry->d_name, ".") && !str_eq(entry->d_name, "..");
	closedir(dir);
	return count;
}

static void leave_directory(void)
{
	DIR *dir = opendir(directory);

	for (struct dirent *entry; (entry = readdir(dir));)
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	rmdir(directory);
}

static void file_text(const char *path, struct text *ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0, "%s is not there", path);
	capture_fd(fd, ret);
}

TestSuite(report_set, .init = enter_directory, .fini = leave_directory);

Test(report_set, an_unknown_format_is_refused_and_the_nearest_named)
{
	struct report_set *set = report_set_new();
	struct err err = {0};

	cr_assert_eq(report_set_add(set, "juint=x.xml", 1, &plain, &err), -EINVAL);
	cr_assert_str_eq(err.text, "there is no output format 'juint'; did you mean 'junit'?");
	cr_assert_eq(report_set_add(set, "pdf", 1, &plain, &err), -EINVAL);
	cr_assert_str_eq(err.text, "there is no output format 'pdf'; there are: terminal, tap, junit, json, github, markdown");
	cr_assert_eq(report_set_add(set, "tap=", 1, &plain, &err), -EINVAL);
	report_set_free(set);
}

Test(report_set, standard_output_takes_one_output_or_terminal_and_github)
{
	struct report_set *set = report_set_new();
	struct err err = {0};

	cr_assert_not(report_set_has_stdout(set));
	cr_assert_eq(report_set_add(set, "github", 1, &plain, &err), 0);
	cr_assert_not(report_set_has_stdout(set), "a person still wants the terminal form");
	cr_assert_eq(report_set_add(set, "terminal", 1, &plain, &err), 0);
	cr_assert(report_set_has_stdout(set));
	cr_assert_eq(report_set_add(set, "tap", 1, &plain, &err), -EINVAL);
	cr_assert_str_eq(err.text, "'github' goes to standard output already; give one of them a file: -o FORMAT=FILE");
	cr_assert_eq(report_set_add(set, "terminal=-", 1, &plain, &err), -EINVAL);
	cr_assert_eq(report_set_add(set, "tap=one", 1, &plain, &err), 0);
	cr_assert_eq(report_set_add(set, "json=one", 1, &plain, &err), -EINVAL);
	report_set_free(set);
	cr_assert_eq(count_files(), 0);
}

Test(report_set, a_file_appears_whole_when_the_run_is_over_and_replaces_what_was_there)
{
	struct report_set *set = report_set_new();
	_cleanup_close_ int out = memfd_create("out", MFD_CLOEXEC);
	_cleanup_text_ struct text text = {0}, shown = {0};
	struct err err = {0};
	struct stat status;
	FILE *old = fopen("old.tap", "we");

	fputs("old", old);
	fclose(old);
	cr_assert_eq(report_set_add(set, "json=new.json", 1, &plain, &err), 0);
	cr_assert_eq(report_set_add(set, "tap=old.tap", 1, &plain, &err), 0);
	cr_assert_eq(report_set_add(set, "terminal", out, &plain, &err), 0);
	cr_assert_eq(stream_emit_one(report_set_sink(set), &err), 0);
	cr_assert_eq(access("new.json", F_OK), -1);
	file_text("old.tap", &text);
	cr_assert_str_eq(text_str(&text), "old");
	cr_assert_eq(report_set_close(set, &err), 0, "%s", err.text);
	report_set_free(set);
	text_clear(&text);
	file_text("old.tap", &text);
	cr_assert_str_eq(text_str(&text), "TAP version 14\n1..1\nok 1 - Ping across a router\n");
	cr_assert_eq(stat("new.json", &status), 0);
	mode_t mask = umask(0);
	cr_assert_eq(status.st_mode & 0777, 0666 & ~mask);
	cr_assert_eq(count_files(), 2);
	capture_fd(out, &shown);
	cr_assert(str_ends(text_str(&shown), "\n1 passed in 5.00 ms\n"));
}

Test(report_set, a_run_that_never_ended_leaves_no_file)
{
	struct report_set *set = report_set_new();
	struct err err = {0};

	cr_assert_eq(report_set_add(set, "json=half.json", 1, &plain, &err), 0);
	cr_assert_eq(stream_emit_half(report_set_sink(set), &err), 0);
	cr_assert_eq(report_set_close(set, &err), 0);
	report_set_free(set);
	cr_assert_eq(count_files(), 0);
}

Test(report_set, a_place_that_cannot_be_written_is_named_before_anything_runs)
{
	struct report_set *set = report_set_new();
	struct err err = {0};

	cr_assert_eq(report_set_add(set, "junit=no/such/place.xml", 1, &plain, &err), -ENOENT);
	cr_assert_str_eq(err.text, "cannot write 'no/such/place.xml': there is no directory 'no/such'");
	cr_assert_eq(report_set_add(set, "junit=/tmp", 1, &plain, &err), -EISDIR);
	report_set_free(set);
}

Test(report_set, a_full_disk_is_told_once_and_the_other_outputs_go_on)
{
	struct report_set *set = report_set_new();
	_cleanup_text_ struct text text = {0};
	struct err err = {0};

	cr_assert_eq(report_set_add(set, "json=/dev/full", 1, &plain, &err), 0);
	cr_assert_eq(report_set_add(set, "tap=good.tap", 1, &plain, &err), 0);
	cr_assert_eq(stream_emit_one(report_set_sink(set), &err), -ENOSPC);
	cr_assert(strstr(err.text, "output 'json'"), "%s", err.text);
	cr_assert_eq(report_set_close(set, &err), -ENOSPC);
	report_set_free(set);
	file_text("good.tap", &text);
	cr_assert(str_ends(text_str(&text), "ok 1 - Ping across a router\n"));
}

Test(report_set, a_reader_that_went_away_is_an_error_not_a_signal)
{
	struct report_set *set = report_set_new();
	struct err err = {0};
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	cr_assert_eq(report_set_add(set, "terminal", ends[1], &plain, &err), 0);
	cr_assert_eq(stream_emit_one(report_set_sink(set), &err), -EPIPE);
	cr_assert_eq(report_set_close(set, &err), -EPIPE);
	report_set_free(set);
	close(ends[1]);
}

Test(report_set, an_event_of_a_case_that_has_not_begun_is_refused)
{
	struct report_set *set = report_set_new();
	struct err err = {0};

	cr_assert_eq(report_set_add(set, "json=x", 1, &plain, &err), 0);
	cr_assert_eq(event_emit(report_set_sink(set), &(struct event){EVENT_CASE_END, 3, 0}, &err), -EBADMSG);
	cr_assert_eq(event_emit(report_set_sink(set), &(struct event){EVENT_CASE_BEGIN, INT64_MAX, 0}, &err), -EBADMSG);
	cr_assert_eq(event_emit(report_set_sink(set), &(struct event){EVENT_CASE_BEGIN, RECORD_CASES_MAX, 0}, &err), -EBADMSG);
	report_set_free(set);
}

Test(report_set, a_status_line_is_drawn_again_only_when_it_says_something_new)
{
	struct report_set *set = report_set_new();
	struct report_options live = plain;
	_cleanup_close_ int out = memfd_create("out", MFD_CLOEXEC);
	const int64_t start = INT64_C(1767268800000000000);
	struct err err = {0};

	live.live = true;
	cr_assert_eq(report_set_add(set, "terminal", out, &live, &err), 0);
	cr_assert_eq(stream_emit_half(report_set_sink(set), &err), 0);
	cr_assert_eq(report_set_tick(set, start + INT64_C(5000000000), 80, &err), 0);
	off_t before = lseek(out, 0, SEEK_CUR);
	cr_assert_eq(report_set_tick(set, start + INT64_C(5100000000), 80, &err), 0);
	cr_assert_eq(lseek(out, 0, SEEK_CUR), before);
	cr_assert_eq(report_set_tick(set, start + INT64_C(6000000000), 80, &err), 0);
	cr_assert_gt(lseek(out, 0, SEEK_CUR), before);
	cr_assert_eq(report_set_close(set, &err), 0);
	report_set_free(set);
	_cleanup_text_ struct text text = {0};
	capture_fd(out, &text);
	cr_assert(str_ends(text_str(&text), "\r\x1b[K"), "the status line is erased at the end");
}
