/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `nslab explain`: what a key means, from the field tables. */
#include "lab/scenario/explain.h"

#include <inttypes.h>
#include <string.h>

#include "lab/scenario/explain_path.h"
#include "lab/scenario/tree.h"

#define COLUMNS_MAX 100u

struct page {
	const struct registry *registry;
	const char *bold, *dim, *reset;
	unsigned columns;
	bool labelled;
	struct text *out;
};

void explain_add_type(const struct field *field, struct text *out)
{
	switch (field->shape) {
	case FIELD_SCALAR:
		text_add(out, field->type->name);
		break;
	case FIELD_LIST:
		text_addf(out, "list of %s", field->type->name);
		break;
	case FIELD_CHILD:
		text_add(out, field->kind->fields ? "map" : field->kind->name);
		break;
	case FIELD_CHILDREN:
		text_addf(out, "list of %ss", field->kind->name);
		break;
	case FIELD_NAMED:
		text_addf(out, "map: name to %s", field->kind->name);
		break;
	case FIELD_BESIDE:
		text_add(out, "options");
		break;
	}
}

/* A paragraph, indented by two. */
static void add_paragraph(const struct page *page, const char *words)
{
	text_add(page->out, "  ");
	text_wrap(page->out, words, 2, page->columns);
	text_add_char(page->out, '\n');
}

/* A line below the paragraph; the first of them is set off from it. */
static void add_labelled(struct page *page, const char *label, const char *words)
{
	if (!page->labelled)
		text_add_char(page->out, '\n');
	page->labelled = true;
	text_addf(page->out, "  %s%-9s%s ", page->bold, label, page->reset);
	text_wrap(page->out, words, 12, page->columns);
	text_add_char(page->out, '\n');
}

static void add_example(const struct page *page, const char *example)
{
	text_addf(page->out, "\n%sExample%s\n  ", page->bold, page->reset);
	for (const char *c = example; *c; c++) {
		text_add_char(page->out, *c);
		if (*c == '\n')
			text_add(page->out, "  ");
	}
	text_add_char(page->out, '\n');
}

/* Two columns: a name, and words about it. */
struct row {
	const char *name;
	struct text words;
};
typedef ARRAY(struct row) row_list;

static void add_rows(const struct page *page, row_list *rows)
{
	size_t width = 0;

	for (size_t i = 0; i < rows->count; i++) {
		size_t mine = text_width(rows->items[i].name, strlen(rows->items[i].name));

		if (mine > width)
			width = mine;
	}
	for (size_t i = 0; i < rows->count; i++) {
		size_t start = page->out->length;

		text_addf(page->out, "  %s", rows->items[i].name);
		text_pad(page->out, width + 4, start);
		text_wrap(page->out, text_str(&rows->items[i].words), width + 4, page->columns);
		text_add_char(page->out, '\n');
		text_free(&rows->items[i].words);
	}
	array_free(rows);
}

/* The first sentence. */
static void add_brief(struct text *out, const char *doc)
{
	const char *end = strstr(doc, ". ");

	text_add_bytes(out, doc, end ? (size_t)(end + 1 - doc) : strlen(doc));
}

static void add_fields(const struct page *page, const struct node_kind *kind)
{
	row_list list = {0};

	for (size_t i = 0; i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];

		if (field->flags & FIELD_HIDDEN)
			continue;
		struct row *row = array_push(&list, (struct row){.name = field->name});
		add_brief(&row->words, field->doc);
		text_addf(&row->words, " %s(", page->dim);
		explain_add_type(field, &row->words);
		if (field->flags & FIELD_REQUIRED)
			text_add(&row->words, ", required");
		if (field->standard)
			text_addf(&row->words, ", default %s", field->standard);
		text_addf(&row->words, ")%s", page->reset);
	}
	if (!list.count)
		return;
	text_addf(page->out, "\n%sKeys%s\n", page->bold, page->reset);
	add_rows(page, &list);
}

