/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One scenario read for a command that only looks at it: no kernel is asked, nothing is judged beyond the reader. */
#pragma once

#include "lab/cli/command.h"

struct view {
	struct scenario_file *file;
	const struct scenario_case *cases;
	size_t count;
	struct diag_list diags;
};

/*
 * Reads a file and its cases. Errors are printed to cli->err and CLI_USAGE is returned; warnings are kept to themselves.
 * Free in any case with view_free().
 */
int view_read(const struct cli *cli, const char *path, const struct param_override *overrides, size_t override_count, struct view *ret);
void view_free(struct view *view);
#define _cleanup_view_ _cleanup_(view_free)
