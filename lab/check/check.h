/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What needs a kernel, a library or a driver to be judged, before anything runs. */
#pragma once

#include "lab/base/diag.h"
#include "lab/scenario/scenario.h"

/*
 * Judges one decoded case: filters (pcap-filter(7)), the fields and values that
 * are matched, drivers' options, packets that are built. Findings go into
 * `diags`. Needs no privileges and touches no namespace.
 */
void check_case(const struct scenario_case *scenario, struct diag_list *diags);

/*
 * Judges every node's ruleset, the rulesets of `set` steps in their order, and
 * sysctl keys, in a throwaway network namespace that has the node's interfaces
 * and no resolver. 0 judged (see `diags`), 1 nothing needed judging; negative
 * where no namespace can be had here, with the reason: nothing was judged then.
 */
int check_kernel(const struct scenario_case *cases, size_t count, struct diag_list *diags, struct err *err);
