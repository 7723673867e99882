/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What $(name) stands for in one case, and putting it in. */
#pragma once

#include "lab/scenario/decode.h"
#include "lab/scenario/scenario.h"

/* A reference that only the run can answer: checked once the whole tree is known. */
struct runtime_reference {
	const char *name; /* "offer.ip.src" */
	struct span span;
};

struct runtime_references {
	ARRAY(struct runtime_reference) list;
};

/* The substitution of a struct decode: what names mean in one case. */
struct scope {
	const struct scenario_value *values; /* params and matrix values */
	size_t value_count;
	const struct yaml *nodes, *links;    /* the raw lab, for addresses; each may be NULL */
	int family;                          /* AF_INET, AF_INET6 or 0: the case's */
	runtime_lookup_fn lookup;            /* NULL while the scenario is not running */
	void *lookup_data;
	bool lenient;                        /* unknown names are left unset without a word: for a file that has errors already */
	struct runtime_references *references;       /* collected here where not NULL */
};

/* struct decode's substitute(); `decode->substitution` is a struct scope. */
int subst_text(struct decode *decode, const struct field *field, const struct yaml *yaml, const char **ret_text);

/* AF_INET, AF_INET6 or 0, as the value called `family` says. */
int subst_family(const struct scenario_value *values, size_t count);
