/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that make, print and carry out a plan. Not for other files. */
#pragma once

#include "lab/kernel/sysctl.h"
#include "lab/run/plan.h"

/* Positions, or -1. */
int plan_node_index(const struct plan *plan, const char *name);
int plan_interface_index(const struct plan_node *node, const char *name);

/* Appends the operations to a plan whose inventory is complete. */
void plan_add_ops(struct plan *plan);
/* Whether some acting step's packets are not bounded and few. */
bool plan_wants_rings(const struct scenario_tree *tree);

/* The sysctls of a node's role, or NULL. */
const struct sysctl_setting *plan_role_settings(const struct plan_node *node);

/* The phase an operation belongs to; PLAN_SYSCTL has none of its own (-1). */
int plan_op_phase(enum plan_op_type type);

/* Descriptors that a lab needs: a namespace, a socket and an observer's sockets for each node, and some to spare. */
uint64_t plan_descriptors(const struct plan *plan);
