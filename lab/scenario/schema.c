/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `nslab schema`: the language as JSON Schema, for editors. */
#include "lab/scenario/schema.h"

#include <inttypes.h>
#include <string.h>

#include "lab/packet/layer.h"
#include "lab/scenario/explain_path.h"
#include "lab/scenario/tree.h"

/*
 * Theory of operation
 *
 * Each kind of node becomes one definition under $defs, each layer one, and each
 * technique's options one per verb. A step that takes options chooses among
 * these by its `with`. A scalar may always be a text with a $(reference), since
 * what that will be is known only later.
 */
#define REFERENCE "{\"$ref\": \"#/$defs/reference\"}"

struct schema {
	const struct registry *registry;
	struct text *out;
	unsigned depth;
	bool follows; /* something stands before in this object or list */
};

/* --- writing JSON, indented --- */

static void begin_item(struct schema *schema)
{
	if (schema->follows)
		text_add_char(schema->out, ',');
	text_add_char(schema->out, '\n');
	for (unsigned i = 0; i < schema->depth; i++)
		text_add(schema->out, "  ");
	schema->follows = true;
}

static void key(struct schema *schema, const char *name)
{
	begin_item(schema);
	text_add_json(schema->out, name, strlen(name));
	text_add(schema->out, ": ");
}

static void open_with(struct schema *schema, char bracket)
{
	text_add_char(schema->out, bracket);
	schema->depth++;
	schema->follows = false;
}

static void close_with(struct schema *schema, char bracket)
{
	schema->depth--;
	if (schema->follows) {
		text_add_char(schema->out, '\n');
		for (unsigned i = 0; i < schema->depth; i++)
			text_add(schema->out, "  ");
	}
	text_add_char(schema->out, bracket);
	schema->follows = true;
}

static void open_key(struct schema *schema, const char *name, char bracket)
{
	key(schema, name);
	open_with(schema, bracket);
}

static void raw(struct schema *schema, const char *name, const char *json)
{
	key(schema, name);
	text_add(schema->out, json);
}

static void string(struct schema *schema, const char *name, const char *value)
{
	key(schema, name);
	text_add_json(schema->out, value, strlen(value));
}

static void raw_item(struct schema *schema, const char *json)
{
	begin_item(schema);
	text_add(schema->out, json);
}

static void ref(struct schema *schema, const char *name, const char *part)
{
	struct text path = {0};

	text_addf(&path, "#/$defs/%s%s", name, part);
	string(schema, "$ref", text_str(&path));
	text_free(&path);
}

/* --- values --- */

static void add_choices(struct schema *schema, const struct field *field)
{
	begin_item(schema);
	open_with(schema, '{');
	open_key(schema, "enum", '[');
	for (size_t i = 0; field->choices[i]; i++) {
		begin_item(schema);
		text_add_json(schema->out, field->choices[i], strlen(field->choices[i]));
	}
	close_with(schema, ']');
	close_with(schema, '}');
}

static void add_type(struct schema *schema, const struct field *field)
{
	begin_item(schema);
	open_with(schema, '{');
	begin_item(schema);
	text_add(schema->out, field->type->json ? field->type->json : "\"type\": [\"string\", \"number\"]");
	if (field->type == &type_int && (field->min || field->max)) {
		key(schema, "minimum");
		text_addf(schema->out, "%" PRId64, field->min);
		if (field->max != INT64_MAX) {
			key(schema, "maximum");
			text_addf(schema->out, "%" PRId64, field->max);
		}
	}
	close_with(schema, '}');
}

/* Alternatives for one scalar, as items of an anyOf. */
static void add_value(struct schema *schema, const struct field *field)
{
	if (field->choices) {
		add_choices(schema, field);
	} else if (field->type == &type_bool) {
		raw_item(schema, "{\"type\": \"boolean\"}");
		raw_item(schema, "{\"enum\": [\"yes\", \"no\", \"on\", \"off\", \"true\", \"false\"]}");
		raw_item(schema, "{\"pattern\": \"^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|[Oo][Ff][Ff])$\", "
				 "\"type\": \"string\"}");
	} else {
		add_type(schema, field);
	}
	raw_item(schema, REFERENCE);
}

