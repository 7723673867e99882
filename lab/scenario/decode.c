/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The strict decoder: YAML into typed nodes, through field tables alone. */
#include "lab/scenario/decode.h"

#include <errno.h>
#include <string.h>

#include "lab/scenario/iproute.h"
#include "lab/scenario/quote.h"
#include "lab/scenario/tree.h"

/* A file with more errors than this is not read further: nobody reads so many. */
#define FINDINGS_MAX 200

static const char *shape_name(const struct yaml *yaml)
{
	switch (yaml->kind) {
	case YAML_MAP:
		return "a map";
	case YAML_LIST:
		return "a list";
	default:
		return yaml->null ? "nothing" : "a single value";
	}
}

int decode_wrong_shape(struct decode *decode, const struct yaml *yaml, const char *what, const char *wanted)
{
	bool one_line = !memchr(yaml->span.source->text + yaml->span.offset, '\n', yaml->span.length);

	if (yaml->kind != YAML_SCALAR && !yaml->block && one_line && strcmp(wanted, "a single value") == 0) {
		diag_add(decode->diags, DIAG_QUOTE_THIS, yaml->span, "'%s' is a single value, and YAML reads this as %s", what,
			 shape_name(yaml));
		quote_help(decode->diags, yaml->span);
		return -EINVAL;
	}
	if (yaml->kind == YAML_SCALAR && yaml->null)
		return diag_add(decode->diags, DIAG_WRONG_SHAPE, yaml->span, "'%s' has no value; it wants %s", what, wanted);
	return diag_add(decode->diags, DIAG_WRONG_SHAPE, yaml->span, "'%s' wants %s, not %s", what, wanted, shape_name(yaml));
}

const char *decode_text(struct decode *decode, const struct field *field, const struct yaml *yaml, bool *ret_runtime)
{
	const char *text = yaml->text;

	*ret_runtime = false;
	if (!decode->substitute || (field && field->flags & FIELD_VERBATIM) || !strstr(text, "$("))
		return text;
	int r = decode->substitute(decode, field, yaml, &text);
	*ret_runtime = r > 0;
	return r < 0 ? NULL : text;
}

static enum diag_id value_diag(const struct field *field, int r)
{
	if (r == -ERANGE)
		return DIAG_OUT_OF_RANGE;
	if (field->type == &type_enum)
		return DIAG_UNKNOWN_CHOICE;
	if (field->type == &type_route || field->type == &type_rule || field->type == &type_neighbour)
		return DIAG_BAD_ROUTE;
	return DIAG_BAD_VALUE;
}

/* Where the message starts by quoting a word of the value, the mark goes under that word. */
static struct span narrow(const struct yaml *yaml, const char *message)
{
	const char *end = message[0] == '\'' ? strchr(message + 1, '\'') : NULL;

	return end ? span_find(yaml->span, message + 1, (size_t)(end - message - 1)) : yaml->span;
}

/* A type's message is "what is wrong", or "what is wrong; what would be right". */
static int report_value(struct decode *decode, const struct field *field, const struct yaml *yaml, int r, const struct err *err)
{
	const char *half = strstr(err->text, "; ");
	enum diag_id id = value_diag(field, r);
	struct span span = narrow(yaml, err->text);

	if (!half)
		return diag_add(decode->diags, id, span, "%s", err->text);
	diag_add(decode->diags, id, span, "%.*s", (int)(half - err->text), err->text);
	diag_help(decode->diags, "%s", half + 2);
	return -EINVAL;
}

/* Parses one scalar into `value`. 0, 1 only the run knows, -EINVAL reported. */
static int decode_value(struct decode *decode, const struct field *field, const struct yaml *yaml, void *value)
{
	struct err err = {0};
	bool runtime;

	if (yaml->kind != YAML_SCALAR || yaml->null)
		return decode_wrong_shape(decode, yaml, field->name, "a single value");
	const char *text = decode_text(decode, field, yaml, &runtime);
	if (!text)
		return -EINVAL;
	if (runtime)
		return 1;
	int r = field->type->parse(field, text, decode->arena, value, &err);
	return r < 0 ? report_value(decode, field, yaml, r, &err) : 0;
}

static int decode_values(struct decode *decode, struct node *node, const struct field *field, const struct yaml *yaml)
{
	const struct yaml *const single[] = {yaml};
	const struct yaml *const *items = single;
	size_t count = 1;
	bool failed = false, runtime = false;
	struct value_list list = {0};

	if (yaml->kind == YAML_LIST) {
		items = (const struct yaml *const *)yaml->items;
		count = yaml->count;
	} else if (yaml->kind == YAML_MAP || yaml->null)
		return decode_wrong_shape(decode, yaml, field->name, "a list, or one value");

	list.values = arena_alloc(decode->arena, count * field->type->size);
	list.spans = arena_alloc(decode->arena, count * sizeof(*list.spans));
	for (size_t i = 0; i < count; i++) {
		int r = decode_value(decode, field, items[i], (char *)list.values + list.count * field->type->size);

		failed |= r < 0;
		runtime |= r > 0;
		if (r == 0)
			list.spans[list.count++] = items[i]->span;
	}
	if (runtime)
		node->runtime = true;
	else
		*(struct value_list *)field_at(node, field) = list;
	return failed ? -EINVAL : 0;
}

