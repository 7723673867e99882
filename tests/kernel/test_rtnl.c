/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "lab/kernel/netns.h"
#include "lab/kernel/rtnl.h"
#include "lab/kernel/sysctl.h"
#include "tests/kernel/isolate.h"

static struct ip_prefix prefix(const char *text)
{
	struct ip_prefix value;
	struct err err = {0};

	CHECK_OK(ip_prefix_parse(text, &value, &err));
	return value;
}

static struct ip_addr addr(const char *text)
{
	struct ip_addr value;
	struct err err = {0};

	CHECK_OK(ip_addr_parse(text, &value, &err));
	return value;
}

/* The value of a word of the first record that has `key` = `value`; NULL where there is none. */
static const char *find(struct rtnl *rtnl, enum rtnl_table table, const char *key, const char *value, const char *word)
{
	struct arena *arena = arena_new(); /* the test's process ends soon */
	struct rtnl_record *records;
	struct err err = {0};
	size_t count;

	CHECK_OK(rtnl_read(rtnl, table, arena, &records, &count, &err));
	for (size_t i = 0; i < count; i++) {
		bool fits = false;
		const char *found = NULL;

		for (size_t k = 0; k < records[i].count; k++) {
			fits = fits || (str_eq(records[i].words[k].key, key) && str_eq(records[i].words[k].value, value));
			if (str_eq(records[i].words[k].key, word))
				found = records[i].words[k].value;
		}
		if (fits)
			return found ? found : "";
	}
	return NULL;
}

static bool is(struct rtnl *rtnl, enum rtnl_table table, const char *key, const char *value, const char *word, const char *expected)
{
	return str_eq(find(rtnl, table, key, value, word), expected);
}

struct pair {
	struct rtnl *a, *b; /* a veth "left" in a and "right" in b */
};

static struct pair make_pair(void)
{
	struct err err = {0};
	struct pair pair;
	int a, b;

	CHECK_OK(netns_create(&a, &err));
	CHECK_OK(rtnl_open(&pair.a, &err));
	CHECK_OK(netns_create(&b, &err));
	CHECK_OK(rtnl_open(&pair.b, &err));
	struct rtnl_veth_end left = {.netns = -1, .name = "left", .index = 7, .mac = {{2, 0, 0, 0, 0, 1}}, .mtu = 1400};
	struct rtnl_veth_end right = {.netns = b, .name = "right", .index = 9, .mac = {{2, 0, 0, 0, 0, 2}}};
	CHECK_OK(rtnl_add_veth(pair.a, &left, &right, &err));
	CHECK_OK(rtnl_commit(pair.a, &err));
	return pair;
}

static void bring_up(struct pair *pair)
{
	struct err err = {0};

	CHECK_OK(rtnl_set_link(pair->a, 7, true, &err));
	CHECK_OK(rtnl_commit(pair->a, &err));
	CHECK_OK(rtnl_set_link(pair->b, 9, true, &err));
	CHECK_OK(rtnl_commit(pair->b, &err));
	CHECK_OK(rtnl_sync_link(pair->a, 7, &err));
	CHECK_OK(rtnl_commit(pair->a, &err));
	CHECK_OK(rtnl_sync_link(pair->b, 9, &err));
	CHECK_OK(rtnl_commit(pair->b, &err));
}

ISOLATED(rtnl, a_veth_pair_is_born_in_both_namespaces_as_chosen)
{
	struct pair pair = make_pair();

	CHECK(is(pair.a, RTNL_LINKS, "dev", "left", "index", "7"), "index of left");
	CHECK(is(pair.b, RTNL_LINKS, "dev", "right", "index", "9"), "index of right");
	CHECK(is(pair.a, RTNL_LINKS, "dev", "left", "address", "02:00:00:00:00:01"), "address of left");
	CHECK(is(pair.b, RTNL_LINKS, "dev", "right", "address", "02:00:00:00:00:02"), "address of right");
	CHECK(is(pair.a, RTNL_LINKS, "dev", "left", "mtu", "1400"), "mtu of left");
	CHECK(is(pair.b, RTNL_LINKS, "dev", "right", "mtu", "1500"), "mtu of right");
	CHECK(!find(pair.a, RTNL_LINKS, "dev", "right", "index"), "right must not be beside left");
}