static void add_list_of(struct schema *schema, void (*item)(struct schema *, const struct field *), const struct field *field, bool lone)
{
	if (lone)
		item(schema, field);
	begin_item(schema);
	open_with(schema, '{');
	raw(schema, "type", "\"array\"");
	open_key(schema, "items", '{');
	open_key(schema, "anyOf", '[');
	item(schema, field);
	close_with(schema, ']');
	close_with(schema, '}');
	close_with(schema, '}');
}

static void add_kind_ref(struct schema *schema, const struct field *field)
{
	begin_item(schema);
	open_with(schema, '{');
	ref(schema, field->kind->name, "");
	close_with(schema, '}');
}

static void add_shape(struct schema *schema, const struct field *field)
{
	open_key(schema, "anyOf", '[');
	switch (field->shape) {
	case FIELD_SCALAR:
		add_value(schema, field);
		break;
	case FIELD_LIST:
		add_list_of(schema, add_value, field, true);
		break;
	case FIELD_CHILD:
		add_kind_ref(schema, field);
		break;
	case FIELD_CHILDREN:
		add_list_of(schema, add_kind_ref, field, field->flags & FIELD_LONE);
		break;
	case FIELD_NAMED:
		begin_item(schema);
		open_with(schema, '{');
		raw(schema, "type", "\"object\"");
		open_key(schema, "additionalProperties", '{');
		ref(schema, field->kind->name, "");
		close_with(schema, '}');
		close_with(schema, '}');
		break;
	case FIELD_BESIDE:
		break;
	}
	close_with(schema, ']');
}

static void add_description(struct schema *schema, const char *doc, const char *example)
{
	struct text words = {0};

	text_add(&words, doc);
	if (example)
		text_addf(&words, "\n\nExample:\n%s", example);
	string(schema, "description", text_str(&words));
	text_free(&words);
}

static void add_property(struct schema *schema, const struct field *field)
{
	open_key(schema, field->name, '{');
	add_description(schema, field->doc, field->example);
	if (field->standard)
		string(schema, "default", field->standard);
	add_shape(schema, field);
	close_with(schema, '}');
}

/* --- kinds --- */

static bool takes_options(const struct node_kind *kind)
{
	for (size_t i = 0; i < kind->field_count; i++)
		if (kind->fields[i].shape == FIELD_BESIDE)
			return true;
	return false;
}

/* `with`: the techniques that can do this verb. */
static void add_with(struct schema *schema, const struct node_kind *kind, const struct field *field)
{
	open_key(schema, field->name, '{');
	add_description(schema, field->doc, field->example);
	open_key(schema, "anyOf", '[');
	for (size_t i = 0; i < schema->registry->driver_count; i++) {
		const struct registry_driver *driver = &schema->registry->drivers[i];

		if (!explain_options(driver, kind->name))
			continue;
		begin_item(schema);
		open_with(schema, '{');
		string(schema, "const", driver->name);
		string(schema, "description", driver->summary);
		close_with(schema, '}');
	}
	raw_item(schema, REFERENCE);
	close_with(schema, ']');
	close_with(schema, '}');
}

static void add_layer_properties(struct schema *schema)
{
	for (const struct layer *const *l = layers; *l; l++) {
		if (!(*l)->buildable)
			continue;
		open_key(schema, (*l)->name, '{');
		ref(schema, "layer_", (*l)->name);
		close_with(schema, '}');
	}
}

