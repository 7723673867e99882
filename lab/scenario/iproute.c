/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes, rules and neighbours in iproute2's words: the grammar of each, and the way back to text. */
#include "lab/scenario/iproute.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

/*
 * Theory of operation
 *
 * The text is cut into words. What stands in front (a route's type and
 * destination, a neighbour's address) has its place; after it come keywords in
 * any order, each looked up in a table with the function that takes its value.
 * A message begins with the word at fault in quotes, so that the decoder can put
 * its mark under it.
 */
struct words {
	char *text;        /* the rest, consumed from the front */
	const char *word;  /* the current one; NULL at the end */
	const char *keyword;
	struct arena *arena;
	struct err *err;
};

struct keyword {
	const char *name;
	int (*take)(struct words *words, void *spec);
};

static void next_word(struct words *words)
{
	char *at = words->text + strspn(words->text, " \t\n");
	size_t length = strcspn(at, " \t\n");

	words->word = length ? at : NULL;
	words->text = at + length;
	if (*words->text)
		*words->text++ = 0;
}

static bool take_word(struct words *words, const char *word)
{
	if (!words->word || strcmp(words->word, word) != 0)
		return false;
	next_word(words);
	return true;
}

static struct words words_of(const char *text, struct arena *arena, struct err *err)
{
	struct words words = {.text = arena_strdup(arena, text), .arena = arena, .err = err};

	next_word(&words);
	return words;
}

/* Takes keywords until the words end. */
static int take_keywords(struct words *words, const struct keyword *table, size_t count, const char *what, void *spec)
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
				return err_set(words->err, -EINVAL, "'%s' is no word of a %s; did you mean '%s'?", words->word, what, near);
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
		next_word(words);
		int r = table[i].take(words, spec);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- values --- */

static int want(struct words *words, const char *what)
{
	if (!words->word)
		return err_set(words->err, -EINVAL, "'%s' needs %s after it", words->keyword, what);
	return err_set(words->err, -EINVAL, "'%s' is not %s", words->word, what);
}

static int take_number(struct words *words, uint64_t max, const char *what, uint32_t *ret)
{
	uint64_t value;

	if (!words->word || str_to_u64(words->word, &value) < 0 || value > max)
		return want(words, what);
	*ret = (uint32_t)value;
	next_word(words);
	return 0;
}

static int take_name(struct words *words, const char **ret)
{
	if (!words->word || strlen(words->word) > 15)
		return want(words, "an interface's name");
	*ret = arena_strdup(words->arena, words->word);
	next_word(words);
	return 0;
}

static int take_addr(struct words *words, struct ip_addr *ret)
{
	if (!words->word || ip_addr_parse(words->word, ret, NULL) < 0)
		return want(words, "an address");
	next_word(words);
	return 0;
}

static int take_table(struct words *words, uint32_t *ret)
{
	static const struct {
		const char *name;
		uint32_t id;
	} names[] = {{"main", RT_TABLE_MAIN}, {"local", RT_TABLE_LOCAL}, {"default", RT_TABLE_DEFAULT}};

	for (size_t i = 0; words->word && i < COUNT_OF(names); i++)
		if (strcmp(words->word, names[i].name) == 0) {
			*ret = names[i].id;
			next_word(words);
			return 0;
		}
	return take_number(words, UINT32_MAX, "a routing table: main, local, default or a number", ret);
}

/* A prefix whose host bits are zero, as the kernel wants destinations. */
static int take_prefix(struct words *words, struct ip_prefix *ret)
{
	struct ip_prefix prefix;

	if (!words->word || ip_prefix_parse(words->word, &prefix, NULL) < 0)
		return want(words, "an address or prefix, as in 192.0.2.0/24");
	struct ip_prefix network = prefix;
	for (unsigned bit = prefix.length; bit < (prefix.addr.family == AF_INET ? 32u : 128u); bit++)
		network.addr.bytes[bit / 8] &= (uint8_t)~(0x80u >> bit % 8);
	if (!ip_addr_equal(&network.addr, &prefix.addr)) {
		struct text right = {0};

		ip_prefix_print(&network, &right);
		int r = err_set(words->err, -EINVAL, "'%s' is an address within a prefix; the prefix is %s", words->word, text_str(&right));
		text_free(&right);
		return r;
	}
	*ret = prefix;
	next_word(words);
	return 0;
}