/* The techniques whose options may stand beside a step's own keys. */
static void add_drivers(const struct page *page, const struct node_kind *kind)
{
	row_list list = {0};

	for (size_t i = 0; i < page->registry->driver_count; i++)
		if (explain_options(&page->registry->drivers[i], kind->name)) {
			struct row *row = array_push(&list, (struct row){.name = page->registry->drivers[i].name});

			text_add(&row->words, page->registry->drivers[i].summary);
		}
	if (!list.count)
		return;
	text_addf(page->out, "\n%sTechniques for with%s, each with options of its own: nslab explain steps.%s.NAME\n", page->bold, page->reset,
		  kind->name);
	add_rows(page, &list);
}

static void add_layers(const struct page *page)
{
	row_list list = {0};

	for (const struct layer *const *l = layers; *l; l++)
		if ((*l)->buildable) {
			struct row *row = array_push(&list, (struct row){.name = (*l)->name});

			text_addf(&row->words, "%s %s(%s)%s", (*l)->title, page->dim, (*l)->source, page->reset);
		}
	text_addf(page->out, "\n%sLayers%s, each with fields of its own: nslab explain steps.send.packet.NAME\n", page->bold, page->reset);
	add_rows(page, &list);
}

/* What else than a map with keys may be written where a kind is wanted. */
static void add_other_forms(struct page *page, const struct node_kind *kind)
{
	if (kind->scalar_doc)
		add_labelled(page, "Or short", kind->scalar_doc);
	if (kind->other_doc)
		add_labelled(page, "Keys", kind->other_doc);
}

static void add_kind(const struct page *page, const struct node_kind *kind)
{
	add_fields(page, kind);
	for (size_t i = 0; i < kind->field_count; i++)
		if (kind->fields[i].shape == FIELD_BESIDE)
			add_drivers(page, kind);
	if (kind == &kind_packet)
		add_layers(page);
	if (kind == &kind_link) {
		text_addf(page->out, "\n%sAn end%s, node:interface: an address, a list of addresses, nothing, or a map: nslab explain links.end\n",
			  page->bold, page->reset);
	}
}

static void add_choices(const struct page *page, const struct field *field)
{
	row_list list = {0};

	for (size_t i = 0; field->choices[i]; i++) {
		struct row *row = array_push(&list, (struct row){.name = field->choices[i]});

		if (field->choice_docs && field->choice_docs[i])
			text_add(&row->words, field->choice_docs[i]);
	}
	text_addf(page->out, "\n%sChoices%s\n", page->bold, page->reset);
	add_rows(page, &list);
}

static void add_limits(struct page *page, const struct field *field)
{
	_cleanup_text_ struct text words = {0};

	if (!field->type || field->type->size != sizeof(int64_t) || (!field->min && !field->max))
		return;
	field->type->print(field, &field->min, &words);
	if (field->max == INT64_MAX) {
		text_add(&words, " or more");
	} else {
		text_add(&words, " to ");
		field->type->print(field, &field->max, &words);
	}
	add_labelled(page, "Range", text_str(&words));
}

static void add_heading(const struct page *page, const char *path, const char *type, const struct registry_driver *driver)
{
	text_addf(page->out, "%s%s%s", page->bold, *path ? path : "the whole file", page->reset);
	if (type && *type)
		text_addf(page->out, "  %s%s%s", page->dim, type, page->reset);
	if (driver)
		text_addf(page->out, "  %soption of %s%s", page->dim, driver->name, page->reset);
	text_add(page->out, "\n\n");
}

static void print_field(struct page *page, const char *path, const struct explain_target *target)
{
	const struct field *field = target->field;
	_cleanup_text_ struct text type = {0};

	if (field->flags & FIELD_HIDDEN && field->kind)
		text_add(&type, field->kind->name);
	else
		explain_add_type(field, &type);
	add_heading(page, path, text_str(&type), target->driver);
	add_paragraph(page, field->doc);
	if (field->type && field->type->doc && !field->choices)
		add_labelled(page, "Written", field->type->doc);
	if (field->flags & FIELD_REQUIRED)
		add_labelled(page, "Required", "yes");
	if (field->standard)
		add_labelled(page, "Default", field->standard);
	add_limits(page, field);
	if (field->flags & FIELD_VERBATIM)
		add_labelled(page, "Note", "$(name) is left alone here.");
	if (field->flags & FIELD_RUNTIME)
		add_labelled(page, "Note", "$(packet.field) may stand here: a value that an earlier step's packet brought.");
	if (field->kind)
		add_other_forms(page, field->kind);
	if (field->choices)
		add_choices(page, field);
	if (field->kind)
		add_kind(page, field->kind);
	if (field->example)
		add_example(page, field->example);
}