static void add_properties(struct schema *schema, const struct node_kind *kind)
{
	open_key(schema, "properties", '{');
	for (size_t i = 0; i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];

		if (field->flags & FIELD_HIDDEN || field->shape == FIELD_BESIDE)
			continue;
		if (takes_options(kind) && strcmp(field->name, "with") == 0)
			add_with(schema, kind, field);
		else
			add_property(schema, field);
	}
	if (kind == &kind_packet)
		add_layer_properties(schema);
	close_with(schema, '}');
}

static void add_required(struct schema *schema, const struct node_kind *kind)
{
	bool any = false;

	for (size_t i = 0; i < kind->field_count; i++) {
		if (!(kind->fields[i].flags & FIELD_REQUIRED))
			continue;
		if (!any)
			open_key(schema, "required", '[');
		any = true;
		begin_item(schema);
		text_add_json(schema->out, kind->fields[i].name, strlen(kind->fields[i].name));
	}
	if (any)
		close_with(schema, ']');
}

static bool has_required(const struct node_kind *kind)
{
	for (size_t i = 0; i < kind->field_count; i++)
		if (kind->fields[i].flags & (FIELD_REQUIRED | FIELD_VERB))
			return true;
	return false;
}

/* Exactly one verb. */
static void add_verbs(struct schema *schema, const struct node_kind *kind)
{
	bool any = false;

	for (size_t i = 0; i < kind->field_count; i++) {
		if (!(kind->fields[i].flags & FIELD_VERB))
			continue;
		if (!any)
			open_key(schema, "oneOf", '[');
		any = true;
		begin_item(schema);
		text_add(schema->out, "{\"required\": [");
		text_add_json(schema->out, kind->fields[i].name, strlen(kind->fields[i].name));
		text_add(schema->out, "]}");
	}
	if (any)
		close_with(schema, ']');
}

/* Which keys may stand beside, by the technique. Without one, a named socket decides: anything may. */
static void add_conditions(struct schema *schema, const struct node_kind *kind)
{
	open_key(schema, "allOf", '[');
	for (size_t i = 0; i < schema->registry->driver_count; i++) {
		const struct registry_driver *driver = &schema->registry->drivers[i];

		if (!explain_options(driver, kind->name))
			continue;
		begin_item(schema);
		open_with(schema, '{');
		open_key(schema, "if", '{');
		key(schema, "properties");
		text_add(schema->out, "{\"with\": {\"const\": ");
		text_add_json(schema->out, driver->name, strlen(driver->name));
		text_add(schema->out, "}}");
		raw(schema, "required", "[\"with\"]");
		close_with(schema, '}');
		open_key(schema, "then", '{');
		struct text name = {0};
		text_addf(&name, "%s_", kind->name);
		ref(schema, text_str(&name), driver->name);
		text_free(&name);
		close_with(schema, '}');
		close_with(schema, '}');
	}
	raw_item(schema, "{\"if\": {\"not\": {\"required\": [\"with\"]}}, \"then\": {\"additionalProperties\": true}}");
	raw_item(schema, "{\"if\": {\"properties\": {\"with\": " REFERENCE "}, \"required\": [\"with\"]}, "
			 "\"then\": {\"additionalProperties\": true}}");
	close_with(schema, ']');
	raw(schema, "unevaluatedProperties", "false");
}

static void add_types(struct schema *schema, const struct node_kind *kind)
{
	struct text types = {0};

	text_add(&types, "[\"object\"");
	if (kind->decode_scalar)
		text_add(&types, ", \"string\", \"number\", \"boolean\"");
	if (kind->decode_list)
		text_add(&types, ", \"array\"");
	if (!has_required(kind))
		text_add(&types, ", \"null\"");
	text_add_char(&types, ']');
	raw(schema, "type", text_str(&types));
	text_free(&types);
}

