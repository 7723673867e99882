/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The matrix: from axes or rows to cases. */
#include "lab/scenario/matrix.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define CASES_MAX 10000

struct expansion {
	struct arena *arena;
	struct diag_list *diags;
	ARRAY(struct matrix_row) rows;
};

bool matrix_is_name(const char *name)
{
	if (!isalpha((unsigned char)*name) && *name != '_')
		return false;
	while (isalnum((unsigned char)*name) || *name == '_')
		name++;
	return !*name;
}

static int check_name(struct expansion *expansion, const struct yaml *key)
{
	if (matrix_is_name(key->text))
		return 0;
	diag_add(expansion->diags, DIAG_BAD_NAME, key->span, "'%s' cannot name a matrix value", key->text);
	diag_help(expansion->diags, "letters, digits and _, since it is an environment variable in shell text");
	return -EINVAL;
}

static int check_value(struct expansion *expansion, const struct yaml *value, const char *axis)
{
	if (value->kind == YAML_SCALAR && !value->null)
		return 0;
	return diag_add(expansion->diags, DIAG_WRONG_SHAPE, value->span, "a value of '%s' is a single value, not %s", axis,
			value->kind == YAML_MAP ? "a map" : value->kind == YAML_LIST ? "a list" : "nothing");
}

/* One map of names and values; every name of `like` must be there, where it is not NULL. */
static int read_row(struct expansion *expansion, const struct yaml *map, const char *const *like, size_t like_count)
{
	if (map->kind != YAML_MAP)
		return diag_add(expansion->diags, DIAG_WRONG_SHAPE, map->span, "a row of the matrix is a map of names and values");
	struct scenario_value *values = arena_alloc(expansion->arena, map->count * sizeof(*values));
	bool failed = false;

	for (size_t i = 0; i < map->count; i++) {
		failed |= check_name(expansion, map->pairs[i].key) < 0;
		failed |= check_value(expansion, map->pairs[i].value, map->pairs[i].key->text) < 0;
		values[i] = (struct scenario_value){map->pairs[i].key->text, map->pairs[i].value->text};
	}
	for (size_t i = 0; i < like_count; i++)
		if (!yaml_get(map, like[i]))
			failed |= diag_add(expansion->diags, DIAG_MISSING_KEY, map->count ? map->pairs[0].key->span : map->span,
					   "this row has no '%s', and the others do", like[i]) < 0;
	if (!failed)
		array_push(&expansion->rows, (struct matrix_row){values, map->count});
	return failed ? -EINVAL : 0;
}

static int read_rows(struct expansion *expansion, const struct yaml *list)
{
	const char **like = NULL;
	size_t like_count = 0;

	if (!list->count)
		return diag_add(expansion->diags, DIAG_BAD_VALUE, list->span, "the matrix has no rows, so there would be no case to run");
	if (list->count > CASES_MAX)
		return diag_add(expansion->diags, DIAG_OUT_OF_RANGE, list->span, "%zu cases, and at most %d are allowed",
				list->count, CASES_MAX);
	if (list->items[0]->kind == YAML_MAP) {
		like_count = list->items[0]->count;
		like = arena_alloc(expansion->arena, like_count * sizeof(*like));
		for (size_t i = 0; i < like_count; i++)
			like[i] = list->items[0]->pairs[i].key->text;
	}
	for (size_t i = 0; i < list->count; i++)
		read_row(expansion, list->items[i], like, like_count);
	return 0;
}

/* --- axes --- */

struct axis {
	const char *name;
	const struct yaml *const *values;
	size_t count;
};

static bool is_word_of_ours(const char *name)
{
	return strcmp(name, "include") == 0 || strcmp(name, "exclude") == 0;
}

static int read_axis(struct expansion *expansion, const struct yaml_pair *pair, struct axis *ret)
{
	const struct yaml *value = pair->value;
	bool failed = check_name(expansion, pair->key) < 0;

	if (value->kind != YAML_LIST) {
		diag_add(expansion->diags, DIAG_WRONG_SHAPE, value->span, "the axis '%s' wants a list of its values", pair->key->text);
		diag_help(expansion->diags, "as in  %s: [a, b]", pair->key->text);
		return -EINVAL;
	}
	if (!value->count)
		return diag_add(expansion->diags, DIAG_BAD_VALUE, value->span,
				"the axis '%s' has no values, so there would be no case to run", pair->key->text);
	for (size_t i = 0; i < value->count; i++)
		failed |= check_value(expansion, value->items[i], pair->key->text) < 0;
	*ret = (struct axis){pair->key->text, (const struct yaml *const *)value->items, value->count};
	return failed ? -EINVAL : 0;
}

/* The last axis is the fastest. */
static void multiply(struct expansion *expansion, const struct axis *axes, size_t axis_count, size_t total)
{
	for (size_t number = 0; number < total; number++) {
		struct scenario_value *values = arena_alloc(expansion->arena, axis_count * sizeof(*values));
		size_t rest = number;

		for (size_t i = axis_count; i-- > 0;) {
			values[i] = (struct scenario_value){axes[i].name, axes[i].values[rest % axes[i].count]->text};
			rest /= axes[i].count;
		}
		array_push(&expansion->rows, (struct matrix_row){values, axis_count});
	}
}

static const char *row_value(const struct matrix_row *row, const char *name)
{
	for (size_t i = 0; i < row->count; i++)
		if (strcmp(row->values[i].name, name) == 0)
			return row->values[i].value;
	return NULL;
}

static bool row_matches(const struct matrix_row *row, const struct yaml *pattern)
{
	for (size_t i = 0; i < pattern->count; i++) {
		const char *value = row_value(row, pattern->pairs[i].key->text);

		if (!value || strcmp(value, pattern->pairs[i].value->text) != 0)
			return false;
	}
	return true;
}

