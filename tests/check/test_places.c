/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a part of a scalar stands in its source. */
#include <criterion/criterion.h>
#include <string.h>

#include "lab/check/check_inside.h"
#include "lab/scenario/yaml.h"

static struct arena *arena;
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

TestSuite(places, .init = setup, .fini = teardown);

/* The scalar under `key`, as the reader gives it. */
static const struct yaml *scalar(const char *text)
{
	struct source *source = arena_new_of(arena, struct source);

	*source = (struct source){.path = "test", .text = text, .length = strlen(text)};
	const struct yaml *yaml = yaml_read(source, arena, &diags);
	cr_assert_eq(diags.errors, 0);
	const struct yaml *value = yaml_get(yaml, "key");
	cr_assert_not_null(value);
	return value;
}

static void check_place(struct span span, const char *marked, unsigned line, unsigned column)
{
	cr_expect_eq(span.line, line, "line %u, not %u", span.line, line);
	cr_expect_eq(span.column, column, "column %u, not %u", span.column, column);
	cr_expect_eq(span.length, strlen(marked), "%u bytes", span.length);
	cr_expect(strncmp(span.source->text + span.offset, marked, strlen(marked)) == 0, "'%.*s'", (int)span.length, span.source->text + span.offset);
}

static void check_word(const char *text, const char *word, unsigned line, unsigned column)
{
	const struct yaml *yaml = scalar(text);
	const char *at = strstr(yaml->text, word);

	cr_assert_not_null(at);
	check_place(place_of_word(yaml->span, yaml->text, (size_t)(at - yaml->text)), word, line, column);
}

Test(places, plain_and_quoted_texts_stand_as_they_are)
{
	check_word("key: udp dts port 9\n", "dts", 1, 10);
	check_word("other: dts\nkey: 'udp dts port 9'\n", "dts", 2, 11);
	check_word("{other: 1, key: \"udp dts\"}\n", "dts", 1, 22);
}

Test(places, columns_count_characters_and_not_bytes)
{
	check_word("key: \"größe dts\"\n", "dts", 1, 13);
	check_word("key: |\n  # größe dts\n  x\n", "dts", 2, 11);
}

Test(places, lines_of_a_literal_block_are_the_sources)
{
	check_word("a: 1\nkey: |\n    udp and\n    dts port 9\nb: 1\n", "dts", 4, 5);
	check_word("key: |-  # why\n  one\n\n    two three\n", "three", 4, 9);
	check_word("key: |2\n    indented one\n  dts\n", "dts", 3, 3);
}

Test(places, of_equal_lines_the_right_one_is_found)
{
	const struct yaml *literal = scalar("key: |\n  drop\n  x\n  drop\n");
	check_place(place_of_line(literal->span, literal->text, 3, 1), "drop", 4, 3);

	const struct yaml *folded = scalar("key:\n  same line\n\n  same line\n\n  dts\n");
	cr_assert_str_eq(folded->text, "same line\nsame line\ndts");
	check_place(place_of_word(folded->span, folded->text, 15), "line", 4, 8);
}

Test(places, a_folded_text_shows_the_word_alone)
{
	check_word("key: >\n  udp and\n  dst prt 9\n", "prt", 3, 7);
	check_word("key: udp and\n  dst prt 9\n", "prt", 2, 7);
}

Test(places, a_word_that_is_not_unique_marks_the_whole)
{
	const struct yaml *yaml = scalar("key: >\n  udp or udp\n  or tcp\n");
	struct span span = place_of_word(yaml->span, yaml->text, (size_t)(strstr(yaml->text + 1, "udp") - yaml->text));

	cr_assert_eq(span.offset, yaml->span.offset);
	cr_assert_eq(span.length, yaml->span.length);
}

Test(places, where_a_reference_was_put_in_the_word_or_the_line_is_marked)
{
	const struct yaml *yaml = scalar("key: |\n  ip saddr $(a) acept\n  ip daddr $(a) $(b)\n");
	const char *text = "ip saddr 192.0.2.1 acept\nip daddr 192.0.2.1 drp\n";

	check_place(place_of_line(yaml->span, text, 1, 20), "acept", 2, 17);
	check_place(place_of_line(yaml->span, text, 2, 20), "ip daddr $(a) $(b)", 3, 3);
}

Test(places, behind_the_end_of_a_line_its_last_word_is_meant)
{
	const struct yaml *yaml = scalar("key: |\n  tcp dport accept\n  }\n");

	check_place(place_of_line(yaml->span, yaml->text, 1, 17), "accept", 2, 13);
	check_place(place_of_line(yaml->span, yaml->text, 1, 400), "accept", 2, 13);
}

Test(places, what_is_not_known_or_not_there_marks_the_whole)
{
	const struct yaml *yaml = scalar("key: |\n  one\n  two\n");
	struct span nowhere = {0};

	cr_expect_eq(place_of_line(yaml->span, yaml->text, 0, 0).length, yaml->span.length);
	cr_expect_eq(place_of_line(yaml->span, yaml->text, 99, 1).length, yaml->span.length);
	cr_expect_eq(place_of_word(yaml->span, "", 0).length, yaml->span.length);
	cr_expect_eq(place_of_word(nowhere, "text", 2).line, 0);
}
