/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Neighbours in iproute2's words (ip-neighbour(8)). */
#include <errno.h>
#include <linux/neighbour.h>
#include <string.h>

#include "lab/scenario/iproute_words.h"

static const struct {
	const char *name;
	uint16_t value;
} neighbour_states[] = {
	{"permanent", NUD_PERMANENT}, {"noarp", NUD_NOARP}, {"reachable", NUD_REACHABLE}, {"stale", NUD_STALE}, {"delay", NUD_DELAY},
	{"probe", NUD_PROBE}, {"incomplete", NUD_INCOMPLETE}, {"failed", NUD_FAILED}, {"none", NUD_NONE},
};

static int neighbour_lladdr(struct words *words, void *spec)
{
	struct neighbour_spec *neighbour = spec;

	if (!words->word || mac_addr_parse(words->word, &neighbour->mac, NULL) < 0)
		return words_want(words, "a hardware address, as in 02:00:00:00:00:01");
	neighbour->has_mac = true;
	words_next(words);
	return 0;
}

static int neighbour_dev(struct words *words, void *spec)
{
	return words_take_name(words, &((struct neighbour_spec *)spec)->dev);
}

static int neighbour_nud(struct words *words, void *spec)
{
	for (size_t i = 0; words->word && i < COUNT_OF(neighbour_states); i++)
		if (strcmp(words->word, neighbour_states[i].name) == 0) {
			((struct neighbour_spec *)spec)->state = neighbour_states[i].value;
			words_next(words);
			return 0;
		}
	return words_want(words, "a state: permanent, reachable, stale, noarp, delay, probe, incomplete, failed or none");
}

static const struct keyword neighbour_keywords[] = {{"lladdr", neighbour_lladdr}, {"dev", neighbour_dev}, {"nud", neighbour_nud}};

static int parse_neighbour(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	struct words words = words_of(text, arena, err);
	struct neighbour_spec neighbour = {.state = NUD_PERMANENT};

	(void)field;
	neighbour.proxy = words_take(&words, "proxy");
	words.keyword = neighbour.proxy ? "proxy" : "to";
	words_take(&words, "to");
	if (!words.word)
		return err_set(err, -EINVAL, "a neighbour begins with its address; as in 192.0.2.9 lladdr 02:00:00:00:00:09 dev eth0");
	int r = words_take_addr(&words, &neighbour.addr);
	if (r == 0)
		r = words_take_keywords(&words, neighbour_keywords, COUNT_OF(neighbour_keywords), "neighbour", &neighbour);
	if (r < 0)
		return r;
	if (!neighbour.dev)
		return err_set(err, -EINVAL, "'%s' names no interface; add dev and its name, as in dev eth0", text);
	*(struct neighbour_spec *)ret = neighbour;
	return 0;
}

static void print_neighbour(const struct field *field, const void *value, struct text *out)
{
	const struct neighbour_spec *neighbour = value;

	(void)field;
	text_add(out, neighbour->proxy ? "proxy " : "");
	ip_addr_print(&neighbour->addr, out);
	if (neighbour->has_mac) {
		text_add(out, " lladdr ");
		mac_addr_print(&neighbour->mac, out);
	}
	text_addf(out, " dev %s", neighbour->dev ? neighbour->dev : "");
	for (size_t i = 0; neighbour->state != NUD_PERMANENT && i < COUNT_OF(neighbour_states); i++)
		if (neighbour_states[i].value == neighbour->state)
			text_addf(out, " nud %s", neighbour_states[i].name);
}

const struct value_type type_neighbour = {
	.name = "neighbour", .doc = "a neighbour entry as ip-neighbour(8) writes it: 192.0.2.9 lladdr 02:00:00:00:00:09 dev eth0",
	.size = sizeof(struct neighbour_spec), .parse = parse_neighbour, .print = print_neighbour,
};
