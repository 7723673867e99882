/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program wrote, as a report shows it. */
#pragma once

#include "lab/report/record.h"
#include "lab/report/style.h"

/* A heading and the last `lines` lines that the step's program wrote. */
void tail_add(const struct style *style, const struct step_record *step, size_t lines, size_t indent, struct text *out);
/* One line of a program: colours it asked for are dropped, other control characters made visible, tabs spread. */
void program_line_add(const struct style *style, const char *line, size_t length, size_t columns, struct text *out);
