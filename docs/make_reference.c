/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints docs/reference.md from the field tables, so that the page says what the code does. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "drivers/driver.h"
#include "lab/packet/layer.h"
#include "lab/scenario/explain.h"
#include "lab/scenario/tree.h"

/* Words for a table's cell: a bar would end it, a line break would end the table. */
static void add_cell(const char *words, struct text *out)
{
	for (const char *c = words ? words : ""; *c; c++) {
		if (*c == '|')
			text_add(out, "\\|");
		else if (*c == '\n')
			text_add_char(out, ' ');
		else
			text_add_char(out, *c);
	}
}

/* In code quotes; an example of several lines goes below the table instead. */
static void add_code(const char *words, struct text *out)
{
	text_add_char(out, '`');
	add_cell(words, out);
	text_add_char(out, '`');
}

static void add_field(const struct field *field, struct text *out)
{
	text_add(out, "| ");
	add_code(field->name, out);
	text_add(out, " | ");
	explain_add_type(field, out);
	if (field->flags & FIELD_REQUIRED)
		text_add(out, ", required");
	text_add(out, " | ");
	if (field->standard)
		add_code(field->standard, out);
	text_add(out, " | ");
	add_cell(field->doc, out);
	for (size_t i = 0; field->choices && field->choices[i]; i++) {
		text_add(out, i ? "; " : " ");
		add_code(field->choices[i], out);
		if (field->choice_docs && field->choice_docs[i]) {
			text_add(out, ": ");
			add_cell(field->choice_docs[i], out);
		}
	}
	if (field->example && !strchr(field->example, '\n')) {
		text_add(out, " Example: ");
		add_code(field->example, out);
	}
	text_add(out, " |\n");
}

static void add_kind(const struct node_kind *kind, struct text *out)
{
	bool any = false;

	text_addf(out, "%s\n\n", kind->doc);
	if (kind->scalar_doc)
		text_addf(out, "Written as one value: %s\n\n", kind->scalar_doc);
	if (kind->other_doc)
		text_addf(out, "Other keys: %s\n\n", kind->other_doc);
	for (size_t i = 0; i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];

		if (field->flags & FIELD_HIDDEN)
			continue;
		if (!any)
			text_add(out, "| key | value | default | meaning |\n|---|---|---|---|\n");
		any = true;
		add_field(field, out);
	}
	if (any)
		text_add_char(out, '\n');
}

static void add_options(const char *verb, const struct node_kind *kind, struct text *out)
{
	if (!kind || !kind->field_count)
		return;
	text_addf(out, "Beside `%s`: ", verb);
	add_kind(kind, out);
}

static void add_layer(const struct layer *layer, struct text *out)
{
	text_addf(out, "### %s\n\n%s, %s.%s\n\n", layer->name, layer->title, layer->source,
		  layer->buildable ? "" : " Can be matched, not built.");
	for (size_t i = 0; i < layer->field_count; i++) {
		const struct layer_field *field = &layer->fields[i];

		if (!i)
			text_add(out, "| field | bits | default | meaning |\n|---|---|---|---|\n");
		text_addf(out, "| `%s.%s` | ", layer->name, field->name);
		if (field->bits)
			text_addf(out, "%" PRIu32, field->bits);
		text_addf(out, " | %s | ", field->computed ? "computed" : field->standard ? field->standard : "");
		add_cell(field->doc, out);
		text_add(out, " |\n");
	}
	text_add_char(out, '\n');
}

static void add_value_types(struct text *out)
{
	const struct value_type *known[64];
	size_t count = 0;

	text_add(out, "## Values\n\n| | |\n|---|---|\n");
	for (size_t k = 0; tree_kinds[k]; k++)
		for (size_t i = 0; i < tree_kinds[k]->field_count; i++) {
			const struct value_type *type = tree_kinds[k]->fields[i].type;
			size_t at = 0;

			while (at < count && known[at] != type)
				at++;
			if (!type || at < count || count == COUNT_OF(known))
				continue;
			known[count++] = type;
			text_addf(out, "| %s | ", type->name);
			add_cell(type->doc, out);
			text_add(out, " |\n");
		}
	text_add_char(out, '\n');
}

int main(void)
{
	const struct registry *registry = driver_registry();
	_cleanup_text_ struct text out = {0};

	text_add(&out, "# Every key of the language\n\n"
		       "Made from the field tables by `./dev docs`; `nslab explain` says the same in a terminal. [language.md](language.md) is the way "
		       "in.\n\n");
	for (size_t i = 0; tree_kinds[i]; i++) {
		text_addf(&out, "## %s\n\n", tree_kinds[i]->name);
		add_kind(tree_kinds[i], &out);
	}
	add_value_types(&out);
	text_add(&out, "## Techniques\n\n");
	for (size_t i = 0; i < registry->driver_count; i++) {
		const struct registry_driver *driver = &registry->drivers[i];

		text_addf(&out, "### with: %s\n\n%s.\n\n", driver->name, driver->summary);
		add_options("send", driver->send, &out);
		if (driver->receive != driver->send)
			add_options("receive", driver->receive, &out);
		add_options("open", driver->open, &out);
	}
	text_add(&out, "## Layers and their fields\n\n");
	for (size_t i = 0; layers[i]; i++)
		add_layer(layers[i], &out);
	while (out.length && out.data[out.length - 1] == '\n')
		out.length--;
	text_add_char(&out, '\n');
	return fwrite(out.data, 1, out.length, stdout) == out.length && fflush(stdout) == 0 ? 0 : 1;
}
