/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans made from the text of a scenario. */
#pragma once

#include "lab/run/plan.h"
#include "lab/scenario/scenario.h"

/* The plan of the first case; the process ends by abort() where the text has errors, with them on stderr. Nothing is freed before the process ends. */
const struct plan *plan_of(const char *text);
/* Every kind of operation in one lab: router, switch, segment, silent node, ruleset, rules, neighbours, qdisc, both families. */
extern const char plan_everything[];
