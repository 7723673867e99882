/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an output makes of a stream, as text. */
#include "tests/report/capture.h"

#include <criterion/criterion.h>
#include <sys/mman.h>
#include <unistd.h>

void capture_fd(int fd, struct text *ret)
{
	char buffer[4096];
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		text_add_bytes(ret, buffer, (size_t)n);
}

void capture_report(const char *spec, const struct report_options *options, int (*emit)(struct event_sink *, struct err *), struct text *ret)
{
	struct report_set *set = report_set_new();
	_cleanup_close_ int fd = memfd_create("report", MFD_CLOEXEC);
	struct err err = {0};

	cr_assert_eq(chdir(SOURCE_ROOT "/tests/golden/report"), 0);
	cr_assert_eq(report_set_add(set, spec, fd, options, &err), 0, "%s", err.text);
	cr_assert_geq(emit(report_set_sink(set), &err), 0, "%s", err.text);
	cr_assert_eq(report_set_close(set, &err), 0, "%s", err.text);
	report_set_free(set);
	capture_fd(fd, ret);
}
