/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What names in a tree lead to, and what else no single field can know. */
#pragma once

#include "lab/scenario/subst.h"
#include "lab/scenario/tree.h"

/* Checks every name and every reference. Findings go to `diags`. */
void references_check(const struct scenario_tree *tree, const struct runtime_references *references, struct arena *arena,
		      struct diag_list *diags);
/* What is legal and odd: overlapping subnets, addresses off their link, unused nodes, different MTUs… */
void warnings_check(const struct scenario_tree *tree, struct arena *arena, struct diag_list *diags);
