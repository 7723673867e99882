/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy routing rules in iproute2's words (ip-rule(8)). */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "lab/scenario/iproute_words.h"

static const struct {
	const char *name;
	uint8_t number;
} ip_protocols[] = {{"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"icmpv6", 58}, {"ipv6-icmp", 58}, {"sctp", 132}};

static int rule_prefix(struct words *words, struct ip_prefix *ret)
{
	return words_take(words, "all") ? 0 : words_take_prefix(words, ret);
}

static int rule_from(struct words *words, void *spec)
{
	return rule_prefix(words, &((struct rule_spec *)spec)->from);
}

static int rule_to(struct words *words, void *spec)
{
	return rule_prefix(words, &((struct rule_spec *)spec)->to);
}

static int rule_iif(struct words *words, void *spec)
{
	return words_take_name(words, &((struct rule_spec *)spec)->iif);
}

static int rule_oif(struct words *words, void *spec)
{
	return words_take_name(words, &((struct rule_spec *)spec)->oif);
}

static int rule_fwmark(struct words *words, void *spec)
{
	struct rule_spec *rule = spec;
	const char *slash = words->word ? strchr(words->word, '/') : NULL;
	const char *mark_text = slash ? arena_strndup(words->arena, words->word, (size_t)(slash - words->word)) : words->word;
	uint64_t mark, mask = UINT32_MAX;

	if (!words->word || str_to_u64(mark_text, &mark) < 0 || mark > UINT32_MAX ||
	    (slash && (str_to_u64(slash + 1, &mask) < 0 || mask > UINT32_MAX || !mask)))
		return words_want(words, "a mark, as in 0x1 or 0x1/0xff");
	rule->has_fwmark = true;
	rule->fwmark = (uint32_t)mark;
	rule->fwmask = (uint32_t)mask;
	words_next(words);
	return 0;
}

static int rule_ipproto(struct words *words, void *spec)
{
	uint32_t number = 0;

	for (size_t i = 0; words->word && i < COUNT_OF(ip_protocols); i++)
		if (strcmp(words->word, ip_protocols[i].name) == 0) {
			((struct rule_spec *)spec)->ipproto = ip_protocols[i].number;
			words_next(words);
			return 0;
		}
	int r = words_take_number(words, 255, "an IP protocol: udp, tcp, icmp, or a number", &number);
	if (r == 0)
		((struct rule_spec *)spec)->ipproto = (uint8_t)number;
	return r;
}

static int rule_port(struct words *words, uint16_t *ret)
{
	uint32_t port = 0;
	int r = words_take_number(words, 65535, "a port", &port);

	if (r == 0)
		*ret = (uint16_t)port;
	return r;
}

static int rule_sport(struct words *words, void *spec)
{
	return rule_port(words, &((struct rule_spec *)spec)->sport);
}

static int rule_dport(struct words *words, void *spec)
{
	return rule_port(words, &((struct rule_spec *)spec)->dport);
}

static int rule_priority(struct words *words, void *spec)
{
	return words_take_number(words, UINT32_MAX, "a number", &((struct rule_spec *)spec)->priority);
}

static int rule_lookup(struct words *words, void *spec)
{
	return words_take_table(words, &((struct rule_spec *)spec)->table);
}

static int rule_blackhole(struct words *words, void *spec)
{
	(void)words;
	((struct rule_spec *)spec)->action = FR_ACT_BLACKHOLE;
	return 0;
}

static int rule_unreachable(struct words *words, void *spec)
{
	(void)words;
	((struct rule_spec *)spec)->action = FR_ACT_UNREACHABLE;
	return 0;
}

static int rule_prohibit(struct words *words, void *spec)
{
	(void)words;
	((struct rule_spec *)spec)->action = FR_ACT_PROHIBIT;
	return 0;
}

static const struct keyword rule_keywords[] = {
	{"from", rule_from}, {"to", rule_to}, {"iif", rule_iif}, {"oif", rule_oif}, {"fwmark", rule_fwmark},
	{"ipproto", rule_ipproto}, {"sport", rule_sport}, {"dport", rule_dport},
	{"priority", rule_priority}, {"pref", rule_priority}, {"lookup", rule_lookup}, {"table", rule_lookup},
	{"blackhole", rule_blackhole}, {"unreachable", rule_unreachable}, {"prohibit", rule_prohibit},
};

static int parse_rule(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	struct words words = words_of(text, arena, err);
	struct rule_spec rule = {.action = FR_ACT_TO_TBL};
	uint8_t asked = words_take_family(&words);

	(void)field;
	if (!words.word)
		return err_set(err, -EINVAL, "the rule is empty; write what it is about and a table, as in from 192.0.2.0/24 lookup 100");
	int r = words_take_keywords(&words, rule_keywords, COUNT_OF(rule_keywords), "rule", &rule);
	if (r < 0)
		return r;
	rule.family = asked ? asked : rule.from.addr.family ? rule.from.addr.family : rule.to.addr.family ? rule.to.addr.family : AF_INET;
	if ((rule.from.addr.family && rule.from.addr.family != rule.family) || (rule.to.addr.family &&
										rule.to.addr.family != rule.family))
		return words_mixed_families(&words, text);
	if (rule.table && rule.action != FR_ACT_TO_TBL)
		return err_set(err, -EINVAL, "'%s' looks a table up and ends at once; one of the two", text);
	if (!rule.table && rule.action == FR_ACT_TO_TBL)
		rule.table = RT_TABLE_MAIN; /* as ip-rule(8) does */
	*(struct rule_spec *)ret = rule;
	return 0;
}

static void print_rule_prefix(const char *keyword, const struct ip_prefix *prefix, struct text *out)
{
	text_addf(out, "%s ", keyword);
	ip_prefix_print(prefix, out);
}

static void print_rule(const struct field *field, const void *value, struct text *out)
{
	const struct rule_spec *rule = value;

	(void)field;
	if (rule->family == AF_INET6 && !rule->from.addr.family && !rule->to.addr.family)
		text_add(out, "-6 ");
	if (rule->from.addr.family)
		print_rule_prefix("from", &rule->from, out);
	else
		text_add(out, "from all");
	if (rule->to.addr.family)
		print_rule_prefix(" to", &rule->to, out);
	if (rule->iif)
		text_addf(out, " iif %s", rule->iif);
	if (rule->oif)
		text_addf(out, " oif %s", rule->oif);
	if (rule->has_fwmark && rule->fwmask != UINT32_MAX)
		text_addf(out, " fwmark 0x%x/0x%x", rule->fwmark, rule->fwmask);
	else if (rule->has_fwmark)
		text_addf(out, " fwmark 0x%x", rule->fwmark);
	if (rule->ipproto)
		text_addf(out, " ipproto %u", rule->ipproto);
	if (rule->sport)
		text_addf(out, " sport %u", rule->sport);
	if (rule->dport)
		text_addf(out, " dport %u", rule->dport);
	if (rule->priority)
		text_addf(out, " priority %u", rule->priority);
	if (rule->action == FR_ACT_TO_TBL)
		words_print_table(rule->table, "lookup", out);
	else
		text_addf(out, " %s", rule->action == FR_ACT_BLACKHOLE ? "blackhole" :
				      rule->action == FR_ACT_UNREACHABLE ? "unreachable" : "prohibit");
}

const struct value_type type_rule = {
	.name = "rule", .doc = "a policy routing rule as ip-rule(8) writes it: from 192.0.2.0/24 lookup 100, fwmark 1 lookup 100",
	.size = sizeof(struct rule_spec), .parse = parse_rule, .print = print_rule,
};
