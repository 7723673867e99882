/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The field tables themselves: what is generated from them is only as good as they are. */
#include <criterion/criterion.h>
#include <string.h>

#include "lab/scenario/decode.h"
#include "lab/scenario/tree.h"

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

TestSuite(tables, .init = setup, .fini = teardown);

Test(tables, every_default_parses_as_its_type)
{
	for (size_t i = 0; tree_kinds[i]; i++) {
		struct node *node = arena_alloc(arena, tree_kinds[i]->size);
		struct err err = {0};

		node->kind = tree_kinds[i];
		cr_expect_eq(node_set_standards(node, arena, &err), 0, "%s", err.text);
	}
}

Test(tables, every_key_is_explained_once_and_with_an_example)
{
	for (size_t i = 0; tree_kinds[i]; i++) {
		const struct node_kind *kind = tree_kinds[i];

		cr_expect(kind->doc && str_ends(kind->doc, "."), "%s", kind->name);
		cr_expect_leq(kind->field_count, 64, "%s has more fields than `given` has bits", kind->name);
		for (size_t j = 0; j < kind->field_count; j++) {
			const struct field *field = &kind->fields[j];

			cr_expect(field->doc && *field->doc, "%s.%s has no doc", kind->name, field->name);
			cr_expect_eq(node_kind_field(kind, field->name), field, "%s.%s stands twice", kind->name, field->name);
			cr_expect(field->example || field->flags & FIELD_HIDDEN, "%s.%s has no example", kind->name, field->name);
			bool has_type = field->shape == FIELD_SCALAR || field->shape == FIELD_LIST;
			cr_expect_eq(field->type != NULL, has_type, "%s.%s", kind->name, field->name);
			cr_expect_lt(field->offset, kind->size, "%s.%s", kind->name, field->name);
		}
	}
}

Test(tables, every_scalar_form_is_documented)
{
	for (size_t i = 0; tree_kinds[i]; i++) {
		cr_expect_eq(tree_kinds[i]->decode_scalar != NULL, tree_kinds[i]->scalar_doc != NULL, "%s", tree_kinds[i]->name);
		cr_expect_eq(tree_kinds[i]->decode_other != NULL && tree_kinds[i] != &kind_lab_node,
			     tree_kinds[i]->other_doc != NULL, "%s",
			     tree_kinds[i]->name);
	}
}

/* As an author would try them: each example is YAML with the field's own key, and decodes without a finding. */
Test(tables, every_example_can_be_copied)
{
	for (size_t i = 0; tree_kinds[i]; i++) {
		const struct node_kind *kind = tree_kinds[i];

		for (size_t j = 0; j < kind->field_count; j++) {
			const struct field *field = &kind->fields[j];
			struct diag_list diags = {0};
			struct text found = {0};

			if (field->flags & FIELD_HIDDEN || !field->example)
				continue;
			struct source source = {.path = field->name, .text = field->example, .length = strlen(field->example)};
			struct decode decode = {.arena = arena, .diags = &diags};
			const struct yaml *yaml = yaml_read(&source, arena, &diags);
			cr_expect(yaml && yaml->kind == YAML_MAP && yaml->count == 1 && str_eq(yaml->pairs[0].key->text, field->name),
				  "%s.%s: %s", kind->name, field->name, field->example);
			if (yaml && yaml->kind == YAML_MAP) {
				static const char nothing[] = "{}";
				struct source empty = {.path = "empty", .text = nothing, .length = 2};
				struct node *node = decode_node(&decode, kind, yaml_read(&empty, arena, &diags), NULL, NULL);

				/* What a map without its other keys lacks is not the example's fault. */
				diag_list_free(&diags);
				decode_field(&decode, node, field->name, yaml->pairs[0].value);
				for (size_t k = 0; k < diags.items.count; k++)
					diag_print(&diags.items.items[k], false, false, &found);
			}
			cr_expect_eq(diags.errors, 0, "%s.%s: %s", kind->name, field->name, text_str(&found));
			text_free(&found);
			diag_list_free(&diags);
		}
	}
}