ISOLATED(rtnl, the_state_of_a_link_tells_up_and_carrier)
{
	struct pair pair = make_pair();
	struct err err = {0};
	bool up, carrier;

	CHECK_OK(rtnl_set_link(pair.a, 7, true, &err));
	CHECK_OK(rtnl_commit(pair.a, &err));
	CHECK_OK(rtnl_link_state(pair.a, 7, &up, &carrier, NULL, &err));
	CHECK(up && !carrier, "up %d carrier %d while the peer is down", up, carrier);
	bring_up(&pair);
	CHECK_OK(rtnl_link_state(pair.a, 7, &up, &carrier, NULL, &err));
	CHECK(up && carrier, "up %d carrier %d", up, carrier);
	CHECK_OK(rtnl_set_link(pair.b, 9, false, &err));
	CHECK_OK(rtnl_commit(pair.b, &err));
	CHECK_OK(rtnl_link_state(pair.a, 7, &up, &carrier, NULL, &err));
	CHECK(up && !carrier, "up %d carrier %d after the peer went down", up, carrier);
	CHECK(rtnl_link_state(pair.a, 99, &up, &carrier, NULL, &err) == -ENODEV, "a link that is not there: %s", err.text);
}

ISOLATED(rtnl, the_first_refused_request_of_a_batch_is_named)
{
	struct pair pair = make_pair();
	struct ip_prefix good = prefix("192.0.2.1/24"), other = prefix("192.0.2.2/24");
	struct route_spec route = {.family = AF_INET, .is_default = true, .via = addr("198.51.100.1"), .scope = -1};
	struct err err = {0};
	int first = 1, second = 2;

	bring_up(&pair);
	CHECK_OK(rtnl_add_address(pair.a, 7, &good, &err));
	rtnl_tag(pair.a, &first);
	CHECK_OK(rtnl_add_route(pair.a, &route, 0, false, &err));
	rtnl_tag(pair.a, &second);
	CHECK_OK(rtnl_add_address(pair.a, 7, &good, &err));
	CHECK_OK(rtnl_add_address(pair.a, 7, &other, &err));
	CHECK(rtnl_commit(pair.a, &err) == -ENETUNREACH, "%s", err.text);
	CHECK(str_starts(err.text, "cannot add route 'default via 198.51.100.1': Network is unreachable"), "%s", err.text);
	CHECK(rtnl_failed(pair.a) == &first, "the tag of the refused request");
	CHECK(find(pair.a, RTNL_ADDRESSES, "address", "192.0.2.2/24", "dev"), "what stood behind it was carried out");
	CHECK(rtnl_commit(pair.a, &err) == 0, "an empty batch has nothing to refuse");
}

ISOLATED(rtnl, a_batch_longer_than_a_datagram_is_cut)
{
	struct err err = {0};
	struct rtnl *rtnl;

	CHECK_OK(rtnl_open(&rtnl, &err));
	for (unsigned i = 0; i < 3000; i++) {
		struct ip_prefix address = prefix("2001:db8::/64");

		address.addr.bytes[14] = (uint8_t)(i >> 8);
		address.addr.bytes[15] = (uint8_t)i;
		CHECK_OK(rtnl_add_address(rtnl, 1, &address, &err));
	}
	CHECK_OK(rtnl_commit(rtnl, &err));
	CHECK(find(rtnl, RTNL_ADDRESSES, "address", "2001:db8::bb7/64", "dev"), "the last one is there");
}

ISOLATED(rtnl, answers_to_any_number_of_questions_find_room)
{
	struct err err = {0};
	struct rtnl *rtnl;

	CHECK_OK(rtnl_open(&rtnl, &err));
	for (unsigned i = 0; i < 2000; i++)
		CHECK_OK(rtnl_sync_link(rtnl, 1, &err));
	CHECK_OK(rtnl_commit(rtnl, &err));
	CHECK(find(rtnl, RTNL_LINKS, "dev", "lo", "index"), "the socket is not in step any more");
}

