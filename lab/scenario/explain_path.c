/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside `nslab explain`: where a path of keys leads. */
#include "lab/scenario/explain_path.h"

#include <errno.h>
#include <string.h>

#include "lab/scenario/tree.h"

#define PATH_MAX_PARTS 32

struct walk {
	const struct registry *registry;
	const char *parts[PATH_MAX_PARTS]; /* the rest of the path from each key on: "send.with", "with" */
	size_t count;
	struct explain_target target;
	char head[64];                     /* the key at hand */
	struct err *err;
};

const struct node_kind *explain_options(const struct registry_driver *driver, const char *verb)
{
	if (strcmp(verb, "send") == 0)
		return driver->send;
	if (strcmp(verb, "receive") == 0)
		return driver->receive;
	if (strcmp(verb, "open") == 0)
		return driver->open;
	return NULL;
}

static const char *head_of(struct walk *walk, size_t at)
{
	size_t length = strcspn(walk->parts[at], ".");

	if (length >= sizeof(walk->head))
		length = sizeof(walk->head) - 1;
	memcpy(walk->head, walk->parts[at], length);
	walk->head[length] = '\0';
	return walk->head;
}

static bool has_beside(const struct node_kind *kind)
{
	for (size_t i = 0; i < kind->field_count; i++)
		if (kind->fields[i].shape == FIELD_BESIDE)
			return true;
	return false;
}

static int unknown(struct walk *walk, const char *word, const struct node_kind *kind, bool top)
{
	ARRAY(const char *) names = {0};
	struct text all = {0};
	int r;

	for (size_t i = 0; kind && i < kind->field_count; i++)
		if (!(kind->fields[i].flags & FIELD_HIDDEN))
			array_push(&names, kind->fields[i].name);
	for (size_t i = 0; i < names.count; i++)
		text_addf(&all, "%s%s", i ? ", " : "", names.items[i]);
	if (top || (kind && has_beside(kind)))
		for (size_t i = 0; i < walk->registry->driver_count; i++)
			array_push(&names, walk->registry->drivers[i].name);
	for (size_t i = 0; top && i < kind_step.field_count; i++)
		array_push(&names, kind_step.fields[i].name);
	const char *near = names.count ? str_nearest(word, names.items, names.count) : NULL;
	if (near)
		r = err_set(walk->err, -ENOENT, "'%s' is no key here; did you mean '%s'?", word, near);
	else if (all.length)
		r = err_set(walk->err, -ENOENT, "'%s' is no key here; there are %s", word, text_str(&all));
	else
		r = err_set(walk->err, -ENOENT, "'%s' is no key here: there are none below", word);
	text_free(&all);
	array_free(&names);
	return r;
}

/* A layer by the longest name that the rest of the path begins with ("ipv6.hopopts"), then a field of it. */
static int find_layer(struct walk *walk, const char *rest)
{
	const struct layer *best = NULL;
	size_t best_length = 0;
	ARRAY(const char *) names = {0};

	for (const struct layer *const *l = layers; *l; l++) {
		size_t length = strlen((*l)->name);

		array_push(&names, (*l)->name);
		if (strncmp(rest, (*l)->name, length) == 0 && (!rest[length] || rest[length] == '.') && length > best_length) {
			best = *l;
			best_length = length;
		}
	}
	if (!best) {
		size_t length = strcspn(rest, ".");
		struct text word = {0};

		text_add_bytes(&word, rest, length);
		const char *near = str_nearest(text_str(&word), names.items, names.count);
		int r = near ? err_set(walk->err, -ENOENT, "'%s' is no layer; did you mean '%s'?", text_str(&word), near) :
			       err_set(walk->err, -ENOENT, "'%s' is no layer", text_str(&word));
		text_free(&word);
		array_free(&names);
		return r;
	}
	array_free(&names);
	walk->target = (struct explain_target){.layer = best};
	if (!rest[best_length])
		return 0;
	walk->target.layer_field = layer_field_find(best, rest + best_length + 1);
	if (walk->target.layer_field)
		return 0;
	for (size_t i = 0; i < best->field_count; i++)
		array_push(&names, best->fields[i].name);
	const char *near = names.count ? str_nearest(rest + best_length + 1, names.items, names.count) : NULL;
	int r = near ? err_set(walk->err, -ENOENT, "layer %s has no field '%s'; did you mean '%s'?", best->name, rest + best_length + 1, near) :
		       err_set(walk->err, -ENOENT, "layer %s has no field '%s'", best->name, rest + best_length + 1);
	array_free(&names);
	return r;
}

static int walk_kind(struct walk *walk, const struct node_kind *kind, size_t at, bool named);

