/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A YAML file as JSON, scalars typed by YAML 1.2's core schema: what a schema validator wants to see. For tests. */
#include <stdio.h>
#include <string.h>

#include "lab/scenario/yaml.h"

/* -?(0|[1-9][0-9]*), or with a fraction; the other forms of numbers are not in any scenario. */
static bool is_number(const char *text)
{
	const char *c = *text == '-' ? text + 1 : text;
	size_t digits = strspn(c, "0123456789");

	if (!digits || (digits > 1 && *c == '0'))
		return false;
	c += digits;
	if (!*c)
		return true;
	return *c == '.' && c[1] && strspn(c + 1, "0123456789") == strlen(c + 1);
}

static bool is_bool(const char *text)
{
	static const char *const words[] = {"true", "True", "TRUE", "false", "False", "FALSE"};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static void add_scalar(const struct yaml *yaml, struct text *out)
{
	bool plain = !yaml->quoted && !yaml->block;

	if (yaml->null)
		text_add(out, "null");
	else if (plain && is_number(yaml->text))
		text_add(out, yaml->text);
	else if (plain && is_bool(yaml->text))
		text_add(out, yaml->text[0] == 't' || yaml->text[0] == 'T' ? "true" : "false");
	else
		text_add_json(out, yaml->text, yaml->length);
}

static void add(const struct yaml *yaml, struct text *out)
{
	if (yaml->kind == YAML_SCALAR) {
		add_scalar(yaml, out);
		return;
	}
	text_add_char(out, yaml->kind == YAML_LIST ? '[' : '{');
	for (size_t i = 0; i < yaml->count; i++) {
		if (i)
			text_add(out, ", ");
		if (yaml->kind == YAML_LIST) {
			add(yaml->items[i], out);
			continue;
		}
		text_add_json(out, yaml->pairs[i].key->text, yaml->pairs[i].key->length);
		text_add(out, ": ");
		add(yaml->pairs[i].value, out);
	}
	text_add_char(out, yaml->kind == YAML_LIST ? ']' : '}');
}

/* One line a file; "null" for one that is no YAML. */
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct arena *arena = arena_new();
		struct diag_list diags = {0};
		struct text out = {0};
		const struct source *source = source_read(argv[i], arena, (struct span){0}, &diags);
		const struct yaml *yaml = source ? yaml_read(source, arena, &diags) : NULL;

		if (yaml && !diags.errors)
			add(yaml, &out);
		else
			text_add(&out, "null");
		puts(text_str(&out));
		text_free(&out);
		diag_list_free(&diags);
		arena_free(arena);
	}
	return 0;
}
