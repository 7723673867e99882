/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a run in words: the slowest cases, why cases were skipped, what failed, the counts. */
#pragma once

#include "lab/report/record.h"
#include "lab/report/style.h"

void summary_add(const struct style *style, const struct run_record *run, const struct report_options *options, struct text *out);
/* "12 passed, 1 failed, 2 skipped": the counts that are not zero, and passed in any case. */
void summary_add_counts(const struct run_record *run, struct text *out);
/* Whether the counts are those of a run without fail, error or flaky, and complete. */
bool summary_is_good(const struct run_record *run);
