/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `when:` of a step: words that are true or false. */
#pragma once

#include "lab/base/err.h"

/* `when`, after substitution: "true", "false", "yes", "no", "on", "off", "1", "0", "a == b", "a != b". 1 true, 0 false, -EINVAL. */
int condition_when(const char *text, struct err *err);