ISOLATED(rtnl, the_first_refusal_is_named_where_so_many_come_that_some_are_lost)
{
	struct ip_prefix address = prefix("192.0.2.1/24");
	struct err err = {0};
	struct rtnl *rtnl;
	int here;

	CHECK_OK(rtnl_open(&rtnl, &err));
	rtnl_tag(rtnl, &here);
	CHECK_OK(rtnl_add_address(rtnl, 4711, &address, &err));
	rtnl_tag(rtnl, NULL);
	for (unsigned i = 0; i < 800; i++)
		CHECK_OK(rtnl_set_link(rtnl, 5000, true, &err));
	int r = rtnl_commit(rtnl, &err);
	CHECK(r == -ENODEV && strstr(err.text, "192.0.2.1/24") && rtnl_failed(rtnl) == &here, "%d: %s", r, err.text);
	CHECK_OK(rtnl_set_link(rtnl, 1, true, &err));
	CHECK_OK(rtnl_commit(rtnl, &err));
}

ISOLATED(rtnl, addresses_are_never_tentative)
{
	struct pair pair = make_pair();
	struct ip_prefix address = prefix("2001:db8::1/64");
	struct err err = {0};

	CHECK_OK(sysctl_set("net.ipv6.conf.all.accept_dad", "0", &err));
	bring_up(&pair);
	CHECK_OK(rtnl_add_address(pair.b, 9, &address, &err));
	CHECK_OK(rtnl_commit(pair.b, &err));
	CHECK(str_eq(find(pair.b, RTNL_ADDRESSES, "address", "2001:db8::1/64", "tentative"), ""), "it is tentative, or missing");
	CHECK_OK(rtnl_del_address(pair.b, 9, &address, &err));
	CHECK_OK(rtnl_commit(pair.b, &err));
	CHECK(!find(pair.b, RTNL_ADDRESSES, "address", "2001:db8::1/64", "dev"), "it is still there");
}

ISOLATED(rtnl, routes_are_added_replaced_and_deleted)
{
	struct pair pair = make_pair();
	struct ip_prefix address = prefix("192.0.2.1/24");
	struct route_spec route = {.family = AF_INET, .to = prefix("198.51.100.0/24"), .via = addr("192.0.2.9"), .metric = 5, .mtu = 1300, .scope = -1};
	struct route_spec hole = {.family = AF_INET6, .type = ROUTE_BLACKHOLE, .to = prefix("2001:db8:9::/48"), .table = 1000, .scope = -1};
	struct err err = {0};

	bring_up(&pair);
	CHECK_OK(rtnl_add_address(pair.a, 7, &address, &err));
	CHECK_OK(rtnl_add_route(pair.a, &route, 7, false, &err));
	CHECK_OK(rtnl_add_route(pair.a, &hole, 0, false, &err));
	CHECK_OK(rtnl_commit(pair.a, &err));
	CHECK(is(pair.a, RTNL_ROUTES, "dst", "198.51.100.0/24", "via", "192.0.2.9"), "via");
	CHECK(is(pair.a, RTNL_ROUTES, "dst", "198.51.100.0/24", "dev", "left"), "dev");
	CHECK(is(pair.a, RTNL_ROUTES, "dst", "198.51.100.0/24", "metric", "5"), "metric");
	CHECK(is(pair.a, RTNL_ROUTES, "dst", "198.51.100.0/24", "mtu", "1300"), "mtu");
	CHECK(is(pair.a, RTNL_ROUTES, "dst", "198.51.100.0/24", "protocol", "boot"), "protocol, as ip(8) sets it");
	CHECK(is(pair.a, RTNL_ROUTES, "dst", "2001:db8:9::/48", "type", "blackhole"), "type");
	CHECK(is(pair.a, RTNL_ROUTES, "dst", "2001:db8:9::/48", "table", "1000"), "a table above 255");
	CHECK_OK(rtnl_add_route(pair.a, &route, 7, false, &err));
	CHECK(rtnl_commit(pair.a, &err) == -EEXIST, "twice: %s", err.text);
	route.via = addr("192.0.2.8");
	CHECK_OK(rtnl_add_route(pair.a, &route, 7, true, &err));
	CHECK_OK(rtnl_commit(pair.a, &err));
	CHECK(is(pair.a, RTNL_ROUTES, "dst", "198.51.100.0/24", "via", "192.0.2.8"), "replaced");
	CHECK_OK(rtnl_del_route(pair.a, &route, 7, &err));
	CHECK_OK(rtnl_commit(pair.a, &err));
	CHECK(!find(pair.a, RTNL_ROUTES, "dst", "198.51.100.0/24", "via"), "deleted");
}

