/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenario files loaded and judged in full, for commands that act on their cases. */
#pragma once

#include "lab/cli/command.h"

/* One file, with every finding there is. */
struct loaded_file {
	struct scenario_file *file; /* the caller's; NULL where it could not be read */
	const struct scenario_case *cases;
	size_t count;
};
enum load_outcome {
	LOAD_JUDGED = 0,
	LOAD_KERNEL_NOT_ASKED = 1, /* no namespace to be had for rulesets and sysctls: `err` says why; the rest was judged */
};
/* Reads the file, decodes all cases, and judges them: filters, options, packets, limits, rulesets. */
int load_file(const char *path, const struct param_override *overrides, size_t override_count, struct diag_list *diags,
	      struct loaded_file *ret, struct err *err);

/* Files and the cases in them. Zero-initialise. */
struct loaded {
	ARRAY(struct scenario_file *) files;
	ARRAY(const struct scenario_case *) cases; /* in the order of files, and within a file in its own */
};
/*
 * Loads each path, or case id ("file[version=v1]": that case alone), decodes its cases and judges them, rulesets
 * included. Findings are printed to cli->err (warnings not when `quiet`). CLI_OK, CLI_USAGE where something is wrong,
 * CLI_ERROR where the kernel could not be asked.
 */
int load_cases(struct cli *cli, const char *const *paths, size_t count, const struct param_override *overrides, size_t override_count,
	       bool strict, bool quiet, struct loaded *ret);
void loaded_free(struct loaded *loaded);
