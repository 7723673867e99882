/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The matrix: from axes or rows to cases. */
#pragma once

#include "lab/scenario/scenario.h"

struct matrix_row {
	const struct scenario_value *values; /* in the order of the axes */
	size_t count;
};

/*
 * Expands `matrix` (NULL: one row without values). All in `arena`; findings go to `diags`. 0, or -EINVAL where there were any;
 * *ret_rows then holds what could be read, perhaps nothing.
 */
int matrix_expand(const struct yaml *matrix, struct arena *arena, struct diag_list *diags, const struct matrix_row **ret_rows,
		  size_t *ret_count);

/* Whether `name` can be the name of a param or matrix value: it is an environment variable in shell text. */
bool matrix_is_name(const char *name);
