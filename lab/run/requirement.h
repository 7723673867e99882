/* SPDX-License-Identifier: GPL-2.0-or-later */
/* requires: what a scenario needs of the machine, tried before it runs. */
#pragma once

#include "lab/run/settings.h"
#include "lab/scenario/scenario.h"

/* What was found out already, for a whole run. Zero-initialise. */
struct requirement_cache {
	struct requirement_known {
		const char *name; /* of a feature */
		int result;       /* of feature_probe() */
		char reason[256];
	} known[64];
	size_t count;
};

/* Features that nslab does not know: DIAG_UNKNOWN_CHOICE. A misspelt one would be skipped for ever. */
void requirement_check_names(const struct scenario_tree *tree, struct diag_list *diags);

enum requirement_outcome {
	REQUIREMENT_MET = 0,
	REQUIREMENT_SKIP = 1,  /* missing here: skip, for *ret_reason */
	REQUIREMENT_ERROR = 2, /* missing, and --require says that it must not be */
};
enum requirement_outcome requirement_check(const struct scenario_case *scenario, const struct run_settings *settings,
					   struct requirement_cache *cache, struct text *ret_reason);