/* "-6" or "-4" in front, for what shows no family by itself. */
static uint8_t take_family(struct words *words)
{
	if (take_word(words, "-6"))
		return AF_INET6;
	take_word(words, "-4");
	return 0;
}

static int mixed_families(struct words *words, const char *text)
{
	return err_set(words->err, -EINVAL, "'%s' mixes IPv4 and IPv6", text);
}

/* --- routes --- */

static const char *const route_types[] = {
	[ROUTE_UNICAST] = "unicast", [ROUTE_LOCAL] = "local", [ROUTE_BLACKHOLE] = "blackhole",
	[ROUTE_UNREACHABLE] = "unreachable", [ROUTE_PROHIBIT] = "prohibit", [ROUTE_THROW] = "throw",
};

static const struct {
	const char *name;
	int8_t value;
} scopes[] = {{"global", RT_SCOPE_UNIVERSE}, {"site", (int8_t)RT_SCOPE_SITE}, {"link", (int8_t)RT_SCOPE_LINK}, {"host", (int8_t)RT_SCOPE_HOST}};

static int route_via(struct words *words, void *spec)
{
	struct route_spec *route = spec;

	if (!take_word(words, "inet"))
		take_word(words, "inet6");
	return take_addr(words, &route->via);
}

static int route_dev(struct words *words, void *spec)
{
	return take_name(words, &((struct route_spec *)spec)->dev);
}

static int route_src(struct words *words, void *spec)
{
	return take_addr(words, &((struct route_spec *)spec)->src);
}

static int route_table(struct words *words, void *spec)
{
	return take_table(words, &((struct route_spec *)spec)->table);
}

static int route_metric(struct words *words, void *spec)
{
	return take_number(words, UINT32_MAX, "a number", &((struct route_spec *)spec)->metric);
}

static int route_mtu(struct words *words, void *spec)
{
	return take_number(words, 65535, "a size in bytes, up to 65535", &((struct route_spec *)spec)->mtu);
}

static int route_advmss(struct words *words, void *spec)
{
	return take_number(words, 65535, "a size in bytes, up to 65535", &((struct route_spec *)spec)->advmss);
}

static int route_onlink(struct words *words, void *spec)
{
	(void)words;
	((struct route_spec *)spec)->onlink = true;
	return 0;
}

static int route_scope(struct words *words, void *spec)
{
	for (size_t i = 0; words->word && i < COUNT_OF(scopes); i++)
		if (strcmp(words->word, scopes[i].name) == 0) {
			((struct route_spec *)spec)->scope = scopes[i].value;
			next_word(words);
			return 0;
		}
	return want(words, "a scope: global, site, link or host");
}

static const struct keyword route_keywords[] = {
	{"via", route_via}, {"dev", route_dev}, {"src", route_src}, {"table", route_table}, {"metric", route_metric},
	{"mtu", route_mtu}, {"advmss", route_advmss}, {"onlink", route_onlink}, {"scope", route_scope},
};

static int take_destination(struct words *words, struct route_spec *route)
{
	words->keyword = "to";
	take_word(words, "to");
	if (take_word(words, "default")) {
		route->is_default = true;
		return 0;
	}
	if (!words->word)
		return err_set(words->err, -EINVAL, "a route begins with where it leads; default or a prefix, as in default via 192.0.2.1");
	return take_prefix(words, &route->to);
}

/* The family that destination, gateway and source agree on. */
static int settle_family(struct words *words, const char *text, uint8_t asked, struct route_spec *route)
{
	const uint8_t shown[] = {asked, route->is_default ? 0 : route->to.addr.family, route->via.family, route->src.family};

	for (size_t i = 0; i < COUNT_OF(shown); i++) {
		/* An IPv4 route may lead over an IPv6 gateway (RFC 8950). */
		if (!shown[i] || (i == 2 && shown[i] == AF_INET6 && route->family == AF_INET))
			continue;
		if (route->family && route->family != shown[i])
			return mixed_families(words, text);
		route->family = shown[i];
	}
	if (!route->family)
		route->family = AF_INET;
	if (route->is_default)
		route->to = (struct ip_prefix){.addr = {.family = route->family}};
	return 0;
}

