/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every diagnostic has a file that provokes it: tests/golden/diag/<slug>[-variant].nslab.yaml. What this floor finds stands
 * beside it as <same>.expected. Where this floor finds nothing, another one does, and its tests say so (<same>.check.expected).
 * A first line "# -D name=value" sets a param. NSLAB_UPDATE_GOLDEN=1 writes the expected files anew.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab/scenario/scenario.h"
#include "tests/scenario/registry.h"

#define GOLDEN SOURCE_ROOT "/tests/golden/diag"
#define SUFFIX ".nslab.yaml"

static bool read_whole(const char *path, struct text *out)
{
	FILE *file = fopen(path, "re");
	char buffer[4096];
	size_t got;

	if (!file)
		return false;
	while ((got = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add_bytes(out, buffer, got);
	fclose(file);
	return true;
}

static void print_findings(const char *name, struct text *out)
{
	struct diag_list diags = {0};
	struct text source = {0};
	struct param_override override = {0};
	const struct scenario_case *cases;
	char param[64], value[64];
	size_t count;

	cr_assert(read_whole(name, &source), "%s", name);
	if (sscanf(text_str(&source), "# -D %63[^=]=%63[^\n]", param, value) == 2)
		override = (struct param_override){param, value};
	struct scenario_file *file = scenario_load(name, &test_registry, &override, override.name ? 1 : 0, &diags);
	if (file)
		scenario_cases(file, &diags, &cases, &count);
	diag_list_sort(&diags);
	for (size_t i = 0; i < diags.items.count; i++)
		diag_print(&diags.items.items[i], false, false, out);
	scenario_file_free(file);
	diag_list_free(&diags);
	text_free(&source);
}

/* "unknown-key-layer": does it begin with this slug, and with no longer one? */
static bool has_slug(const char *name, enum diag_id id)
{
	size_t longest = 0;
	bool found = false;

	for (int i = 0; i < DIAG_COUNT; i++) {
		struct text slug = {0};

		diag_add_slug((enum diag_id)i, &slug);
		if (str_starts(name, text_str(&slug)) && (name[slug.length] == '-' || name[slug.length] == '.') &&
		    slug.length >= longest) {
			longest = slug.length;
			found = i == (int)id;
		}
		text_free(&slug);
	}
	return found;
}

typedef void (*name_fn)(const char *name, void *data);

static void each_file(name_fn fn, void *data)
{
	struct dirent **entries;
	int count = scandir(GOLDEN, &entries, NULL, alphasort);

	cr_assert_gt(count, 0, "%s: %s", GOLDEN, strerror(errno));
	for (int i = 0; i < count; i++) {
		if (str_ends(entries[i]->d_name, SUFFIX))
			fn(entries[i]->d_name, data);
		free(entries[i]);
	}
	free(entries);
}

static void expected_name(const char *name, struct text *out)
{
	text_add_bytes(out, name, strlen(name) - strlen(SUFFIX));
	text_add(out, ".expected");
}

static void check_file(const char *name, void *data)
{
	size_t *checked = data;
	struct text path = {0}, expected = {0}, found = {0};
	enum diag_id id = DIAG_COUNT;

	/* The business of the check floor alone, whose drivers have options that this test's do not: tests/check/golden.sh. */
	text_add_bytes(&path, name, strlen(name) - strlen(SUFFIX));
	text_add(&path, ".check.expected");
	bool elsewhere = access(text_str(&path), F_OK) == 0;
	text_clear(&path);
	expected_name(name, &path);
	elsewhere &= access(text_str(&path), F_OK) != 0;
	for (int i = 0; i < DIAG_COUNT; i++)
		if (has_slug(name, (enum diag_id)i))
			id = (enum diag_id)i;
	cr_expect_neq((int)id, DIAG_COUNT, "%s begins with no diagnostic's name", name);
	print_findings(name, &found);
	/* What this floor has nothing to say about is provoked in another one. */
	if (!elsewhere && (found.length || access(text_str(&path), F_OK) == 0)) {
		if (getenv("NSLAB_UPDATE_GOLDEN")) {
			FILE *file = fopen(text_str(&path), "we");

			cr_assert_not_null(file);
			fwrite(text_str(&found), 1, found.length, file);
			fclose(file);
		}
		cr_assert(read_whole(text_str(&path), &expected), "%s is missing: run this test with NSLAB_UPDATE_GOLDEN=1",
			  text_str(&path));
		cr_expect_str_eq(text_str(&found), text_str(&expected), "%s is found otherwise:\n%s", name, text_str(&found));
		struct text slug = {0};
		text_add_char(&slug, '[');
		diag_add_slug(id < DIAG_COUNT ? id : 0, &slug);
		text_add_char(&slug, ']');
		cr_expect(strstr(text_str(&expected), text_str(&slug)), "%s does not provoke %s", name, text_str(&slug));
		text_free(&slug);
		++*checked;
	}
	text_free(&path);
	text_free(&expected);
	text_free(&found);
}

Test(golden, broken_files_are_explained_as_written_down)
{
	size_t checked = 0;

	cr_assert_eq(chdir(GOLDEN), 0);
	each_file(check_file, &checked);
	cr_assert_gt(checked, 40);
}

static void note_file(const char *name, void *data)
{
	bool *covered = data;

	for (int i = 0; i < DIAG_COUNT; i++)
		covered[i] |= has_slug(name, (enum diag_id)i);
}

Test(golden, every_diagnostic_has_a_file_that_provokes_it)
{
	bool covered[DIAG_COUNT] = {false};
	struct text missing = {0};

	each_file(note_file, covered);
	for (int i = 0; i < DIAG_COUNT; i++) {
		if (covered[i])
			continue;
		text_add(&missing, " ");
		diag_add_slug((enum diag_id)i, &missing);
	}
	cr_assert_str_eq(text_str(&missing), "", "no file in tests/golden/diag provokes:%s", text_str(&missing));
	text_free(&missing);
}