static const char *layer_type_name(enum layer_field_type type)
{
	static const char *const names[] = {
		[LAYER_UINT] = "number", [LAYER_HEX] = "number", [LAYER_FLAG] = "0 or 1", [LAYER_FLAGS] = "letters", [LAYER_IPV4] = "IPv4 address",
		[LAYER_IPV6] = "IPv6 address", [LAYER_MAC] = "MAC", [LAYER_BYTES] = "bytes in hex", [LAYER_TEXT] = "text",
		[LAYER_OPTIONS] = "options in words",
	};

	return names[type];
}

static void print_layer_field(struct page *page, const char *path, const struct explain_target *target)
{
	const struct layer_field *field = target->layer_field;
	_cleanup_text_ struct text type = {0};

	text_addf(&type, "%s", layer_type_name(field->type));
	if (field->bits && field->type <= LAYER_FLAGS)
		text_addf(&type, ", %" PRIu32 " bit%s", field->bits, field->bits == 1 ? "" : "s");
	add_heading(page, path, text_str(&type), NULL);
	add_paragraph(page, field->doc);
	_cleanup_text_ struct text where = {0};
	text_addf(&where, "%s.%s: %s, %s", target->layer->name, field->name, target->layer->title, target->layer->source);
	add_labelled(page, "Field", text_str(&where));
	if (field->computed)
		add_labelled(page, "Default", "fills itself in; a value that is written stands, a wrong one too");
	if (field->example)
		add_example(page, field->example);
}

static void print_layer(const struct page *page, const char *path, const struct layer *layer)
{
	row_list list = {0};

	add_heading(page, path, "layer", NULL);
	_cleanup_text_ struct text words = {0};
	text_addf(&words, "%s, %s.%s", layer->title, layer->source, layer->buildable ? "" : " It can be matched, not built.");
	add_paragraph(page, text_str(&words));
	if (!layer->field_count)
		return;
	text_addf(page->out, "\n%sFields%s\n", page->bold, page->reset);
	for (size_t i = 0; i < layer->field_count; i++) {
		const struct layer_field *field = &layer->fields[i];
		struct row *row = array_push(&list, (struct row){.name = field->name});

		add_brief(&row->words, field->doc);
		text_addf(&row->words, " %s(%s%s)%s", page->dim, layer_type_name(field->type), field->computed ? ", fills itself in" : "", page->reset);
	}
	add_rows(page, &list);
}

static void print_kind(struct page *page, const char *path, const struct explain_target *target)
{
	const struct node_kind *kind = target->kind;

	if (target->driver) {
		add_heading(page, path, "technique", NULL);
		add_paragraph(page, target->driver->summary);
	} else {
		add_heading(page, path, "", NULL);
		add_paragraph(page, kind->doc);
		if (kind == &kind_scenario)
			add_paragraph(page, "Go deeper with nslab explain KEY.KEY…, as in nslab explain steps.send.");
	}
	if (kind)
		add_other_forms(page, kind);
	if (kind)
		add_kind(page, kind);
}

int explain_print(const char *path, const struct registry *registry, const struct explain_look *look, struct text *out, struct err *err)
{
	struct explain_target target;
	struct page page = {
		.registry = registry,
		.bold = look->colour ? "\x1b[1m" : "",
		.dim = look->colour ? "\x1b[2m" : "",
		.reset = look->colour ? "\x1b[0m" : "",
		.columns = look->columns < COLUMNS_MAX ? look->columns : COLUMNS_MAX,
		.out = out,
	};
	int r = explain_find(path, registry, &target, err);

	if (r < 0)
		return r;
	if (target.layer_field)
		print_layer_field(&page, path, &target);
	else if (target.layer)
		print_layer(&page, path, target.layer);
	else if (target.field)
		print_field(&page, path, &target);
	else
		print_kind(&page, path, &target);
	return 0;
}