/* The maps of `include` or `exclude`: a list, or one map. */
static size_t entries_of(const struct yaml *yaml, const struct yaml *const **ret)
{
	static const struct yaml *const none[1];

	*ret = none;
	if (!yaml || yaml->kind != YAML_LIST)
		return 0;
	*ret = (const struct yaml *const *)yaml->items;
	return yaml->count;
}

static void exclude_rows(struct expansion *expansion, const struct yaml *pattern, const char *const *names, size_t name_count)
{
	size_t kept = 0, before = expansion->rows.count;

	if (pattern->kind != YAML_MAP || !pattern->count) {
		diag_add(expansion->diags, DIAG_WRONG_SHAPE, pattern->span, "an entry of 'exclude' is a map of names and values");
		return;
	}
	for (size_t i = 0; i < pattern->count; i++) {
		const char *key = pattern->pairs[i].key->text;
		size_t j = 0;

		while (j < name_count && strcmp(names[j], key) != 0)
			j++;
		if (j == name_count) {
			const char *near = str_nearest(key, names, name_count);

			diag_add(expansion->diags, DIAG_UNKNOWN_KEY, pattern->pairs[i].key->span, "the matrix has no axis '%s'", key);
			if (near)
				diag_help(expansion->diags, "did you mean '%s'?", near);
			return;
		}
		if (check_value(expansion, pattern->pairs[i].value, key) < 0)
			return;
	}
	for (size_t i = 0; i < before; i++)
		if (!row_matches(&expansion->rows.items[i], pattern))
			expansion->rows.items[kept++] = expansion->rows.items[i];
	expansion->rows.count = kept;
	if (kept == before)
		diag_add(expansion->diags, DIAG_BAD_VALUE, pattern->span, "this excludes nothing: no case has these values");
}

static int read_axes(struct expansion *expansion, const struct yaml *map)
{
	struct axis *axes = arena_alloc(expansion->arena, (map->count + 1) * sizeof(*axes));
	const char **names = arena_alloc(expansion->arena, (map->count + 1) * sizeof(*names));
	size_t axis_count = 0, total = 1;
	bool failed = false;

	for (size_t i = 0; i < map->count; i++) {
		if (is_word_of_ours(map->pairs[i].key->text))
			continue;
		if (read_axis(expansion, &map->pairs[i], &axes[axis_count]) < 0) {
			failed = true;
			continue;
		}
		names[axis_count] = axes[axis_count].name;
		total *= axes[axis_count++].count;
		if (total > CASES_MAX)
			return diag_add(expansion->diags, DIAG_OUT_OF_RANGE, map->span, "more than %d cases", CASES_MAX);
	}
	if (failed)
		return -EINVAL;
	if (axis_count)
		multiply(expansion, axes, axis_count, total);

	const struct yaml *const *entries;
	const struct yaml *exclude = yaml_get(map, "exclude"), *include = yaml_get(map, "include");
	size_t count = entries_of(exclude, &entries);
	if (exclude && exclude->kind == YAML_MAP)
		exclude_rows(expansion, exclude, names, axis_count);
	for (size_t i = 0; i < count; i++)
		exclude_rows(expansion, entries[i], names, axis_count);
	count = entries_of(include, &entries);
	if (include && include->kind == YAML_MAP)
		read_row(expansion, include, names, axis_count);
	for (size_t i = 0; i < count; i++)
		read_row(expansion, entries[i], names, axis_count);
	if (!expansion->rows.count)
		return diag_add(expansion->diags, DIAG_BAD_VALUE, map->count ? map->pairs[0].key->span : map->span,
				"the matrix leaves no case to run");
	return 0;
}

static bool rows_equal(const struct matrix_row *a, const struct matrix_row *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->values[i].name, b->values[i].name) != 0 || strcmp(a->values[i].value, b->values[i].value) != 0)
			return false;
	return true;
}

/* Two cases of one name could not be told apart. */
static void find_twins(struct expansion *expansion, const struct yaml *matrix)
{
	for (size_t i = 1; i < expansion->rows.count && expansion->rows.count <= 1000; i++)
		for (size_t j = 0; j < i; j++)
			if (rows_equal(&expansion->rows.items[i], &expansion->rows.items[j])) {
				diag_add(expansion->diags, DIAG_DUPLICATE_NAME, matrix->count &&
					 matrix->kind == YAML_MAP ? matrix->pairs[0].key->span : matrix->span,
					 "two cases of the matrix have the same values");
				return;
			}
}

int matrix_expand(const struct yaml *matrix, struct arena *arena, struct diag_list *diags, const struct matrix_row **ret_rows,
		  size_t *ret_count)
{
	struct expansion expansion = {.arena = arena, .diags = diags};
	size_t errors = diags->errors;

	if (!matrix)
		array_push(&expansion.rows, (struct matrix_row){0});
	else if (matrix->kind == YAML_LIST)
		read_rows(&expansion, matrix);
	else if (matrix->kind == YAML_MAP)
		read_axes(&expansion, matrix);
	else
		diag_add(diags, DIAG_WRONG_SHAPE, matrix->span, "the matrix wants a map of lists, or a list of maps");
	if (matrix)
		find_twins(&expansion, matrix);

	struct matrix_row *rows = arena_alloc(arena, expansion.rows.count * sizeof(*rows));
	if (expansion.rows.count)
		memcpy(rows, expansion.rows.items, expansion.rows.count * sizeof(*rows));
	*ret_rows = rows;
	*ret_count = expansion.rows.count;
	array_free(&expansion.rows);
	return diags->errors > errors ? -EINVAL : 0;
}