static int parse_route(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	struct words words = words_of(text, arena, err);
	struct route_spec route = {.scope = -1};
	uint8_t asked = take_family(&words);

	(void)field;
	for (size_t i = 0; i < COUNT_OF(route_types); i++)
		if (take_word(&words, route_types[i])) {
			route.type = (int)i;
			break;
		}
	int r = take_destination(&words, &route);
	if (r == 0)
		r = take_keywords(&words, route_keywords, COUNT_OF(route_keywords), "route", &route);
	if (r == 0)
		r = settle_family(&words, text, asked, &route);
	if (r == 0)
		*(struct route_spec *)ret = route;
	return r;
}

static void print_table(uint32_t table, const char *keyword, struct text *out)
{
	if (table == RT_TABLE_MAIN || table == RT_TABLE_LOCAL || table == RT_TABLE_DEFAULT)
		text_addf(out, " %s %s", keyword, table == RT_TABLE_MAIN ? "main" : table == RT_TABLE_LOCAL ? "local" : "default");
	else
		text_addf(out, " %s %u", keyword, table);
}

static void print_addr(const char *keyword, const struct ip_addr *addr, struct text *out)
{
	if (!addr->family)
		return;
	text_addf(out, " %s ", keyword);
	ip_addr_print(addr, out);
}

static void print_route(const struct field *field, const void *value, struct text *out)
{
	const struct route_spec *route = value;

	(void)field;
	if (route->is_default && route->family == AF_INET6 && !route->via.family && !route->src.family)
		text_add(out, "-6 ");
	if (route->type != ROUTE_UNICAST)
		text_addf(out, "%s ", route_types[route->type]);
	if (route->is_default)
		text_add(out, "default");
	else
		ip_prefix_print(&route->to, out);
	if (route->via.family && route->via.family != route->family) {
		text_add(out, " via inet6 ");
		ip_addr_print(&route->via, out);
	} else {
		print_addr("via", &route->via, out);
	}
	if (route->dev)
		text_addf(out, " dev %s", route->dev);
	print_addr("src", &route->src, out);
	if (route->table)
		print_table(route->table, "table", out);
	if (route->metric)
		text_addf(out, " metric %u", route->metric);
	if (route->mtu)
		text_addf(out, " mtu %u", route->mtu);
	if (route->advmss)
		text_addf(out, " advmss %u", route->advmss);
	if (route->onlink)
		text_add(out, " onlink");
	for (size_t i = 0; route->scope != -1 && i < COUNT_OF(scopes); i++)
		if (scopes[i].value == route->scope)
			text_addf(out, " scope %s", scopes[i].name);
}

const struct value_type type_route = {
	.name = "route", .doc = "a route as ip-route(8) writes it: default via 192.0.2.1, 203.0.113.0/24 dev eth0 metric 5, blackhole 198.51.100.0/24",
	.size = sizeof(struct route_spec), .parse = parse_route, .print = print_route,
};

/* --- rules --- */

