/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reporters, one file each; reporters.c lists them. */
#pragma once

#include "lab/report/report.h"

extern const struct reporter_type reporter_terminal;
extern const struct reporter_type reporter_tap;
extern const struct reporter_type reporter_junit;
extern const struct reporter_type reporter_json;
extern const struct reporter_type reporter_github;
extern const struct reporter_type reporter_markdown;
