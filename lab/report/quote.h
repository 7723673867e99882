/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a scenario file, quoted under what went wrong in them. */
#pragma once

#include "lab/report/style.h"

/*
 * Quotes the entry that begins at `line` (from 1): that line and what is
 * indented below it, at most a handful. Nothing where the file cannot be read
 * any more, is no regular file, or has no such line. True where something was added.
 */
bool quote_source(const struct style *style, const char *file, int64_t line, size_t indent, struct text *out);