static const struct {
	const char *name;
	uint8_t number;
} ip_protocols[] = {{"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"icmpv6", 58}, {"ipv6-icmp", 58}, {"sctp", 132}};

static int rule_prefix(struct words *words, struct ip_prefix *ret)
{
	return take_word(words, "all") ? 0 : take_prefix(words, ret);
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
	return take_name(words, &((struct rule_spec *)spec)->iif);
}

static int rule_oif(struct words *words, void *spec)
{
	return take_name(words, &((struct rule_spec *)spec)->oif);
}

static int rule_fwmark(struct words *words, void *spec)
{
	struct rule_spec *rule = spec;
	const char *slash = words->word ? strchr(words->word, '/') : NULL;
	const char *mark_text = slash ? arena_strndup(words->arena, words->word, (size_t)(slash - words->word)) : words->word;
	uint64_t mark, mask = UINT32_MAX;

	if (!words->word || str_to_u64(mark_text, &mark) < 0 || mark > UINT32_MAX ||
	    (slash && (str_to_u64(slash + 1, &mask) < 0 || mask > UINT32_MAX || !mask)))
		return want(words, "a mark, as in 0x1 or 0x1/0xff");
	rule->has_fwmark = true;
	rule->fwmark = (uint32_t)mark;
	rule->fwmask = (uint32_t)mask;
	next_word(words);
	return 0;
}

static int rule_ipproto(struct words *words, void *spec)
{
	uint32_t number = 0;

	for (size_t i = 0; words->word && i < COUNT_OF(ip_protocols); i++)
		if (strcmp(words->word, ip_protocols[i].name) == 0) {
			((struct rule_spec *)spec)->ipproto = ip_protocols[i].number;
			next_word(words);
			return 0;
		}
	int r = take_number(words, 255, "an IP protocol: udp, tcp, icmp, or a number", &number);
	if (r == 0)
		((struct rule_spec *)spec)->ipproto = (uint8_t)number;
	return r;
}

static int rule_port(struct words *words, uint16_t *ret)
{
	uint32_t port = 0;
	int r = take_number(words, 65535, "a port", &port);

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
	return take_number(words, UINT32_MAX, "a number", &((struct rule_spec *)spec)->priority);
}

static int rule_lookup(struct words *words, void *spec)
{
	return take_table(words, &((struct rule_spec *)spec)->table);
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
	uint8_t asked = take_family(&words);

	(void)field;
	if (!words.word)
		return err_set(err, -EINVAL, "the rule is empty; write what it is about and a table, as in from 192.0.2.0/24 lookup 100");
	int r = take_keywords(&words, rule_keywords, COUNT_OF(rule_keywords), "rule", &rule);
	if (r < 0)
		return r;
	rule.family = asked ? asked : rule.from.addr.family ? rule.from.addr.family : rule.to.addr.family ? rule.to.addr.family : AF_INET;
	if ((rule.from.addr.family && rule.from.addr.family != rule.family) || (rule.to.addr.family && rule.to.addr.family != rule.family))
		return mixed_families(&words, text);
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
		print_table(rule->table, "lookup", out);
	else
		text_addf(out, " %s", rule->action == FR_ACT_BLACKHOLE ? "blackhole" :
				      rule->action == FR_ACT_UNREACHABLE ? "unreachable" : "prohibit");
}

const struct value_type type_rule = {
	.name = "rule", .doc = "a policy routing rule as ip-rule(8) writes it: from 192.0.2.0/24 lookup 100, fwmark 1 lookup 100",
	.size = sizeof(struct rule_spec), .parse = parse_rule, .print = print_rule,
};

/* --- neighbours --- */

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
		return want(words, "a hardware address, as in 02:00:00:00:00:01");
	neighbour->has_mac = true;
	next_word(words);
	return 0;
}

static int neighbour_dev(struct words *words, void *spec)
{
	return take_name(words, &((struct neighbour_spec *)spec)->dev);
}

static int neighbour_nud(struct words *words, void *spec)
{
	for (size_t i = 0; words->word && i < COUNT_OF(neighbour_states); i++)
		if (strcmp(words->word, neighbour_states[i].name) == 0) {
			((struct neighbour_spec *)spec)->state = neighbour_states[i].value;
			next_word(words);
			return 0;
		}
	return want(words, "a state: permanent, reachable, stale, noarp, delay, probe, incomplete, failed or none");
}

static const struct keyword neighbour_keywords[] = {{"lladdr", neighbour_lladdr}, {"dev", neighbour_dev}, {"nud", neighbour_nud}};

static int parse_neighbour(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	struct words words = words_of(text, arena, err);
	struct neighbour_spec neighbour = {.state = NUD_PERMANENT};

	(void)field;
	neighbour.proxy = take_word(&words, "proxy");
	words.keyword = neighbour.proxy ? "proxy" : "to";
	take_word(&words, "to");
	if (!words.word)
		return err_set(err, -EINVAL, "a neighbour begins with its address; as in 192.0.2.9 lladdr 02:00:00:00:00:09 dev eth0");
	int r = take_addr(&words, &neighbour.addr);
	if (r == 0)
		r = take_keywords(&words, neighbour_keywords, COUNT_OF(neighbour_keywords), "neighbour", &neighbour);
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
