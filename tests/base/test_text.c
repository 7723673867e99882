/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "lab/base/diag.h"
#include "lab/base/err.h"
#include "lab/base/text.h"

Test(text, numbers_are_whole_strings)
{
	uint64_t u = 7;
	int64_t i = 7;

	cr_assert_eq(str_to_u64("18446744073709551615", &u), 0);
	cr_assert_eq(u, UINT64_MAX);
	cr_assert_eq(str_to_u64("18446744073709551616", &u), -ERANGE);
	cr_assert_eq(str_to_u64("0x1F", &u), 0);
	cr_assert_eq(u, 31);
	cr_assert_eq(str_to_u64("", &u), -EINVAL);
	cr_assert_eq(str_to_u64("0x", &u), -EINVAL);
	cr_assert_eq(str_to_u64(" 1", &u), -EINVAL);
	cr_assert_eq(str_to_u64("1 ", &u), -EINVAL);
	cr_assert_eq(str_to_i64("-9223372036854775808", &i), 0);
	cr_assert_eq(i, INT64_MIN);
	cr_assert_eq(str_to_i64("9223372036854775808", &i), -ERANGE);
	cr_assert_eq(str_to_i64("--1", &i), -EINVAL);
}

Test(text, nearest_word_is_found_and_far_ones_are_not)
{
	static const char *const words[] = {"address", "interface", "mtu"};

	cr_assert_str_eq(str_nearest("adress", words, 3), "address");
	cr_assert_str_eq(str_nearest("adderss", words, 3), "address");
	cr_assert_str_eq(str_nearest("mtv", words, 3), "mtu");
	cr_assert_null(str_nearest("gateway", words, 3));
}

Test(text, json_strings_escape_and_replace_what_is_no_utf8)
{
	struct text out = {0};

	text_add_json(&out, "a\"\\\n\x01\xff\xc3\xa9", 8);
	cr_assert_str_eq(text_str(&out), "\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\xc3\xa9\"");
	text_free(&out);
}

Test(text, visible_text_shows_control_bytes)
{
	struct text out = {0};

	text_add_visible(&out, "a\x1b[1m\n\xc3\xa9", 8);
	cr_assert_str_eq(text_str(&out), "a\\x1b[1m\\n\xc3\xa9");
	text_free(&out);
}

Test(text, width_counts_cells_not_bytes)
{
	cr_assert_eq(text_width("é", 2), 1);
	cr_assert_eq(text_width("漢字", 6), 4);
	cr_assert_eq(text_width("\x1b[1;31mab\x1b[0m", 13), 2);
}

Test(text, a_long_error_is_cut_and_keeps_its_code)
{
	struct err err = {0};
	char big[3000];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	cr_assert_eq(err_set(&err, -EPERM, "%s", big), -EPERM);
	cr_assert_eq(strlen(err.text), ERR_TEXT_MAX - 1);
	cr_assert_eq(err_wrap(&err, "outer"), -EPERM);
	cr_assert(str_starts(err.text, "outer: xxx"));
	cr_assert_eq(strlen(err.text), ERR_TEXT_MAX - 1);
}

Test(diag, a_diagnostic_quotes_its_line_with_a_caret)
{
	struct source source = {.path = "a.nslab.yaml", .text = "one: 1\n\ttwo: zwö 2\n", .length = 20};
	struct diag_list list = {0};
	struct text out = {0};

	diag_add(&list, DIAG_BAD_VALUE, (struct span){&source, 13, 4, 2, 7}, "'%s' is no number", "zwö");
	diag_help(&list, "write 2");
	diag_add(&list, DIAG_BAD_VALUE, (struct span){&source, 13, 4, 2, 7}, "'%s' is no number", "zwö");
	cr_assert_eq(list.items.count, 1, "the same finding is reported once");
	diag_print(&list.items.items[0], false, false, &out);
	cr_assert_str_eq(text_str(&out), "a.nslab.yaml:2:7: error: 'zwö' is no number [bad-value]\n"
					 "    2 |  two: zwö 2\n"
					 "      |       ^~~\n"
					 "      = help: write 2\n");
	text_free(&out);
	diag_list_free(&list);
}
