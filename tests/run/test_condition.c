/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "lab/run/condition.h"

static bool has(void *data, const char *word)
{
	return strstr(data, word) != NULL;
}

static int ask(const char *expression)
{
	char words[] = "tcp nat ping";

	return condition_words(expression, has, words, NULL);
}

Test(condition, words_are_joined_by_and_or_and_not)
{
	cr_assert_eq(ask("tcp"), 1);
	cr_assert_eq(ask("udp"), 0);
	cr_assert_eq(ask("tcp and nat"), 1);
	cr_assert_eq(ask("tcp and udp"), 0);
	cr_assert_eq(ask("udp or nat"), 1);
	cr_assert_eq(ask("not udp"), 1);
	cr_assert_eq(ask("not not tcp"), 1);
}

Test(condition, and_binds_closer_than_or_and_parentheses_closer_still)
{
	cr_assert_eq(ask("tcp or udp and udp"), 1);
	cr_assert_eq(ask("(tcp or udp) and udp"), 0);
	cr_assert_eq(ask("not (udp or tcp)"), 0);
	cr_assert_eq(ask("not udp and tcp"), 1);
}

Test(condition, what_does_not_parse_says_where)
{
	struct err err = {0};
	char words[] = "";

	cr_assert_eq(condition_words("tcp and", has, words, &err), -EINVAL);
	cr_assert_str_eq(err.text, "'tcp and': a word is missing at position 8");
	cr_assert_eq(condition_words("(tcp", has, words, &err), -EINVAL);
	cr_assert_str_eq(err.text, "'(tcp': a ')' is missing");
	cr_assert_eq(condition_words("tcp udp", has, words, &err), -EINVAL);
	cr_assert_str_eq(err.text, "'tcp udp': 'and' or 'or' is missing at position 5");
	cr_assert_eq(ask(""), -EINVAL);
	cr_assert_eq(ask("and tcp"), -EINVAL);
	cr_assert_eq(ask("tcp)"), -EINVAL);
}

Test(condition, nesting_is_bounded)
{
	char deep[1000];

	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	cr_assert_eq(ask(deep), -EINVAL);
}

Test(condition, when_reads_words_and_comparisons)
{
	cr_assert_eq(condition_when("true", NULL), 1);
	cr_assert_eq(condition_when(" no ", NULL), 0);
	cr_assert_eq(condition_when("ipv6 == ipv6", NULL), 1);
	cr_assert_eq(condition_when("ipv4 == ipv6", NULL), 0);
	cr_assert_eq(condition_when("ipv4!=ipv6", NULL), 1);
	cr_assert_eq(condition_when("perhaps", NULL), -EINVAL);
}
