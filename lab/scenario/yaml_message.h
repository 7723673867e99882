/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Syntax errors of YAML in our own words. */
#pragma once

#include "lab/base/diag.h"

struct yaml_failure {
	const struct source *source;
	const char *message;     /* the library's */
	size_t offset;           /* where it stopped, bytes */
	struct span place;       /* the same as a span */
	const struct span *open; /* the innermost [ or { that was open, or NULL */
};

/* Adds one diagnostic: QUOTE_THIS where a value was taken apart, else YAML_SYNTAX. */
void yaml_message_report(const struct yaml_failure *failure, struct diag_list *diags);
