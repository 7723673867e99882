/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened in a case, in the order of time: steps and packets (-v). */
#pragma once

#include "lab/report/record.h"
#include "lab/report/style.h"

void timeline_add(const struct style *style, const struct case_record *record, size_t indent, struct text *out);