ISOLATED(rtnl, an_ipv4_route_may_have_an_ipv6_gateway)
{
	struct pair pair = make_pair();
	struct ip_prefix address = prefix("192.0.2.1/24"), six = prefix("2001:db8::1/64");
	struct route_spec route = {.family = AF_INET, .is_default = true, .via = addr("2001:db8::2"), .scope = -1};
	struct err err = {0};

	bring_up(&pair);
	CHECK_OK(rtnl_add_address(pair.a, 7, &address, &err));
	CHECK_OK(rtnl_add_address(pair.a, 7, &six, &err));
	CHECK_OK(rtnl_add_route(pair.a, &route, 7, false, &err));
	CHECK_OK(rtnl_commit(pair.a, &err));
	CHECK(is(pair.a, RTNL_ROUTES, "dst", "default", "dev", "left"), "the route is there");
}

ISOLATED(rtnl, rules_and_neighbours_come_and_go)
{
	struct pair pair = make_pair();
	struct rule_spec rule = {.family = AF_INET, .priority = 77, .has_fwmark = true, .fwmark = 1, .table = 100, .action = FR_ACT_TO_TBL};
	struct neighbour_spec neighbour = {.addr = addr("192.0.2.7"), .mac = {{2, 0, 0, 0, 0, 7}}, .has_mac = true, .dev = "left"};
	struct err err = {0};

	bring_up(&pair);
	CHECK_OK(rtnl_add_rule(pair.a, &rule, &err));
	CHECK_OK(rtnl_add_neighbour(pair.a, &neighbour, 7, &err));
	CHECK_OK(rtnl_commit(pair.a, &err));
	CHECK(is(pair.a, RTNL_RULES, "priority", "77", "lookup", "100"), "lookup");
	CHECK(is(pair.a, RTNL_RULES, "priority", "77", "fwmark", "0x1"), "fwmark");
	CHECK(is(pair.a, RTNL_NEIGHBOURS, "dst", "192.0.2.7", "lladdr", "02:00:00:00:00:07"), "lladdr");
	CHECK(is(pair.a, RTNL_NEIGHBOURS, "dst", "192.0.2.7", "state", "PERMANENT"), "state");
	CHECK_OK(rtnl_del_rule(pair.a, &rule, &err));
	CHECK_OK(rtnl_del_neighbour(pair.a, &neighbour, 7, &err));
	CHECK_OK(rtnl_commit(pair.a, &err));
	CHECK(!find(pair.a, RTNL_RULES, "priority", "77", "lookup"), "the rule is still there");
	CHECK(!find(pair.a, RTNL_NEIGHBOURS, "dst", "192.0.2.7", "state"), "the neighbour is still there");
}

ISOLATED(rtnl, a_bridge_takes_ports)
{
	struct pair pair = make_pair();
	struct mac_addr mac = {{2, 0, 0, 0, 0, 9}};
	struct err err = {0};

	CHECK_OK(rtnl_add_bridge(pair.a, "br0", 20, &mac, false, &err));
	CHECK_OK(rtnl_set_master(pair.a, 7, 20, &err));
	CHECK_OK(rtnl_set_link(pair.a, 20, true, &err));
	CHECK_OK(rtnl_commit(pair.a, &err));
	CHECK(is(pair.a, RTNL_LINKS, "dev", "left", "master", "br0"), "left is a port");
	CHECK(is(pair.a, RTNL_LINKS, "dev", "br0", "address", "02:00:00:00:00:09"), "the bridge's address");
	CHECK_OK(rtnl_set_mtu(pair.a, 7, 1300, &err));
	CHECK_OK(rtnl_set_mac(pair.a, 20, &(struct mac_addr){{2, 0, 0, 0, 0, 8}}, &err));
	CHECK_OK(rtnl_commit(pair.a, &err));
	CHECK(is(pair.a, RTNL_LINKS, "dev", "left", "mtu", "1300"), "the new mtu");
	CHECK(is(pair.a, RTNL_LINKS, "dev", "br0", "address", "02:00:00:00:00:08"), "the new address");
}

