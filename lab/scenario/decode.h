/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The strict decoder: YAML into typed nodes, through field tables alone. */
#pragma once

#include "lab/base/field.h"
#include "lab/scenario/yaml.h"

/*
 * Theory of operation
 *
 * decode_node() makes a node of a kind from a YAML value. A map's keys are
 * looked up in the kind's field table; for a scalar or a list the kind has a
 * callback, or the value is refused. Every finding goes into `diags` and
 * decoding goes on: a node comes back in any case, so that all that is wrong is
 * found at once. Whoever wants to know whether it went well asks `diags`.
 *
 * The text of a scalar goes through `substitute` before its type reads it, unless
 * the field is FIELD_VERBATIM. A text that holds a reference which only the run
 * knows leaves its field unset (but given) and marks the node, and every node
 * around it up to its step, as `runtime`.
 */
struct decode {
	struct arena *arena; /* nodes, values and texts */
	struct diag_list *diags;
	const struct registry *registry;
	/*
	 * Replaces $(…) in `text`. 0 replaced (or nothing to do), 1 a reference only the run knows, -EINVAL reported to
	 * `diags` with the place of `yaml`. *ret_text lives in `arena` or is `text` itself. NULL: texts stay as they are.
	 */
	int (*substitute)(struct decode *decode, const struct field *field, const struct yaml *yaml, const char **ret_text);
	const void *substitution; /* of `substitute` */
};

/*
 * Makes a node of `kind` from `yaml`. `key` is what it was written under in a FIELD_NAMED map or as a step's verb, and
 * becomes the node's name; NULL: none. `yaml` may be a null scalar: a node with nothing given.
 */
struct node *decode_node(struct decode *decode, const struct node_kind *kind, const struct yaml *yaml, const struct node *parent,
			 const struct yaml *key);

/* For callbacks: decodes `yaml` as the field `name` of `node`, as if it stood under that key. 0, or -EINVAL (reported). */
int decode_field(struct decode *decode, struct node *node, const char *name, const struct yaml *yaml);

/* For callbacks: puts a child at the end of a list, in the decoder's arena. */
void decode_append(struct decode *decode, struct node_list *list, struct node *child);

/* The text of a scalar with its references replaced, for callbacks; NULL where it was refused (reported). 1 in *ret_runtime: see above. */
const char *decode_text(struct decode *decode, const struct field *field, const struct yaml *yaml, bool *ret_runtime);

/* Reports that `yaml` has the wrong shape; `wanted` is "a map", "a list", "a single value". Finds what YAML took apart. -EINVAL. */
int decode_wrong_shape(struct decode *decode, const struct yaml *yaml, const char *what, const char *wanted);
