/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the scenario floor: what the checks of names share. */
#pragma once

#include "lab/scenario/names.h"
#include "lab/scenario/references.h"
#include "lab/scenario/scenario.h"

struct name_check {
	const struct scenario_tree *tree;
	struct arena *arena;
	struct diag_list *diags;
	struct name_table nodes; /* name → struct lab_node */
	struct name_table ends;  /* "node:interface" → struct end_node, the first of that name */
};

/* Reports DIAG_UNKNOWN_NODE unless the lab has the node. NULL is no name and no finding. */
const struct lab_node *check_node_name(const struct name_check *check, const char *name, struct span at);
/* Reports DIAG_UNKNOWN_INTERFACE unless the node has it; `lo` each node has. */
bool check_interface_name(const struct name_check *check, const char *node, const char *interface, struct span at);
/* Routes, rules and neighbours: their interfaces, and what adding one needs. `adding`: not a list of what goes away. */
void check_routes(const struct name_check *check, const struct lab_node *node, const struct value_list *routes, bool adding);
void check_rules(const struct name_check *check, const struct lab_node *node, const struct value_list *rules);
void check_neighbours(const struct name_check *check, const struct lab_node *node, const struct value_list *neighbours, bool adding);

/* The two halves of references_check(). */
void references_check_lab(const struct name_check *check);
void references_check_steps(const struct name_check *check, const struct runtime_references *references);
