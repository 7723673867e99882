/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that are true or false: -k and --tag of the command line, and `when:` of a step (lab/scenario/condition.h). */
#pragma once

#include <stdbool.h>

#include "lab/base/err.h"
#include "lab/scenario/condition.h"

/*
 * A boolean expression of words with `and`, `or`, `not` and parentheses, as pytest's -k: each word is asked of `has`.
 * 1 true, 0 false, -EINVAL with what is wrong and where.
 */
int condition_words(const char *expression, bool (*has)(void *data, const char *word), void *data, struct err *err);
