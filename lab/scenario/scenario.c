/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scenario file: loaded with all that it uses, its params and matrix read. */
#include "lab/scenario/scenario.h"

#include <string.h>

#include "lab/scenario/file.h"
#include "lab/scenario/use.h"

static const char *directory_of(const char *path, struct arena *arena)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path));
}

/* Params' names, and the -D that override them. */
static void check_params(const struct scenario_file *file, struct diag_list *diags)
{
	const struct yaml *params = yaml_get(file->merged, "params");
	size_t count = params && params->kind == YAML_MAP ? params->count : 0;
	const char **names = arena_alloc(file->arena, (count + 1) * sizeof(*names));

	for (size_t i = 0; i < count; i++) {
		const struct yaml *key = params->pairs[i].key;

		names[i] = key->text;
		if (!matrix_is_name(key->text)) {
			diag_add(diags, DIAG_BAD_NAME, key->span, "'%s' cannot name a param", key->text);
			diag_help(diags, "letters, digits and _, since it is an environment variable in shell text");
		}
		for (size_t j = 0; file->has_matrix && file->row_count && j < file->rows[0].count; j++)
			if (strcmp(file->rows[0].values[j].name, key->text) == 0)
				diag_add(diags, DIAG_DUPLICATE_NAME, key->span, "the matrix has a value called '%s' already", key->text);
	}
	for (size_t i = 0; i < file->override_count; i++) {
		const char *name = file->overrides[i].name;

		if (params && yaml_get(params, name))
			continue;
		diag_add(diags, DIAG_UNKNOWN_PARAM, (struct span){.source = file->source},
			 "-D %s=…: the scenario has no param '%s'", name, name);
		const char *near = str_nearest(name, names, count);
		if (near)
			diag_help(diags, "did you mean '%s'?", near);
		else if (!count)
			diag_help(diags, "it has no params at all; they stand under 'params:'");
	}
}

static const struct param_override *copy_overrides(struct arena *arena, const struct param_override *overrides, size_t count)
{
	struct param_override *copy = arena_alloc(arena, count * sizeof(*copy));

	for (size_t i = 0; i < count; i++)
		copy[i] = (struct param_override){arena_strdup(arena, overrides[i].name), arena_strdup(arena, overrides[i].value)};
	return copy;
}

/* Reads what can be wrong before there are cases. 0, or -EINVAL with everything that is wrong in `diags`. */
static int read_file(struct scenario_file *file, struct diag_list *diags)
{
	size_t errors = diags->errors;
	struct scenario_case unused;

	file->yaml = yaml_read(file->source, file->arena, diags);
	if (!file->yaml || diags->errors > errors)
		return -1;
	if (file->yaml->kind != YAML_MAP) {
		diag_add(diags, DIAG_WRONG_SHAPE, file->yaml->span, "a scenario is a map of keys and values, not %s",
			 file->yaml->kind == YAML_LIST ? "a list" : "a single value");
		diag_help(diags, "it begins with  scenario: and what it shows");
		return -1;
	}
	file->merged = use_merge(file->yaml, file->path, file->arena, diags);
	const struct yaml *matrix = yaml_get(file->merged, "matrix");
	file->has_matrix = matrix != NULL;
	matrix_expand(matrix, file->arena, diags, &file->rows, &file->row_count);
	check_params(file, diags);
	if (diags->errors == errors)
		return 0;
	/* So that all that is wrong is said at once. */
	static const struct matrix_row no_values;
	file_decode(file, file->row_count ? &file->rows[0] : &no_values, true, diags, &unused);
	return -1;
}

static struct scenario_file *load(struct arena *arena, const struct source *source, const struct registry *registry,
				  const struct param_override *overrides, size_t override_count, struct diag_list *diags)
{
	struct scenario_file *file = mem_new(struct scenario_file);

	file->arena = arena;
	file->source = source;
	file->path = source->path;
	file->directory = directory_of(source->path, arena);
	file->registry = registry;
	file->overrides = copy_overrides(arena, overrides, override_count);
	file->override_count = override_count;
	if (read_file(file, diags) == 0)
		return file;
	/* The findings point into the sources, which outlive the file that could not be loaded. */
	diag_list_keep(diags, ptr_steal(file->arena));
	scenario_file_free(file);
	return NULL;
}

struct scenario_file *scenario_load(const char *path, const struct registry *registry, const struct param_override *overrides,
				    size_t override_count, struct diag_list *diags)
{
	struct arena *arena = arena_new();
	const struct source *source = source_read(path, arena, (struct span){0}, diags);

	if (!source) {
		diag_list_keep(diags, arena);
		return NULL;
	}
	return load(arena, source, registry, overrides, override_count, diags);
}

struct scenario_file *scenario_load_text(const char *path, const char *text, size_t length, const struct registry *registry,
					 const struct param_override *overrides, size_t override_count, struct diag_list *diags)
{
	struct arena *arena = arena_new();
	struct source *source = arena_new_of(arena, struct source);

	*source = (struct source){.path = arena_strdup(arena, path), .text = arena_strndup(arena, text, length), .length = length};
	return load(arena, source, registry, overrides, override_count, diags);
}

void scenario_file_free(struct scenario_file *file)
{
	if (!file)
		return;
	arena_free(file->arena);
	free(file);
}

const struct yaml *scenario_yaml(const struct scenario_file *file)
{
	return file->yaml;
}

const struct source *scenario_source(const struct scenario_file *file)
{
	return file->source;
}
