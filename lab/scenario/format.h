/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `nslab fmt`: one way to lay a scenario out, by editing its text. */
#pragma once

#include "lab/base/diag.h"
#include "lab/base/err.h"

/*
 * What is made the same everywhere: two columns an indentation, one space after
 * "-" and ":", no blanks at line ends, LF line ends, one at the end of the file,
 * never two blank lines in a row, one before each top-level part that is a block
 * and before each named step. What is the author's stays: the order of keys,
 * quotes, flow or block, line breaks within values, comments.
 *
 * The result reads back as the same tree with the same comments in the same
 * order, and formats to itself; the first of these is checked before it is
 * returned.
 */

/*
 * Formats into `ret`. -EINVAL where the text does not read as YAML (`diags` tells); -ENOTSUP where the layout is one that
 * cannot be formatted without changing its meaning: leave the file alone then.
 */
int format_source(const struct source *source, struct diag_list *diags, struct text *ret, struct err *err);

/*
 * The comments of a text, one a line, without blanks around them, in file order. For comparing. -EINVAL as above.
 */
int format_comments(const struct source *source, struct diag_list *diags, struct text *ret);
