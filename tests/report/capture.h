/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an output makes of a stream, as text. */
#pragma once

#include "lab/report/report.h"

/*
 * Runs `emit` into a report set with the one output `spec`, which goes to
 * standard output, and returns what it wrote. The working directory is
 * tests/golden/report, where the scenario files are that get quoted.
 */
void capture_report(const char *spec, const struct report_options *options, int (*emit)(struct event_sink *, struct err *), struct text *ret);
/* All that a descriptor holds, from its start. */
void capture_fd(int fd, struct text *ret);
