/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `use`: nodes, links and params taken over from other files. */
#include "lab/scenario/use.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lab/scenario/names.h"

#define USE_DEPTH 16
#define USE_FILES 64

struct chain {
	const struct chain *from;
	const char *path; /* resolved, so that one file has one name */
};

struct merge {
	struct arena *arena;
	struct diag_list *diags;
	unsigned files;
	ARRAY(const char *) taken; /* resolved paths: a file that two others use is taken once */
	ARRAY(struct yaml_pair) nodes, params;
	ARRAY(struct yaml *) links;
	struct name_table names; /* of nodes → their key, struct yaml */
};

const char *use_path(const char *path, const char *name, struct arena *arena)
{
	const char *slash = strrchr(path, '/');

	if (name[0] == '/' || !slash)
		return arena_strdup(arena, name);
	return arena_printf(arena, "%.*s/%s", (int)(slash - path), path, name);
}

static const char *resolve(struct merge *merge, const char *path)
{
	_cleanup_free_ char *real = realpath(path, NULL);

	return arena_strdup(merge->arena, real ? real : path);
}

static void take_params(struct merge *merge, const struct yaml *params)
{
	for (size_t i = 0; params && params->kind == YAML_MAP && i < params->count; i++) {
		size_t j = 0;

		while (j < merge->params.count && strcmp(merge->params.items[j].key->text, params->pairs[i].key->text) != 0)
			j++;
		/* The nearer file's default wins: it comes later. */
		if (j < merge->params.count)
			merge->params.items[j] = params->pairs[i];
		else
			array_push(&merge->params, params->pairs[i]);
	}
}

static void take_nodes(struct merge *merge, const struct yaml *nodes)
{
	for (size_t i = 0; nodes && nodes->kind == YAML_MAP && i < nodes->count; i++) {
		const struct yaml *key = nodes->pairs[i].key;
		const struct yaml *other = names_add(&merge->names, key->text, key);

		if (!other) {
			array_push(&merge->nodes, nodes->pairs[i]);
			continue;
		}
		const struct span *first = &other->span;
		diag_add(merge->diags, DIAG_DUPLICATE_NAME, key->span, "the node '%s' is there already, from %s:%u", key->text,
			 first->source->path, first->line);
		diag_help(merge->diags, "give this one another name, or leave it out");
	}
}

static void take_links(struct merge *merge, const struct yaml *links)
{
	for (size_t i = 0; links && links->kind == YAML_LIST && i < links->count; i++)
		array_push(&merge->links, links->items[i]);
}

static void take_file(struct merge *merge, const struct yaml *root, const char *path, const struct chain *chain, unsigned depth);

static void take_used(struct merge *merge, const struct yaml *entry, const char *path, const struct chain *chain, unsigned depth)
{
	if (entry->kind != YAML_SCALAR || entry->null)
		return; /* its shape is judged by the decoder, for the file that is run */

	const char *name = use_path(path, entry->text, merge->arena);
	struct chain next = {.from = chain, .path = resolve(merge, name)};
	for (const struct chain *at = chain; at; at = at->from)
		if (strcmp(at->path, next.path) == 0) {
			diag_add(merge->diags, DIAG_USE_CYCLE, entry->span, "'%s' uses this file in turn", entry->text);
			diag_help(merge->diags, "put what both need into a third file");
			return;
		}
	for (size_t i = 0; i < merge->taken.count; i++)
		if (strcmp(merge->taken.items[i], next.path) == 0)
			return;
	if (depth >= USE_DEPTH || ++merge->files > USE_FILES) {
		diag_add(merge->diags, DIAG_YAML_DEPTH, entry->span, "too many files use each other");
		return;
	}
	array_push(&merge->taken, next.path);
	const struct source *source = source_read(name, merge->arena, entry->span, merge->diags);
	size_t errors = merge->diags->errors;
	const struct yaml *used = source ? yaml_read(source, merge->arena, merge->diags) : NULL;
	if (!used || merge->diags->errors > errors)
		return;
	if (used->kind != YAML_MAP) {
		diag_add(merge->diags, DIAG_WRONG_SHAPE, used->span, "a file that is used is a map with 'nodes' and 'links'");
		return;
	}
	take_file(merge, used, name, &next, depth + 1);
}

static void take_file(struct merge *merge, const struct yaml *root, const char *path, const struct chain *chain, unsigned depth)
{
	const struct yaml *use = yaml_get(root, "use");

	if (use && use->kind == YAML_LIST)
		for (size_t i = 0; i < use->count; i++)
			take_used(merge, use->items[i], path, chain, depth);
	else if (use)
		take_used(merge, use, path, chain, depth);
	take_params(merge, yaml_get(root, "params"));
	take_nodes(merge, yaml_get(root, "nodes"));
	take_links(merge, yaml_get(root, "links"));
}

/* `root` with another value for `key`, which is added at the end where it has none. */
static void replace(struct merge *merge, struct yaml *root, const char *key, struct yaml *value)
{
	for (size_t i = 0; i < root->count; i++)
		if (strcmp(root->pairs[i].key->text, key) == 0) {
			/* What has the wrong shape stays, for the decoder to say so. */
			if (root->pairs[i].value->kind == value->kind) {
				value->span = root->pairs[i].value->span;
				root->pairs[i].value = value;
			}
			return;
		}
	if (!value->count)
		return;
	struct yaml *word = arena_new_of(merge->arena, struct yaml);
	*word = (struct yaml){.kind = YAML_SCALAR, .text = key, .length = strlen(key), .span = value->span};
	root->pairs[root->count++] = (struct yaml_pair){word, value};
}

static struct yaml *map_of(struct merge *merge, const struct yaml_pair *pairs, size_t count, struct span span)
{
	struct yaml *map = arena_new_of(merge->arena, struct yaml);

	*map = (struct yaml){.kind = YAML_MAP, .block = true, .span = span, .count = count};
	map->pairs = arena_alloc(merge->arena, count * sizeof(*pairs));
	if (count)
		memcpy(map->pairs, pairs, count * sizeof(*pairs));
	return map;
}

const struct yaml *use_merge(const struct yaml *root, const char *path, struct arena *arena, struct diag_list *diags)
{
	const struct yaml *use = yaml_get(root, "use");
	struct merge merge = {.arena = arena, .diags = diags, .names = {.arena = arena}};

	if (!use)
		return root;
	struct chain chain = {.path = resolve(&merge, path)};
	take_file(&merge, root, path, &chain, 0);

	struct yaml *merged = arena_new_of(arena, struct yaml), *links = arena_new_of(arena, struct yaml);
	*merged = *root;
	merged->pairs = arena_alloc(arena, (root->count + 3) * sizeof(*merged->pairs));
	memcpy(merged->pairs, root->pairs, root->count * sizeof(*merged->pairs));
	*links = (struct yaml){.kind = YAML_LIST, .block = true, .span = use->span, .count = merge.links.count};
	links->items = arena_alloc(arena, merge.links.count * sizeof(*links->items));
	if (merge.links.count)
		memcpy(links->items, merge.links.items, merge.links.count * sizeof(*links->items));
	replace(&merge, merged, "params", map_of(&merge, merge.params.items, merge.params.count, use->span));
	replace(&merge, merged, "nodes", map_of(&merge, merge.nodes.items, merge.nodes.count, use->span));
	replace(&merge, merged, "links", links);
	array_free(&merge.taken);
	array_free(&merge.nodes);
	array_free(&merge.params);
	array_free(&merge.links);
	return merged;
}
