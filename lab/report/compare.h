/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an expectation asked, beside what was there, field by field. */
#pragma once

#include "lab/report/style.h"

/*
 * A table of fields: sign, name, expected, seen, packet. What differs is
 * marked. Values too long for a column stand one above the other, cut to where
 * they begin to differ. Nothing where the fields say no more than a count.
 * True where something was added.
 */
bool compare_add(const struct style *style, const struct expect_field *fields, size_t count, size_t indent, struct text *out);
