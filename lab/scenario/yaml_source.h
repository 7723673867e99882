/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the scenario floor: what is checked before YAML is read. */
#pragma once

#include "lab/base/diag.h"

/* UTF-8 without control characters, 1 MiB at most. 0, or -EINVAL (reported). */
int yaml_check_text(const struct source *source, struct diag_list *diags);
