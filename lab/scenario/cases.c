/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases: one row of the matrix each, decoded into a tree; and steps decoded again while running. */
#include <errno.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/scenario/file.h"
#include "lab/scenario/references.h"

/* --- values --- */

static const char *override_of(const struct scenario_file *file, const char *name)
{
	const char *value = NULL;

	/* As with every option that is given twice, the last one counts. */
	for (size_t i = 0; i < file->override_count; i++)
		if (strcmp(file->overrides[i].name, name) == 0)
			value = file->overrides[i].value;
	return value;
}

/* The default of a param: a scalar, or a map with `value`; NULL: none. */
static const struct yaml *default_of(const struct yaml *param)
{
	const struct yaml *value = param->kind == YAML_MAP ? yaml_get(param, "value") : param;

	return value && value->kind == YAML_SCALAR && !value->null ? value : NULL;
}

/* Matrix values first, then params, whose defaults may refer to what stands before them. */
static void collect_values(struct scenario_file *file, const struct matrix_row *row, struct decode *decode, struct scope *scope,
			   struct scenario_case *ret)
{
	const struct yaml *params = yaml_get(file->merged, "params");
	size_t param_count = params && params->kind == YAML_MAP ? params->count : 0;
	struct scenario_value *values = arena_alloc(file->arena, (row->count + param_count) * sizeof(*values));

	if (row->count)
		memcpy(values, row->values, row->count * sizeof(*values));
	scope->values = values;
	scope->value_count = row->count;
	for (size_t i = 0; i < param_count; i++) {
		const struct yaml *key = params->pairs[i].key;
		const struct yaml *standard = default_of(params->pairs[i].value);
		const char *value = override_of(file, key->text);
		bool runtime = false;

		if (!value && standard) {
			scope->family = subst_family(values, scope->value_count);
			value = decode_text(decode, NULL, standard, &runtime);
		}
		if (!value && !standard && !scope->lenient) {
			diag_add(decode->diags, DIAG_MISSING_KEY, key->span, "the param '%s' has no default and no value", key->text);
			diag_help(decode->diags, "run it with -D %s=…", key->text);
		}
		values[scope->value_count++] = (struct scenario_value){key->text, value && !runtime ? value : ""};
	}
	scope->family = subst_family(values, scope->value_count);
	ret->values = values;
	ret->value_count = scope->value_count;
}

/* --- decoding --- */

#define LONG_WAIT (2 * NS_PER_S)

static bool waits_long(const struct node_list *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		const struct step_node *step = (const struct step_node *)steps->items[i];

		if ((step->wait && step->wait->span >= LONG_WAIT) || (step->together && waits_long(&step->together->steps)))
			return true;
	}
	return false;
}

/* A scenario that lets much time pass can be left out by its tag: --tag 'not long'. */
static void add_long_tag(struct scenario_tree *tree, struct arena *arena)
{
	const char *const *written = tree->tags.values;

	if (!waits_long(&tree->steps))
		return;
	const char **tags = arena_alloc(arena, (tree->tags.count + 1) * sizeof(*tags));
	for (size_t i = 0; i < tree->tags.count; i++) {
		if (str_eq(written[i], "long"))
			return;
		tags[i] = written[i];
	}
	tags[tree->tags.count] = "long";
	tree->tags = (struct value_list){.values = tags, .count = tree->tags.count + 1};
}

struct scenario_tree *file_decode(struct scenario_file *file, const struct matrix_row *row, bool lenient, struct diag_list *diags,
				  struct scenario_case *ret_case)
{
	struct runtime_references references = {0};
	struct scope scope = {
		.nodes = yaml_get(file->merged, "nodes"), .links = yaml_get(file->merged, "links"),
		.lenient = lenient, .references = &references,
	};
	struct decode decode = {
		.arena = file->arena, .diags = diags, .registry = file->registry, .substitute = subst_text, .substitution = &scope,
	};

	collect_values(file, row, &decode, &scope, ret_case);
	struct scenario_tree *tree = (struct scenario_tree *)decode_node(&decode, &kind_scenario, file->merged, NULL, NULL);
	tree->family = scope.family;
	add_long_tag(tree, file->arena);
	if (!lenient) {
		references_check(tree, &references, file->arena, diags);
		/* Where names are misspelt, what is unused or does not fit says nothing. */
		if (!diags->errors)
			warnings_check(tree, file->arena, diags);
	}
	array_free(&references.list);
	return tree;
}

static const char *case_id(const struct scenario_file *file, const struct matrix_row *row)
{
	_cleanup_text_ struct text id = {0};

	text_add(&id, file->path);
	for (size_t i = 0; file->has_matrix && i < row->count; i++)
		text_addf(&id, "%s%s=%s", i ? "," : "[", row->values[i].name, row->values[i].value);
	if (file->has_matrix)
		text_add_char(&id, ']');
	return arena_strdup(file->arena, text_str(&id));
}

int scenario_cases(struct scenario_file *file, struct diag_list *diags, const struct scenario_case **ret, size_t *ret_count)
{
	size_t errors = diags->errors;
	const char *context = diags->context;

	if (!file->cases)
		file->cases = arena_alloc(file->arena, file->row_count * sizeof(*file->cases));
	for (size_t i = 0; i < file->row_count; i++) {
		/* A list of its own: a finding that another case had already makes this one no less wrong. */
		struct diag_list own = {0};
		struct scenario_case *scenario = &file->cases[i];

		*scenario = (struct scenario_case){
			.id = case_id(file, &file->rows[i]), .path = file->path, .directory = file->directory, .file = file,
		};
		struct scenario_tree *tree = file_decode(file, &file->rows[i], false, &own, scenario);
		scenario->tree = own.errors ? NULL : tree;
		scenario->partial = tree;
		diags->context = file->has_matrix ? scenario->id : context;
		diag_list_add_all(diags, &own);
		diag_list_free(&own);
	}
	diags->context = context;
	*ret = file->cases;
	*ret_count = file->row_count;
	return diags->errors > errors ? -EINVAL : 0;
}

/* --- while running --- */

int scenario_redecode(const struct scenario_case *scenario, const struct step_node *step, runtime_lookup_fn lookup, void *data,
		      struct arena *arena, struct step_node **ret, struct err *err)
{
	const struct scenario_file *file = scenario->file;
	const struct scope scope = {
		.values = scenario->values, .value_count = scenario->value_count,
		.nodes = yaml_get(file->merged, "nodes"), .links = yaml_get(file->merged, "links"),
		.family = subst_family(scenario->values, scenario->value_count), .lookup = lookup, .lookup_data = data,
	};
	struct diag_list diags = {0};
	struct decode decode = {
		.arena = arena, .diags = &diags, .registry = file->registry, .substitute = subst_text, .substitution = &scope,
	};
	struct step_node *again = (struct step_node *)decode_node(&decode, &kind_step, step->node.yaml, step->node.parent, NULL);
	int r = 0;

	if (diags.errors) {
		const struct diag *first = &diags.items.items[0];

		r = err_set(err, -EINVAL, "%s:%u:%u: %s", first->span.source ? first->span.source->path : file->path, first->span.line,
			    first->span.column, first->message);
	} else {
		*ret = again;
	}
	diag_list_free(&diags);
	return r;
}
