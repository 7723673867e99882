/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lab/scenario/quote.h"
#include "lab/scenario/yaml.h"

static struct arena *arena;
static struct source source;
static struct diag_list diags;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	diag_list_free(&diags);
	arena_free(arena);
}

TestSuite(yaml, .init = setup, .fini = teardown);

static const struct yaml *read_text(const char *text)
{
	source = (struct source){.path = "test", .text = text, .length = strlen(text)};
	return yaml_read(&source, arena, &diags);
}

static const char *source_of(const struct yaml *yaml)
{
	return arena_strndup(arena, source.text + yaml->span.offset, yaml->span.length);
}

Test(yaml, every_span_covers_what_was_written)
{
	const struct yaml *map = read_text("plain: a b\n"
					   "single: 'it''s'\n"
					   "double: \"\\n\"\n"
					   "flow: [x, {y: 1}]\n"
					   "literal: |\n"
					   "  one\n"
					   "  two\n"
					   "block:\n"
					   "  - x\n"
					   "  - y: z\n");

	cr_assert_not_null(map);
	cr_expect_eq(diags.items.count, 0);
	cr_expect_str_eq(source_of(yaml_get(map, "plain")), "a b");
	cr_expect_str_eq(source_of(yaml_get(map, "single")), "'it''s'");
	cr_expect_str_eq(source_of(yaml_get(map, "double")), "\"\\n\"");
	cr_expect_str_eq(source_of(yaml_get(map, "flow")), "[x, {y: 1}]");
	cr_expect_str_eq(source_of(yaml_get(map, "literal")), "|\n  one\n  two\n");
	cr_expect_str_eq(source_of(yaml_get(map, "block")), "- x\n  - y: z");
	cr_expect_eq(yaml_get(map, "block")->span.line, 9);
	cr_expect_eq(yaml_get(map, "block")->span.column, 3);
	cr_expect_eq(yaml_get(map, "double")->span.column, 9);
}

Test(yaml, plain_scalars_keep_their_text)
{
	const struct yaml *map = read_text("{a: 0x11, b: yes, c: 1e3, d: 2001:db8::1, e: 08, f: ~, g: 'null', h: }");

	cr_assert_not_null(map);
	cr_expect_str_eq(yaml_get(map, "a")->text, "0x11");
	cr_expect_str_eq(yaml_get(map, "b")->text, "yes");
	cr_expect_str_eq(yaml_get(map, "c")->text, "1e3");
	cr_expect_str_eq(yaml_get(map, "d")->text, "2001:db8::1");
	cr_expect_str_eq(yaml_get(map, "e")->text, "08");
	cr_expect(yaml_get(map, "f")->null);
	cr_expect_not(yaml_get(map, "g")->null);
	cr_expect(yaml_get(map, "h")->null);
	cr_expect_null(yaml_get(map, "i"));
}

Test(yaml, columns_count_characters_and_not_bytes)
{
	const struct yaml *map = read_text("käse: ß\näöü: [é, x]\n");

	cr_assert_not_null(map);
	cr_expect_eq(yaml_get(map, "käse")->span.column, 7);
	cr_expect_eq(yaml_get(map, "äöü")->items[1]->span.column, 10);
	cr_expect_str_eq(source_of(yaml_get(map, "äöü")->items[1]), "x");
}

Test(yaml, a_byte_order_mark_and_carriage_returns_do_no_harm)
{
	const struct yaml *map = read_text("\xef\xbb\xbf" "a: 1\r\nb: 2\r\n");

	cr_assert_not_null(map);
	cr_expect_str_eq(yaml_get(map, "a")->text, "1");
	cr_expect_str_eq(yaml_get(map, "b")->text, "2");
	cr_expect_eq(yaml_get(map, "b")->span.line, 2);
}

Test(yaml, a_file_of_more_than_a_mebibyte_is_refused)
{
	struct text big = {0};

	text_add(&big, "a: ");
	while (big.length <= 1 << 20)
		text_add(&big, "x");
	cr_expect_null(read_text(text_str(&big)));
	cr_expect_eq(diags.items.items[0].id, DIAG_YAML_DEPTH);
	text_free(&big);
}

Test(yaml, sixty_four_levels_are_read_and_one_more_is_not)
{
	char text[140];

	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	text[128] = 0;
	cr_expect_not_null(read_text(text));
	cr_expect_eq(diags.errors, 0);
	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	text[130] = 0;
	read_text(text);
	cr_expect_eq(diags.errors, 1);
}

Test(yaml, nothing_is_printed_by_the_library)
{
	FILE *before = stderr;
	char *printed = NULL;
	size_t size = 0;

	stderr = open_memstream(&printed, &size);
	read_text("a: [\nb: }\n");
	fclose(stderr);
	stderr = before;
	cr_expect_eq(size, 0, "%s", printed);
	cr_expect_eq(diags.errors, 1);
	free(printed);
}

Test(yaml, a_value_that_needs_quotes_is_given_in_quotes)
{
	struct text out = {0};

	quote_add_text("[2001:db8::1]:80", 16, &out);
	cr_expect_str_eq(text_str(&out), "\"[2001:db8::1]:80\"");
	text_clear(&out);
	quote_add_text("say \"it's\"", 10, &out);
	cr_expect_str_eq(text_str(&out), "'say \"it''s\"'");
	text_free(&out);
}

Test(yaml, a_word_is_found_where_it_stands_in_a_block_of_text)
{
	const struct yaml *map = read_text("a: |\n  one\n  two three\n");
	struct span span = span_find(yaml_get(map, "a")->span, "three", 5);

	cr_expect_eq(span.line, 3);
	cr_expect_eq(span.column, 7);
	cr_expect_eq(span.length, 5);
}
