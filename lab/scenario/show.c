/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `nslab tree`: the typed tree as it was understood. */
#include "lab/scenario/show.h"

#include <string.h>

#include "lab/scenario/visit.h"
#include "lab/scenario/yaml.h"

struct show {
	const struct show_look *look;
	struct text *out;
};

/* A field's value, ready to print. */
struct shown {
	const struct field *field;
	struct text value;
	bool standard; /* it is the default */
};
typedef ARRAY(struct shown) shown_list;

static const char *dim(const struct show *show)
{
	return show->look->colour ? "\x1b[2m" : "";
}

static const char *bold(const struct show *show)
{
	return show->look->colour ? "\x1b[1m" : "";
}

static const char *reset(const struct show *show)
{
	return show->look->colour ? "\x1b[0m" : "";
}

static void add_indent(const struct show *show, unsigned level)
{
	for (unsigned i = 0; i < level; i++)
		text_add(show->out, "  ");
}

static bool is_many(const struct field *field)
{
	return field->shape == FIELD_CHILDREN || field->shape == FIELD_NAMED;
}

static bool is_one(const struct field *field)
{
	return field->shape == FIELD_CHILD || field->shape == FIELD_BESIDE;
}

/* The field of the parent that holds `node`, and the place in it. */
static const struct field *field_of(const struct node *node, size_t *ret_index)
{
	const struct node *parent = node->parent;

	*ret_index = 0;
	for (size_t i = 0; parent && i < parent->kind->field_count; i++) {
		const struct field *field = &parent->kind->fields[i];

		if (is_one(field) && *(struct node *const *)field_at(parent, field) == node)
			return field;
		if (!is_many(field))
			continue;
		const struct node_list *list = field_at(parent, field);
		for (size_t j = 0; j < list->count; j++)
			if (list->items[j] == node) {
				*ret_index = j;
				return field;
			}
	}
	return NULL;
}

static unsigned level_of(const struct node *node)
{
	unsigned level = 0;
	size_t index;

	for (; node->parent; node = node->parent) {
		const struct field *field = field_of(node, &index);

		/* Under a heading of their own, unless their keys stand in the parent itself. */
		if (field && field->shape != FIELD_BESIDE)
			level += is_many(field) && !(field->flags & FIELD_HIDDEN) ? 2 : 1;
	}
	return level;
}

static bool has_children(const struct node *node)
{
	for (size_t i = 0; i < node->kind->field_count; i++) {
		const struct field *field = &node->kind->fields[i];

		if (is_one(field) && *(struct node *const *)field_at(node, field))
			return true;
		if (is_many(field) && ((const struct node_list *)field_at(node, field))->count)
			return true;
	}
	return false;
}

/* What was written, where the value itself is only known while running. */
static const char *runtime_text(const struct node *node, const struct field *field)
{
	const struct yaml *yaml = node->yaml;

	if (!node->runtime || !yaml)
		return NULL;
	if (yaml->kind == YAML_MAP)
		yaml = yaml_get(yaml, field->name);
	return yaml && yaml->kind == YAML_SCALAR && strstr(yaml->text, "$(") ? yaml->text : NULL;
}

static void print_value(const struct node *node, const struct field *field, struct text *out)
{
	const char *later = runtime_text(node, field);

	if (later) {
		text_add(out, later);
		return;
	}
	if (field->shape == FIELD_SCALAR) {
		field->type->print(field, field_at(node, field), out);
		return;
	}
	const struct value_list *list = field_at(node, field);
	for (size_t i = 0; i < list->count; i++) {
		if (i)
			text_add(out, ", ");
		field->type->print(field, (const char *)list->values + i * field->type->size, out);
	}
}

static void collect(const struct show *show, const struct node *node, shown_list *list)
{
	for (size_t i = 0; i < node->kind->field_count; i++) {
		const struct field *field = &node->kind->fields[i];
		bool given = node->given >> i & 1;

		if (field->shape != FIELD_SCALAR && field->shape != FIELD_LIST)
			continue;
		if (!given && (!field->standard || show->look->given_only))
			continue;
		struct shown *shown = array_push(list, (struct shown){.field = field, .standard = !given});
		print_value(node, field, &shown->value);
	}
}

/* Texts of several lines keep them, one level deeper. */
static void add_text(const struct show *show, const struct text *value, unsigned level)
{
	const char *c = text_str(value);

	if (!strchr(c, '\n')) {
		text_add_char(show->out, ' ');
		text_add_visible(show->out, c, value->length);
		return;
	}
	text_add(show->out, " |");
	while (*c) {
		size_t length = strcspn(c, "\n");

		text_add_char(show->out, '\n');
		if (length)
			add_indent(show, level + 1);
		text_add_visible(show->out, c, length);
		c += length + (c[length] == '\n');
	}
}

static void add_values(const struct show *show, const shown_list *list, unsigned level)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct shown *shown = &list->items[i];

		add_indent(show, level);
		text_addf(show->out, "%s%s:", shown->standard ? dim(show) : "", shown->field->name);
		add_text(show, &shown->value, level);
		text_addf(show->out, "%s%s\n", shown->standard ? "  (default)" : "", shown->standard ? reset(show) : "");
	}
}

/* Where it stands, and what it is where its name does not say so. */
static void add_place(const struct show *show, const struct node *node, bool tell_kind)
{
	unsigned line = node->name_span.line ? node->name_span.line : node->span.line;

	if (line)
		text_addf(show->out, "  %s%s%sline %u%s", dim(show), tell_kind ? node->kind->name : "", tell_kind ? ", " : "", line, reset(show));
	text_add_char(show->out, '\n');
}

static int on_node(struct visitor *visitor, const struct node *node)
{
	struct show *show = visitor->data;
	shown_list list = {0};
	size_t index;
	const struct field *field = field_of(node, &index);
	unsigned level = level_of(node);
	bool headless = field && field->shape == FIELD_BESIDE; /* its keys stand in the parent */

	if (field && is_many(field) && index == 0 && !(field->flags & FIELD_HIDDEN)) {
		add_indent(show, level - 1);
		text_addf(show->out, "%s%s%s\n", bold(show), field->name, reset(show));
	}
	collect(show, node, &list);
	if (!headless) {
		add_indent(show, level);
		if (node->name)
			text_addf(show->out, "%s%s%s", bold(show), node->name, reset(show));
		else if (field && is_many(field))
			text_addf(show->out, "%s%s %zu%s", bold(show), node->kind->name, index + 1, reset(show));
		else
			text_addf(show->out, "%s%s%s", bold(show), field ? field->name : node->kind->name, reset(show));
	}
	if (!headless && list.count == 1 && !list.items[0].standard && !has_children(node) && node->kind->decode_scalar) {
		text_add_char(show->out, ':');
		add_text(show, &list.items[0].value, level);
		text_add_char(show->out, '\n');
	} else {
		if (!headless)
			add_place(show, node, field && field->shape == FIELD_NAMED);
		add_values(show, &list, level + 1);
	}
	for (size_t i = 0; i < list.count; i++)
		text_free(&list.items[i].value);
	array_free(&list);
	return visit_children(visitor, node);
}

void show_tree(const struct node *root, const struct show_look *look, struct text *out)
{
	struct show show = {.look = look, .out = out};
	struct visitor visitor = {.other = on_node, .data = &show};

	visit(&visitor, root);
}
