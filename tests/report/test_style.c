/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fitting text into columns, quoting, escapes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab/report/compare.h"
#include "lab/report/markup.h"
#include "lab/report/quote.h"
#include "lab/report/style.h"
#include "lab/report/tail.h"

static const struct style wide = {.unicode = true, .columns = 80};
static const struct style narrow = {.unicode = true, .columns = 40};
static const struct style ascii = {.unicode = false, .columns = 80};

#define ADDS(expected, call)                               \
	do {                                               \
		_cleanup_text_ struct text out = {0};      \
		call;                                      \
		cr_assert_str_eq(text_str(&out), expected); \
	} while (0)

Test(style, a_cut_text_ends_in_an_ellipsis_and_fits)
{
	ADDS("abcdef", style_add_cut(&wide, "abcdef", 6, &out));
	ADDS("abcd…", style_add_cut(&wide, "abcdef", 5, &out));
	ADDS("abc..", style_add_cut(&ascii, "abcdef", 5, &out));
	ADDS("漢…", style_add_cut(&wide, "漢字漢字", 4, &out));
	ADDS("", style_add_cut(&wide, "abcdef", 0, &out));
}

Test(style, ascii_terminals_get_ascii)
{
	ADDS("12 us -> x..", style_add(&ascii, "12 µs → x…", &out));
	ADDS("? \\x1b\\xff", style_add(&ascii, "漢 \x1b\xff", &out));
}

Test(style, words_are_wrapped_at_spaces_below_their_start)
{
	ADDS("one two three four five six seven\n    eight", style_add_wrapped(&narrow, "one two three four five six seven eight", 4, &out));
	ADDS("first\n    second", style_add_wrapped(&narrow, "first\nsecond", 4, &out));
	ADDS("0123456789012345678901234567890123456789\n0123", style_add_wrapped(&narrow, "01234567890123456789012345678901234567890123", 0, &out));
}

Test(style, what_a_program_wrote_loses_its_colours_and_nothing_else)
{
	ADDS("red \\x07 a b", program_line_add(&wide, "\x1b[1;31mred\x1b[0m \x07 a\tb\r", 21, 80, &out));
	ADDS("\\x1b[", program_line_add(&wide, "\x1b[", 2, 80, &out));
	ADDS("a\\x00b", program_line_add(&wide, "a\0b", 3, 80, &out));
}

Test(style, an_entry_of_a_list_is_quoted_with_what_is_below_it)
{
	cr_assert_eq(chdir(SOURCE_ROOT "/tests/golden/report"), 0);
	ADDS("   27 │ - step: the server says something\n   28 │   run: {in: outside, command: [./server, --greet]}\n",
	     quote_source(&wide, "pierce.nslab.yaml", 27, 0, &out));

	ADDS("", cr_assert_not(quote_source(&wide, "pierce.nslab.yaml", 1000, 0, &out)));
	ADDS("", cr_assert_not(quote_source(&wide, "pierce.nslab.yaml", 0, 0, &out)));
	ADDS("", cr_assert_not(quote_source(&wide, "no-such-file", 1, 0, &out)));
	ADDS("", cr_assert_not(quote_source(&wide, "/dev/zero", 1, 0, &out)));
	ADDS("", cr_assert_not(quote_source(&wide, "/", 1, 0, &out)));
}

Test(style, a_count_alone_makes_no_table_and_many_rows_show_what_differs)
{
	struct expect_field fields[100];
	_cleanup_text_ struct text out = {0};

	fields[0] = (struct expect_field){0, "count", "1", "0", false};
	cr_assert_not(compare_add(&wide, fields, 1, 0, &out));
	cr_assert_eq(out.length, 0);
	for (int i = 0; i < 100; i++)
		fields[i] = (struct expect_field){i + 1, "ip.ttl", "63", i == 70 ? "64" : "63", i != 70};
	cr_assert(compare_add(&wide, fields, 100, 0, &out));
	cr_assert_str_eq(text_str(&out), "           expected   seen\n"
					 "✗ ip.ttl   63         64     packet 71\n"
					 "  and 99 more\n");
}

Test(markup, xml_holds_nothing_that_xml_cannot)
{
	ADDS("a&amp;b&lt;c&gt;&quot; \\x00\\x1b\n\\xef\\xbf\\xbf\\xff é", markup_add_xml("a&b<c>\" \0\x1b\n\xef\xbf\xbf\xff é", 18, false, &out));
	ADDS("a&#10;b&#9;c", markup_add_xml("a\nb\tc", 5, true, &out));
}

Test(markup, workflow_commands_stay_on_one_line)
{
	ADDS("50%25: a, b%0Ac%0D", markup_add_workflow("50%: a, b\nc\r", false, &out));
	ADDS("50%25%3A a%2C b%0A::error", markup_add_workflow("50%: a, b\n", true, &out); text_add(&out, "::error"));
}

Test(markup, a_markdown_cell_is_plain_words_on_one_line)
{
	ADDS("a\\|b \\*c\\* &lt;d\\> \\`e\\` \\[f\\](g) &amp;", markup_add_markdown("a|b\n*c* <d> `e` [f](g) &", &out));
}
