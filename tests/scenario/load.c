/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/scenario/load.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/scenario/registry.h"

void load_text(struct loaded *loaded, const char *text, const struct param_override *overrides, size_t override_count)
{
	*loaded = (struct loaded){0};
	loaded->file = scenario_load_text("test.nslab.yaml", text, strlen(text), &test_registry, overrides, override_count,
					  &loaded->diags);
	if (loaded->file)
		scenario_cases(loaded->file, &loaded->diags, &loaded->cases, &loaded->count);
	diag_list_sort(&loaded->diags);
	for (size_t i = 0; i < loaded->diags.items.count; i++)
		diag_print(&loaded->diags.items.items[i], false, false, &loaded->findings);
}

const struct scenario_tree *load_clean(struct loaded *loaded, const char *text)
{
	load_text(loaded, text, NULL, 0);
	cr_assert_str_eq(text_str(&loaded->findings), "");
	cr_assert_not_null(loaded->file);
	cr_assert_geq(loaded->count, 1);
	cr_assert_not_null(loaded->cases[0].tree);
	return loaded->cases[0].tree;
}

void load_free(struct loaded *loaded)
{
	scenario_file_free(loaded->file);
	diag_list_free(&loaded->diags);
	text_free(&loaded->findings);
}