void decode_append(struct decode *decode, struct node_list *list, struct node *child)
{
	/* Grown by doubling: the capacity is the next power of two, so it need not be kept. */
	if (!(list->count & (list->count - 1))) {
		struct node **items = arena_alloc(decode->arena, (list->count ? list->count * 2 : 1) * sizeof(*items));

		if (list->count)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
	}
	list->items[list->count++] = child;
}

static void add_child(struct decode *decode, struct node *node, const struct field *field, const struct yaml *yaml,
		      const struct yaml *key)
{
	struct node *child = decode_node(decode, field->kind, yaml, node, key);

	decode_append(decode, field_at(node, field), child);
	node->runtime |= child->runtime && child->kind != &kind_step;
}

static int decode_field_at(struct decode *decode, struct node *node, const struct field *field, const struct yaml *yaml,
			   const struct yaml *key)
{
	size_t index = (size_t)(field - node->kind->fields);

	node->given |= UINT64_C(1) << index;
	((struct span *)(uintptr_t)node->field_spans)[index] = yaml->span;
	switch (field->shape) {
	case FIELD_SCALAR: {
		int r = decode_value(decode, field, yaml, field_at(node, field));

		node->runtime |= r > 0;
		return r < 0 ? r : 0;
	}
	case FIELD_LIST:
		return decode_values(decode, node, field, yaml);
	case FIELD_CHILD: {
		struct node *child = decode_node(decode, field->kind, yaml, node, field->flags & FIELD_VERB ? key : NULL);

		*(struct node **)field_at(node, field) = child;
		node->runtime |= child->runtime;
		return 0;
	}
	case FIELD_CHILDREN:
		if (yaml->kind != YAML_LIST && (!(field->flags & FIELD_LONE) || (yaml->kind == YAML_SCALAR && yaml->null)))
			return decode_wrong_shape(decode, yaml, field->name, "a list");
		if (yaml->kind != YAML_LIST)
			add_child(decode, node, field, yaml, NULL);
		else
			for (size_t i = 0; i < yaml->count; i++)
				add_child(decode, node, field, yaml->items[i], NULL);
		return 0;
	case FIELD_NAMED:
		if (yaml->kind != YAML_MAP)
			return decode_wrong_shape(decode, yaml, field->name, "a map");
		for (size_t i = 0; i < yaml->count; i++)
			add_child(decode, node, field, yaml->pairs[i].value, yaml->pairs[i].key);
		return 0;
	case FIELD_BESIDE:
		break;
	}
	return -EINVAL;
}

static const struct field *visible_field(const struct node_kind *kind, const char *name)
{
	const struct field *field = node_kind_field(kind, name);

	return field && !(field->flags & FIELD_HIDDEN) ? field : NULL;
}

int decode_field(struct decode *decode, struct node *node, const char *name, const struct yaml *yaml)
{
	return decode_field_at(decode, node, node_kind_field(node->kind, name), yaml, NULL);
}

#define KEYS_MAX 96

static size_t collect_keys(const struct node_kind *kind, const char **keys, size_t count)
{
	for (size_t i = 0; kind && i < kind->field_count && count < KEYS_MAX; i++)
		if (!(kind->fields[i].flags & FIELD_HIDDEN))
			keys[count++] = kind->fields[i].name;
	return count;
}

static void unknown_key(struct decode *decode, const struct node *node, const struct node_kind *beside, const struct yaml *key)
{
	const char *keys[KEYS_MAX];
	size_t count = collect_keys(beside, keys, collect_keys(node->kind, keys, 0));
	const char *near = str_nearest(key->text, keys, count);
	struct text all = {0};

	diag_add(decode->diags, DIAG_UNKNOWN_KEY, key->span, "unknown key '%s'", key->text);
	if (near)
		diag_help(decode->diags, "did you mean '%s'?", near);
	else if (count) {
		for (size_t i = 0; i < count; i++)
			text_addf(&all, "%s%s", i ? ", " : "", keys[i]);
		diag_help(decode->diags, "%s knows %s", node->kind->name, text_str(&all));
	}
	text_free(&all);
}

static struct node *new_node(struct decode *decode, const struct node_kind *kind, const struct yaml *yaml, const struct node *parent)
{
	struct node *node = arena_alloc(decode->arena, kind->size);
	struct err err = {0};

	node->kind = kind;
	node->span = yaml->span;
	node->yaml = yaml;
	node->parent = parent;
	node->field_spans = arena_alloc(decode->arena, kind->field_count * sizeof(*node->field_spans));
	if (node_set_standards(node, decode->arena, &err) < 0)
		diag_add(decode->diags, DIAG_BAD_VALUE, yaml->span, "%s", err.text);
	for (size_t i = 0; i < kind->field_count; i++)
		if (kind->fields[i].shape == FIELD_SCALAR && kind->fields[i].type == &type_endpoint)
			((struct endpoint *)field_at(node, &kind->fields[i]))->port = -1;
	return node;
}

