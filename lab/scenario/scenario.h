/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scenario file: loaded once, expanded into cases, each decoded into a typed tree. */
#pragma once

#include "lab/scenario/tree.h"
#include "lab/scenario/yaml.h"

/*
 * Theory of operation
 *
 *   text --yaml_read()--> struct yaml --matrix, params, $(…)--> per case --field tables--> struct scenario_tree
 *
 * Substitution works on the text of scalars before they are typed. A reference
 * to a field of a named packet ($(offer.ip.src)) is only known while running: its field stays unset, its
 * node is marked `runtime`, and the step is decoded again, with the value, by
 * scenario_redecode() just before it runs.
 */
struct scenario_file;

/* -D name=value. */
struct param_override {
	const char *name, *value;
};

/* Loads the file and all that it uses. On errors `diags` tells and NULL is returned. */
struct scenario_file *scenario_load(const char *path, const struct registry *registry, const struct param_override *overrides,
				    size_t override_count, struct diag_list *diags);
/* As scenario_load(), from memory: for tests, fuzzing and editors. `path` is only a name. */
struct scenario_file *scenario_load_text(const char *path, const char *text, size_t length, const struct registry *registry,
					 const struct param_override *overrides, size_t override_count, struct diag_list *diags);
void scenario_file_free(struct scenario_file *file);

/* One row of the matrix, or the scenario itself. */
struct scenario_value {
	const char *name, *value;
};
struct scenario_case {
	const char *id;                 /* "ping.nslab.yaml" or "ping.nslab.yaml[version=v1,family=ipv4]"; path as given to scenario_load() */
	const char *path;
	const char *directory;          /* of the file: what relative paths start from */
	const struct scenario_value *values; /* params and matrix values, also the environment of `shell:` */
	size_t value_count;
	struct scenario_tree *tree;     /* NULL where this case has errors */
	const struct scenario_tree *partial; /* what could be read, errors or not: for looking for further errors, never to be run */
	struct scenario_file *file;
};
/* Every case, decoded, references checked; findings of a case carry its id as context. 0, or -EINVAL where `diags` got an error. */
int scenario_cases(struct scenario_file *file, struct diag_list *diags, const struct scenario_case **ret, size_t *ret_count);

/* The raw tree and the source, for fmt and the like. */
const struct yaml *scenario_yaml(const struct scenario_file *file);
const struct source *scenario_source(const struct scenario_file *file);

/* A value only the run knows: "offer.ip.src", "NAME.payload"… 1 and text appended, 0 unknown, negative error. */
typedef int (*runtime_lookup_fn)(void *data, const char *name, struct text *out, struct err *err);
/*
 * Decodes a step marked `runtime` again with its values. The new step is in `arena`. -EINVAL with the first diagnostic
 * as the message.
 */
int scenario_redecode(const struct scenario_case *scenario, const struct step_node *step, runtime_lookup_fn lookup, void *data,
		      struct arena *arena, struct step_node **ret, struct err *err);

/*
 * What an endpoint means in this case: its node's or interface's address (of `family`, 0 any; else the first), its port.
 * *ret_port is -1 where none is written. -ENOENT where there is no such address.
 */
int scenario_resolve(const struct scenario_tree *tree, const struct endpoint *endpoint, int family, struct ip_addr *ret_addr,
		     int32_t *ret_port, struct err *err);
const struct lab_node *scenario_node(const struct scenario_tree *tree, const char *name);
/* The end `node:interface`, or NULL. */
const struct end_node *scenario_end(const struct scenario_tree *tree, const char *node, const char *interface);
