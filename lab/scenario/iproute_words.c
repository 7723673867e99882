/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iproute2's words: keywords in any order, values, and the word at fault. */
#include "lab/scenario/iproute_words.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

void words_next(struct words *words)
{
	char *at = words->text + strspn(words->text, " \t\n");
	size_t length = strcspn(at, " \t\n");

	words->word = length ? at : NULL;
	words->text = at + length;
	if (*words->text)
		*words->text++ = 0;
}

bool words_take(struct words *words, const char *word)
{
	if (!words->word || strcmp(words->word, word) != 0)
		return false;
	words_next(words);
	return true;
}

struct words words_of(const char *text, struct arena *arena, struct err *err)
{
	struct words words = {.text = arena_strdup(arena, text), .arena = arena, .err = err};

	words_next(&words);
	return words;
}

int words_take_keywords(struct words *words, const struct keyword *table, size_t count, const char *what, void *spec)
{
	const char *names[32];
	uint64_t seen = 0;

	for (size_t i = 0; i < count; i++)
		names[i] = table[i].name;
	while (words->word) {
		size_t i = 0;

		while (i < count && strcmp(words->word, table[i].name) != 0)
			i++;
		if (i == count) {
			const char *near = str_nearest(words->word, names, count);

			if (near)
				return err_set(words->err, -EINVAL, "'%s' is no word of a %s; did you mean '%s'?", words->word,
					       what, near);
			struct text all = {0};
			for (size_t j = 0; j < count; j++)
				text_addf(&all, "%s%s", j ? ", " : "", names[j]);
			int r = err_set(words->err, -EINVAL, "'%s' is no word of a %s; it has %s", words->word, what, text_str(&all));
			text_free(&all);
			return r;
		}
		if (seen & UINT64_C(1) << i)
			return err_set(words->err, -EINVAL, "'%s' stands twice in this %s", words->word, what);
		seen |= UINT64_C(1) << i;
		words->keyword = table[i].name;
		words_next(words);
		int r = table[i].take(words, spec);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- values --- */

int words_want(struct words *words, const char *what)
{
	if (!words->word)
		return err_set(words->err, -EINVAL, "'%s' needs %s after it", words->keyword, what);
	return err_set(words->err, -EINVAL, "'%s' is not %s", words->word, what);
}

int words_take_number(struct words *words, uint64_t max, const char *what, uint32_t *ret)
{
	uint64_t value;

	if (!words->word || str_to_u64(words->word, &value) < 0 || value > max)
		return words_want(words, what);
	*ret = (uint32_t)value;
	words_next(words);
	return 0;
}

int words_take_name(struct words *words, const char **ret)
{
	if (!words->word || strlen(words->word) > 15)
		return words_want(words, "an interface's name");
	*ret = arena_strdup(words->arena, words->word);
	words_next(words);
	return 0;
}

int words_take_addr(struct words *words, struct ip_addr *ret)
{
	if (!words->word || ip_addr_parse(words->word, ret, NULL) < 0)
		return words_want(words, "an address");
	words_next(words);
	return 0;
}

int words_take_table(struct words *words, uint32_t *ret)
{
	static const struct {
		const char *name;
		uint32_t id;
	} names[] = {{"main", RT_TABLE_MAIN}, {"local", RT_TABLE_LOCAL}, {"default", RT_TABLE_DEFAULT}};

	for (size_t i = 0; words->word && i < COUNT_OF(names); i++)
		if (strcmp(words->word, names[i].name) == 0) {
			*ret = names[i].id;
			words_next(words);
			return 0;
		}
	return words_take_number(words, UINT32_MAX, "a routing table: main, local, default or a number", ret);
}

int words_take_prefix(struct words *words, struct ip_prefix *ret)
{
	struct ip_prefix prefix;

	if (!words->word || ip_prefix_parse(words->word, &prefix, NULL) < 0)
		return words_want(words, "an address or prefix, as in 192.0.2.0/24");
	struct ip_prefix network = prefix;
	for (unsigned bit = prefix.length; bit < (prefix.addr.family == AF_INET ? 32u : 128u); bit++)
		network.addr.bytes[bit / 8] &= (uint8_t)~(0x80u >> bit % 8);
	if (!ip_addr_equal(&network.addr, &prefix.addr)) {
		struct text right = {0};

		ip_prefix_print(&network, &right);
		int r = err_set(words->err, -EINVAL, "'%s' is an address within a prefix; the prefix is %s", words->word,
				text_str(&right));
		text_free(&right);
		return r;
	}
	*ret = prefix;
	words_next(words);
	return 0;
}

uint8_t words_take_family(struct words *words)
{
	if (words_take(words, "-6"))
		return AF_INET6;
	words_take(words, "-4");
	return 0;
}

int words_mixed_families(struct words *words, const char *text)
{
	return err_set(words->err, -EINVAL, "'%s' mixes IPv4 and IPv6", text);
}

void words_print_table(uint32_t table, const char *keyword, struct text *out)
{
	if (table == RT_TABLE_MAIN || table == RT_TABLE_LOCAL || table == RT_TABLE_DEFAULT)
		text_addf(out, " %s %s", keyword, table == RT_TABLE_MAIN ? "main" : table == RT_TABLE_LOCAL ? "local" : "default");
	else
		text_addf(out, " %s %u", keyword, table);
}
