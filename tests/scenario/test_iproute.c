/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "lab/scenario/iproute.h"

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

TestSuite(iproute, .init = setup, .fini = teardown);

static int parse(const struct value_type *type, const char *text, void *value, struct err *err)
{
	struct field field = {.name = "words", .type = type};

	*err = (struct err){0};
	return type->parse(&field, text, arena, value, err);
}

Test(iproute, words_come_back_as_they_were_written)
{
	static const struct {
		const struct value_type *type;
		const char *text;
	} cases[] = {
		{&type_route, "default via 192.0.2.1"},
		{&type_route, "default via 2001:db8::1 dev eth0 metric 20"},
		{&type_route, "-6 default dev eth0"},
		{&type_route, "203.0.113.0/24 via 192.0.2.1 dev eth0 src 192.0.2.2 table 100 metric 5 mtu 1400 advmss 1360 onlink"},
		{&type_route, "203.0.113.7/32 dev eth0 scope link"},
		{&type_route, "blackhole 198.51.100.0/24"},
		{&type_route, "unreachable 2001:db8:1::/48 table main"},
		{&type_route, "local 192.0.2.7/32 dev lo table local"},
		{&type_route, "198.51.100.0/24 via inet6 fe80::1 dev eth0"},
		{&type_rule, "from 192.0.2.0/24 lookup 100"},
		{&type_rule, "from all to 198.51.100.0/24 iif eth0 lookup main"},
		{&type_rule, "from all fwmark 0x1 lookup 100"},
		{&type_rule, "from all oif wan fwmark 0x10/0xf0 ipproto 17 sport 53 dport 53 priority 7 prohibit"},
		{&type_rule, "-6 from all fwmark 0x1 lookup 100"},
		{&type_rule, "from 2001:db8::/32 blackhole"},
		{&type_neighbour, "192.0.2.9 lladdr 02:00:00:00:00:09 dev eth0"},
		{&type_neighbour, "2001:db8::9 lladdr 02:00:00:00:00:09 dev eth0 nud stale"},
		{&type_neighbour, "proxy 192.0.2.9 dev eth0"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		_Alignas(16) char value[512];
		struct err err;
		struct text out = {0};

		cr_expect_eq(parse(cases[i].type, cases[i].text, value, &err), 0, "%s: %s", cases[i].text, err.text);
		cases[i].type->print(NULL, value, &out);
		cr_expect_str_eq(text_str(&out), cases[i].text);
		text_free(&out);
	}
}

Test(iproute, a_route_says_what_iproute2_would_make_of_it)
{
	struct route_spec route;
	struct rule_spec rule;
	struct neighbour_spec neighbour;
	struct err err;

	cr_assert_eq(parse(&type_route, "  default   via 192.0.2.1  ", &route, &err), 0, "%s", err.text);
	cr_expect(route.is_default);
	cr_expect_eq(route.family, AF_INET);
	cr_expect_eq(route.scope, -1);
	cr_expect_eq(route.type, ROUTE_UNICAST);
	cr_assert_eq(parse(&type_route, "default via 2001:db8::1", &route, &err), 0);
	cr_expect_eq(route.family, AF_INET6);
	cr_expect_eq(route.to.addr.family, AF_INET6);
	cr_assert_eq(parse(&type_route, "192.0.2.9 dev eth0", &route, &err), 0);
	cr_expect_eq(route.to.length, 32);

	cr_assert_eq(parse(&type_rule, "fwmark 1 table 100", &rule, &err), 0);
	cr_expect_eq(rule.table, 100);
	cr_expect_eq(rule.fwmask, UINT32_MAX);
	cr_assert_eq(parse(&type_rule, "from 192.0.2.1", &rule, &err), 0);
	cr_expect_eq(rule.table, RT_TABLE_MAIN, "as ip-rule(8) does");
	cr_expect_eq(rule.action, FR_ACT_TO_TBL);

	cr_assert_eq(parse(&type_neighbour, "192.0.2.9 dev eth0 lladdr 02:00:00:00:00:09", &neighbour, &err), 0);
	cr_expect_eq(neighbour.state, NUD_PERMANENT);
}

Test(iproute, a_refusal_begins_with_the_word_at_fault)
{
	static const struct {
		const struct value_type *type;
		const char *text, *message;
	} cases[] = {
		{&type_route, "", "a route begins with where it leads; default or a prefix, as in default via 192.0.2.1"},
		{&type_route, "defautl via 192.0.2.1", "'defautl' is not an address or prefix, as in 192.0.2.0/24"},
		{&type_route, "default via", "'via' needs an address after it"},
		{&type_route, "default via 192.0.2.1 nexthop",
		 "'nexthop' is no word of a route; it has via, dev, src, table, metric, mtu, advmss, onlink, scope"},
		{&type_route, "192.0.2.1/24", "'192.0.2.1/24' is an address within a prefix; the prefix is 192.0.2.0/24"},
		{&type_rule, "form 192.0.2.0/24", "'form' is no word of a rule; did you mean 'from'?"},
		{&type_rule, "from 192.0.2.0/24 lookup 100 prohibit",
		 "'from 192.0.2.0/24 lookup 100 prohibit' looks a table up and ends at once; one of the two"},
		{&type_rule, "dport 70000 lookup 1", "'70000' is not a port"},
		{&type_neighbour, "192.0.2.9", "'192.0.2.9' names no interface; add dev and its name, as in dev eth0"},
		{&type_neighbour, "192.0.2.9 dev eth0 nud dead",
		 "'dead' is not a state: permanent, reachable, stale, noarp, delay, probe, incomplete, failed or none"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		_Alignas(16) char value[512];
		struct err err;

		cr_expect_eq(parse(cases[i].type, cases[i].text, value, &err), -EINVAL, "%s", cases[i].text);
		cr_expect_str_eq(err.text, cases[i].message);
	}
}
