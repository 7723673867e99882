/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the scenario floor: what a loaded file holds. */
#pragma once

#include "lab/scenario/matrix.h"
#include "lab/scenario/scenario.h"
#include "lab/scenario/subst.h"

struct scenario_file {
	struct arena *arena;
	const struct source *source;
	const struct yaml *yaml;   /* as it stands in the file */
	const struct yaml *merged; /* with what it uses */
	const char *path;
	const char *directory;
	const struct registry *registry;
	const struct param_override *overrides;
	size_t override_count;
	const struct matrix_row *rows;
	size_t row_count;
	bool has_matrix;
	struct scenario_case *cases; /* once scenario_cases() was called */
};

/*
 * Decodes one row into a tree. Findings go to `diags`. The values of params and matrix come back in *ret_case. `lenient`: names
 * that nothing defines are left alone, and references are not checked; for a file that has errors already.
 */
struct scenario_tree *file_decode(struct scenario_file *file, const struct matrix_row *row, bool lenient, struct diag_list *diags,
				  struct scenario_case *ret_case);