static int walk_field(struct walk *walk, const struct node_kind *kind, const struct field *field, size_t at)
{
	walk->target.owner = kind;
	walk->target.field = field;
	walk->target.kind = field->kind;
	if (at == walk->count)
		return 0;
	if (!field->kind)
		return err_set(walk->err, -ENOENT, "'%s' is %s and has no keys below, so '%s' leads nowhere", field->name,
			       field->type ? field->type->name : "a value", walk->parts[at]);
	return walk_kind(walk, field->kind, at, field->shape == FIELD_NAMED);
}

/* An option of a technique, or a technique's name. 1 found. */
static int walk_options(struct walk *walk, const struct node_kind *kind, size_t at)
{
	const char *word = head_of(walk, at);

	for (size_t i = 0; i < walk->registry->driver_count; i++) {
		const struct registry_driver *driver = &walk->registry->drivers[i];
		const struct node_kind *options = explain_options(driver, kind->name);

		if (!options)
			continue;
		if (strcmp(driver->name, word) == 0) {
			walk->target = (struct explain_target){.driver = driver, .kind = options};
			if (at + 1 == walk->count)
				return 1;
			int r = walk_kind(walk, options, at + 1, false);
			walk->target.driver = driver;
			return r < 0 ? r : 1;
		}
	}
	for (size_t i = 0; i < walk->registry->driver_count; i++) {
		const struct registry_driver *driver = &walk->registry->drivers[i];
		const struct node_kind *options = explain_options(driver, kind->name);
		const struct field *field = options ? node_kind_field(options, word) : NULL;

		if (field) {
			int r = walk_field(walk, options, field, at + 1);

			walk->target.driver = driver;
			return r < 0 ? r : 1;
		}
	}
	return 0;
}

static int walk_kind(struct walk *walk, const struct node_kind *kind, size_t at, bool named)
{
	const char *word = head_of(walk, at);
	const struct field *field = node_kind_field(kind, word);
	const char *near = NULL;
	int r;

	if (kind == &kind_packet)
		return find_layer(walk, walk->parts[at]);
	if (field && field->shape != FIELD_BESIDE)
		return walk_field(walk, kind, field, at + 1);
	if (has_beside(kind)) {
		r = walk_options(walk, kind, at);
		if (r)
			return r < 0 ? r : 0;
	}
	word = head_of(walk, at);
	if (kind == &kind_link && (strchr(word, ':') || strcmp(word, "end") == 0))
		return walk_field(walk, kind, node_kind_field(kind, "ends"), at + 1);
	if (!named)
		return unknown(walk, word, kind, false);
	if (kind == &kind_match && (str_eq(walk->target.field->name, "where") || str_eq(walk->target.field->name, "fields")))
		return find_layer(walk, walk->parts[at]);
	if (kind == &kind_setting || kind == &kind_match) /* a sysctl's name holds dots itself; words of a state are many */
		return 0;
	/* A name of the scenario's own, unless it looks like a key that was mistyped. */
	const char *keys[64];
	size_t count = 0;
	for (size_t i = 0; i < kind->field_count && count < COUNT_OF(keys); i++)
		keys[count++] = kind->fields[i].name;
	near = at + 1 == walk->count ? str_nearest(word, keys, count) : NULL;
	if (near)
		return unknown(walk, word, kind, false);
	return at + 1 == walk->count ? 0 : walk_kind(walk, kind, at + 1, false);
}

static void split(struct walk *walk, const char *path)
{
	for (const char *c = path; *c && walk->count < PATH_MAX_PARTS;) {
		walk->parts[walk->count++] = c;
		c += strcspn(c, ".");
		if (*c)
			c++;
	}
}

int explain_find(const char *path, const struct registry *registry, struct explain_target *ret, struct err *err)
{
	struct walk walk = {.registry = registry, .err = err, .target = {.kind = &kind_scenario}};
	int r = 0;

	split(&walk, path);
	if (!walk.count) {
		*ret = walk.target;
		return 0;
	}
	const char *word = head_of(&walk, 0);
	const struct registry_driver *driver = registry_driver(registry, word);
	if (node_kind_field(&kind_scenario, word))
		r = walk_kind(&walk, &kind_scenario, 0, false);
	else if (node_kind_field(&kind_step, word))
		r = walk_kind(&walk, &kind_step, 0, false);
	else if (layer_find(word))
		r = find_layer(&walk, path);
	else if (driver) {
		const struct node_kind *options = driver->send ? driver->send : driver->receive ? driver->receive : driver->open;

		walk.target = (struct explain_target){.driver = driver, .kind = options};
		if (walk.count > 1 && options)
			r = walk_kind(&walk, options, 1, false);
		walk.target.driver = driver;
	} else {
		return unknown(&walk, word, &kind_scenario, true);
	}
	if (r == 0)
		*ret = walk.target;
	return r;
}