/* The keywords of a kind, without the braces. */
static void add_kind(struct schema *schema, const struct node_kind *kind)
{
	string(schema, "description", kind->doc);
	add_types(schema, kind);
	add_properties(schema, kind);
	add_required(schema, kind);
	add_verbs(schema, kind);
	if (kind == &kind_packet)
		raw(schema, "items", "{\"anyOf\": [{\"$ref\": \"#/$defs/packet\"}, {\"type\": \"string\"}]}");
	if (takes_options(kind)) {
		add_conditions(schema, kind);
	} else if (kind == &kind_link) {
		open_key(schema, "patternProperties", '{');
		raw(schema, "^[^:]+:[^:]+$", "{\"$ref\": \"#/$defs/end\"}");
		close_with(schema, '}');
		raw(schema, "additionalProperties", "false");
	} else if (kind == &kind_packet || !kind->other_doc) {
		raw(schema, "additionalProperties", "false");
	}
}

static void add_kind_definition(struct schema *schema, const struct node_kind *kind)
{
	open_key(schema, kind->name, '{');
	add_kind(schema, kind);
	close_with(schema, '}');
}

static void add_options_definition(struct schema *schema, const char *verb, const struct registry_driver *driver)
{
	const struct node_kind *options = explain_options(driver, verb);
	struct text name = {0};

	if (!options)
		return;
	text_addf(&name, "%s_%s", verb, driver->name);
	open_key(schema, text_str(&name), '{');
	string(schema, "description", driver->summary);
	add_properties(schema, options);
	add_required(schema, options);
	close_with(schema, '}');
	text_free(&name);
}

static void add_layer_definition(struct schema *schema, const struct layer *layer)
{
	struct text name = {0};

	text_addf(&name, "layer_%s", layer->name);
	open_key(schema, text_str(&name), '{');
	text_clear(&name);
	text_addf(&name, "%s, %s", layer->title, layer->source);
	string(schema, "description", text_str(&name));
	text_free(&name);
	if (strcmp(layer->name, "payload") == 0) {
		ref(schema, "payload", "");
	} else {
		raw(schema, "type", "[\"object\", \"null\"]");
		open_key(schema, "properties", '{');
		for (size_t i = 0; i < layer->field_count; i++) {
			open_key(schema, layer->fields[i].name, '{');
			add_description(schema, layer->fields[i].doc, layer->fields[i].example);
			ref(schema, "layer_value", "");
			close_with(schema, '}');
		}
		close_with(schema, '}');
		raw(schema, "additionalProperties", "false");
	}
	close_with(schema, '}');
}

static void add_definitions(struct schema *schema)
{
	static const char *const verbs[] = {"send", "receive", "open"};

	open_key(schema, "reference", '{');
	string(schema, "description", "A text with $(name): a param, a matrix value, an address, or a field of a named packet.");
	raw(schema, "type", "\"string\"");
	raw(schema, "pattern", "\"\\\\$\\\\(\"");
	close_with(schema, '}');
	raw(schema, "layer_value", "{\"type\": [\"string\", \"number\", \"boolean\", \"array\"], "
				   "\"items\": {\"type\": [\"string\", \"number\", \"boolean\"]}}");
	for (size_t i = 0; tree_kinds[i]; i++)
		if (tree_kinds[i] != &kind_scenario && tree_kinds[i] != &kind_layer)
			add_kind_definition(schema, tree_kinds[i]);
	for (const struct layer *const *l = layers; *l; l++)
		if ((*l)->buildable)
			add_layer_definition(schema, *l);
	for (size_t v = 0; v < COUNT_OF(verbs); v++)
		for (size_t i = 0; i < schema->registry->driver_count; i++)
			add_options_definition(schema, verbs[v], &schema->registry->drivers[i]);
}

void schema_print(const struct registry *registry, struct text *out)
{
	struct schema schema = {.registry = registry, .out = out};

	open_with(&schema, '{');
	string(&schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
	string(&schema, "title", "nslab scenario");
	add_kind(&schema, &kind_scenario);
	open_key(&schema, "$defs", '{');
	add_definitions(&schema);
	close_with(&schema, '}');
	close_with(&schema, '}');
	text_add_char(out, '\n');
}