/* Where what a map lacks is reported: its key, else its first line's key. */
static struct span head_span(const struct node *node)
{
	if (node->name_span.line)
		return node->name_span;
	if (node->yaml->kind == YAML_MAP && node->yaml->count)
		return node->yaml->pairs[0].key->span;
	return node->span;
}

static void check_required(struct decode *decode, const struct node *node, struct span at)
{
	const struct node_kind *kind = node->kind;

	for (size_t i = 0; i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];

		if (!(field->flags & FIELD_REQUIRED) || node->given >> i & 1)
			continue;
		diag_add(decode->diags, DIAG_MISSING_KEY, at, "'%s' is missing here", field->name);
		if (field->example)
			diag_help(decode->diags, "%s, as in  %.*s", kind->name, (int)strcspn(field->example, "\n"), field->example);
	}
}

static void complete(struct decode *decode, struct node *node, struct span at)
{
	check_required(decode, node, at);
	if (node->kind->finish)
		node->kind->finish(decode, node);
}

/* A key that is no field of the node: an option that stands beside, or one that the kind takes itself. */
static void decode_foreign_key(struct decode *decode, struct node *node, struct node *options, const struct yaml_pair *pair)
{
	const struct field *field = options ? visible_field(options->kind, pair->key->text) : NULL;
	int taken = 0;

	if (field) {
		decode_field_at(decode, options, field, pair->value, pair->key);
		return;
	}
	if (options && options->kind->decode_other)
		taken = options->kind->decode_other(decode, pair->key, pair->value, options);
	if (taken == 0 && node->kind->decode_other)
		taken = node->kind->decode_other(decode, pair->key, pair->value, node);
	if (taken == 0)
		unknown_key(decode, node, options ? options->kind : NULL, pair->key);
}

static struct node *options_of(struct decode *decode, struct node *node, const struct yaml *yaml)
{
	const struct node_kind *kind = node->kind;

	for (size_t i = 0; i < kind->field_count; i++) {
		if (kind->fields[i].shape != FIELD_BESIDE)
			continue;
		const struct node_kind *beside = kind->beside(decode->registry, node);
		if (!beside)
			return NULL;
		struct node *options = new_node(decode, beside, yaml, node);
		*(struct node **)field_at(node, &kind->fields[i]) = options;
		return options;
	}
	return NULL;
}

static void decode_map(struct decode *decode, struct node *node, const struct yaml *yaml)
{
	const struct node_kind *kind = node->kind;

	for (size_t i = 0; i < yaml->count; i++) {
		const struct field *field = visible_field(kind, yaml->pairs[i].key->text);

		if (field)
			decode_field_at(decode, node, field, yaml->pairs[i].value, yaml->pairs[i].key);
	}
	struct node *options = options_of(decode, node, yaml);
	for (size_t i = 0; i < yaml->count; i++)
		if (!visible_field(kind, yaml->pairs[i].key->text))
			decode_foreign_key(decode, node, options, &yaml->pairs[i]);
	if (options) {
		complete(decode, options, head_span(node));
		node->runtime |= options->runtime;
	}
}

/* `{hello}` where a text may stand: a map on one line, none of whose keys means anything here. */
static bool is_text_taken_apart(const struct node_kind *kind, const struct yaml *yaml)
{
	if (yaml->block || !kind->decode_scalar || kind->decode_other || !yaml->count)
		return false;
	for (size_t i = 0; i < yaml->count; i++)
		if (visible_field(kind, yaml->pairs[i].key->text))
			return false;
	return true;
}

struct node *decode_node(struct decode *decode, const struct node_kind *kind, const struct yaml *yaml, const struct node *parent,
			 const struct yaml *key)
{
	struct node *node = new_node(decode, kind, yaml, parent);
	const char *what = key ? key->text : kind->name;

	if (key) {
		node->name = key->text;
		node->name_span = key->span;
	}
	if (decode->diags->errors >= FINDINGS_MAX)
		return node;
	if (yaml->kind == YAML_MAP) {
		if (is_text_taken_apart(kind, yaml)) {
			decode_wrong_shape(decode, yaml, what, "a single value");
			return node;
		}
		decode_map(decode, node, yaml);
	} else if (yaml->kind == YAML_LIST) {
		if (!kind->decode_list) {
			decode_wrong_shape(decode, yaml, what, kind->decode_scalar ? "a single value" : "a map");
			return node;
		}
		if (kind->decode_list(decode, yaml, node) < 0)
			return node;
	} else if (yaml->null) {
		options_of(decode, node, yaml);
	} else {
		if (!kind->decode_scalar) {
			decode_wrong_shape(decode, yaml, what, "a map");
			return node;
		}
		if (kind->decode_scalar(decode, yaml, node) < 0)
			return node;
	}
	complete(decode, node, head_span(node));
	return node;
}