ISOLATED(rtnl, a_vlan_interface_stands_on_another_where_the_kernel_has_them)
{
	struct pair pair = make_pair();
	struct err err = {0};
	int r;

	CHECK_OK(rtnl_add_vlan(pair.a, "left.5", 21, 7, 5, 0x8100, &err));
	r = rtnl_commit(pair.a, &err);
	if (r == -EOPNOTSUPP)
		SKIP("this kernel has no 8021q module");
	CHECK(r == 0, "%s", err.text);
	CHECK(is(pair.a, RTNL_LINKS, "dev", "left.5", "index", "21"), "the index");
}

ISOLATED(rtnl, ipv4_settings_can_be_set_without_proc)
{
	struct pair pair = make_pair();
	struct err err = {0};
	struct text value = {0};

	CHECK_OK(rtnl_set_ipv4_conf(pair.b, 9, IPV4_DEVCONF_RP_FILTER, 2, &err));
	CHECK_OK(rtnl_commit(pair.b, &err));
	CHECK_OK(sysctl_get("net.ipv4.conf.right.rp_filter", &value, &err));
	CHECK(str_eq(text_str(&value), "2"), "rp_filter is %s", text_str(&value));
}

Test(rtnl, qdisc_words_are_understood_or_explained)
{
	static const char *const good[] = {
		"pfifo", "pfifo limit 10", "bfifo limit 10kb", "tbf rate 1mbit burst 10kb latency 50ms", "tbf rate 100kbps burst 1600 limit 3000",
		"fq_codel", "fq_codel limit 100 target 5ms noecn", "noqueue", "fq maxrate 1mbit",
	};
	static const struct {
		const char *words, *message;
	} bad[] = {
		{"netem delay 5ms", "qdisc 'netem' is not one of"},
		{"", "qdisc '' is not one of"},
		{"pfifo limit", "a value is missing after 'limit'"},
		{"pfifo size 3", "qdisc pfifo has no word 'size'"},
		{"tbf rate 1mbit", "tbf wants a rate, a burst"},
		{"tbf rate fast burst 10kb latency 50ms", "'fast' is no value for rate: write for example '1mbit'"},
		{"tbf rate 1e30mbit burst 10kb latency 50ms", "is no value for rate"},
		{"tbf rate 100gbit burst 10kb latency 50s", "longer than 4 GiB"},
	};

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		struct err err = {0};

		cr_assert_eq(rtnl_check_qdisc(good[i], &err), 0, "%s: %s", good[i], err.text);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err err = {0};

		cr_assert_lt(rtnl_check_qdisc(bad[i].words, &err), 0, "%s", bad[i].words);
		cr_assert_not_null(strstr(err.text, bad[i].message), "%s: %s", bad[i].words, err.text);
	}
}

ISOLATED(rtnl, a_queueing_discipline_is_set_and_shown_as_tc_shows_it)
{
	struct pair pair = make_pair();
	const char *const show[] = {"tc", "qdisc", "show", "dev", "right", NULL};
	struct err err = {0};
	char *output;

	CHECK_OK(rtnl_add_qdisc(pair.b, 9, "tbf rate 1mbit burst 10kb latency 50ms", &err));
	CHECK_OK(rtnl_commit(pair.b, &err));
	CHECK(is(pair.b, RTNL_LINKS, "dev", "right", "qdisc", "tbf"), "the link's qdisc");
	if (!isolate_has("tc"))
		SKIP("tc is not installed");
	CHECK(isolate_command(show, &output) == 0, "%s", output);
	CHECK(strstr(output, "rate 1Mbit burst 10Kb lat 50ms"), "%s", output);
}
