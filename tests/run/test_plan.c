/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "lab/run/plan.h"
#include "tests/run/plan_help.h"

static const char routed[] = "scenario: routed\n"
			     "nodes:\n"
			     "  client: {routes: [default via 192.0.2.1], sysctl: {net.ipv4.ip_default_ttl: 9, net.ipv4.conf.eth0.arp_ignore: 1}}\n"
			     "  gate: {kind: router, nftables: \"table inet t {}\", sysctl: {net.netfilter.nf_conntrack_udp_timeout: 3}}\n"
			     "  server: {}\n"
			     "links:\n"
			     "  - client:eth0: 192.0.2.2/24\n"
			     "    gate:lan: 192.0.2.1/24\n"
			     "  - gate:wan: {address: 198.51.100.1/24, mtu: 1280}\n"
			     "    server:eth0: 198.51.100.2/24\n"
			     "    mtu: 1400\n";

/* Position of the first operation of a type in a node, -1: none. */
static int position(const struct plan *plan, enum plan_op_type type, const char *node)
{
	for (size_t i = 0; i < plan->ops.count; i++)
		if (plan->ops.items[i].type == type && str_eq(plan->nodes.items[plan->ops.items[i].node].name, node))
			return (int)i;
	return -1;
}

static const struct plan_interface *interface(const struct plan *plan, const char *node, const char *name)
{
	const struct plan_node *at = plan_find_node(plan, node);
	const struct plan_interface *found = at ? plan_find_interface(at, name) : NULL;

	cr_assert_not_null(found, "%s:%s", node, name);
	return found;
}

Test(plan, nodes_stand_in_file_order_and_indexes_count_from_lo)
{
	const struct plan *plan = plan_of(routed);

	cr_assert_eq(plan->nodes.count, 3);
	cr_assert_str_eq(plan->nodes.items[0].name, "client");
	cr_assert_str_eq(plan->nodes.items[1].name, "gate");
	cr_assert_str_eq(plan->nodes.items[2].name, "server");
	cr_assert_eq(interface(plan, "gate", "lo")->index, 1);
	cr_assert_eq(interface(plan, "gate", "lan")->index, 2);
	cr_assert_eq(interface(plan, "gate", "wan")->index, 3);
}

Test(plan, both_ends_of_a_wire_know_each_other)
{
	const struct plan *plan = plan_of(routed);
	const struct plan_interface *lan = interface(plan, "gate", "lan");

	cr_assert_eq(lan->peer_node, 0);
	cr_assert_str_eq(plan->nodes.items[0].interfaces.items[lan->peer_interface].name, "eth0");
	cr_assert_eq(interface(plan, "client", "eth0")->peer_node, 1);
	cr_assert(lan->wire_end);
	cr_assert_eq(lan->link, 0);
	cr_assert_eq(interface(plan, "client", "lo")->link, -1);
}

Test(plan, an_ends_mtu_goes_before_its_wires)
{
	const struct plan *plan = plan_of(routed);

	cr_assert_eq(interface(plan, "client", "eth0")->mtu, 1500);
	cr_assert_eq(interface(plan, "gate", "wan")->mtu, 1280);
	cr_assert_eq(interface(plan, "server", "eth0")->mtu, 1400);
}

Test(plan, what_builds_on_something_stands_behind_it)
{
	const struct plan *plan = plan_of(routed);
	static const struct {
		enum plan_op_type first, then;
		const char *node;
	} orders[] = {
		{PLAN_NODE, PLAN_SYSCTL, "client"},	 {PLAN_VETH, PLAN_OFFLOADS, "client"},	{PLAN_OFFLOADS, PLAN_LINK_UP, "client"},
		{PLAN_LINK_UP, PLAN_SYNC, "client"},	 {PLAN_SYNC, PLAN_ADDRESS, "client"}, {PLAN_ADDRESS, PLAN_ROUTE, "client"},
		{PLAN_ADDRESS, PLAN_NFTABLES, "gate"}, {PLAN_NFTABLES, PLAN_SYSCTL, "gate"},
	};

	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		int first = position(plan, orders[i].first, orders[i].node), then = position(plan, orders[i].then, orders[i].node);

		cr_assert_geq(first, 0, "%zu", i);
		cr_assert_gt(then, first, "order %zu: %d then %d", i, first, then);
	}
}

Test(plan, sysctls_wait_for_what_they_speak_of)
{
	const struct plan *plan = plan_of(routed);
	int device = -1, general = -1;

	for (size_t i = 0; i < plan->ops.count; i++) {
		const struct plan_op *op = &plan->ops.items[i];

		if (op->type == PLAN_SYSCTL && strstr(op->key, "eth0"))
			device = (int)i;
		if (op->type == PLAN_SYSCTL && strstr(op->key, "default_ttl"))
			general = (int)i;
	}
	cr_assert_lt(general, position(plan, PLAN_VETH, "client"));
	cr_assert_gt(device, position(plan, PLAN_VETH, "client"));
}

Test(plan, a_segment_becomes_a_hidden_switch)
{
	const struct plan *plan = plan_of("scenario: segment\n"
					  "nodes: {a: {}, b: {}, c: {}}\n"
					  "links:\n"
					  "  - {\"a:eth0\": 192.0.2.1/24, \"b:eth0\": 192.0.2.2/24, \"c:eth0\": 192.0.2.3/24}\n");
	const struct plan_node *hidden = &plan->nodes.items[3];

	cr_assert_eq(plan->nodes.count, 4);
	cr_assert(hidden->hidden);
	cr_assert_str_eq(hidden->name, "segment1");
	cr_assert_eq(hidden->interfaces.count, 5, "lo, three ports, a bridge");
	cr_assert_not(plan_find_interface(hidden, "port1")->wire_end);
	cr_assert_eq(interface(plan, "b", "eth0")->peer_node, 3);
	cr_assert_geq(position(plan, PLAN_BRIDGE, "segment1"), 0);
	cr_assert_eq(position(plan, PLAN_BRIDGE, "a"), -1);
}

Test(plan, a_bridge_node_has_one_bridge_with_all_its_ends)
{
	const struct plan *plan = plan_of("scenario: switch\n"
					  "nodes: {a: {}, s: {kind: bridge}, b: {}}\n"
					  "links:\n"
					  "  - {\"a:eth0\": 192.0.2.1/24, \"s:one\": }\n"
					  "  - {\"b:eth0\": 192.0.2.2/24, \"s:two\": }\n");
	int ports = 0;

	for (size_t i = 0; i < plan->ops.count; i++)
		ports += plan->ops.items[i].type == PLAN_MASTER;
	cr_assert_eq(ports, 2);
	cr_assert_eq(interface(plan, "s", "br0")->index, 4);
	cr_assert_eq(interface(plan, "s", "br0")->link, -1);
}

Test(plan, a_silent_node_keeps_its_addresses_to_itself)
{
	const struct plan *plan = plan_of("scenario: silent\n"
					  "nodes: {a: {}, mute: {kind: silent}}\n"
					  "links:\n"
					  "  - {\"a:eth0\": 192.0.2.1/24, \"mute:eth0\": 192.0.2.2/24}\n");

	cr_assert_geq(position(plan, PLAN_ADDRESS, "a"), 0);
	cr_assert_eq(position(plan, PLAN_ADDRESS, "mute"), -1);
	cr_assert_eq(interface(plan, "mute", "eth0")->address_count, 1, "it is known all the same");
}

Test(plan, ends_and_lo_can_stay_down)
{
	const struct plan *plan = plan_of("scenario: down\n"
					  "nodes: {a: {interfaces: {lo: {state: down}}}, b: {}}\n"
					  "links:\n"
					  "  - {\"a:eth0\": {address: 192.0.2.1/24, state: down}, \"b:eth0\": 192.0.2.2/24}\n");

	cr_assert_geq(position(plan, PLAN_LINK_DOWN, "a"), 0);
	cr_assert_eq(position(plan, PLAN_LINK_UP, "a"), -1);
	cr_assert_eq(position(plan, PLAN_SYNC, "a"), -1);
	cr_assert_geq(position(plan, PLAN_LINK_UP, "b"), 0);
}

Test(plan, the_same_scenario_gives_the_same_plan)
{
	struct text one = {0}, other = {0};

	plan_print(plan_of(plan_everything), &one);
	plan_print(plan_of(plan_everything), &other);
	cr_assert_str_eq(text_str(&one), text_str(&other));
	cr_assert_not_null(strstr(text_str(&one), "address    gate:lan              192.0.2.1/24\n"), "%s", text_str(&one));
	cr_assert_not_null(strstr(text_str(&one), "port       switch:p1             of br0\n"), "%s", text_str(&one));
	text_free(&one);
	text_free(&other);
}

Test(plan, the_observer_needs_rings_where_packets_are_not_bounded_and_few)
{
	static const struct {
		const char *step;
		bool rings;
	} steps[] = {
		{"send: {in: a, with: udp, to: \"192.0.2.2:7\", payload: x}", false},
		{"send: {in: a, with: udp, to: \"192.0.2.2:7\", payload: x, times: 10}", false},
		{"send: {in: a, with: udp, to: \"192.0.2.2:7\", payload: x, times: 1000}", true},
		{"send: {in: a, with: udp, to: \"192.0.2.2:7\", payload: {random: 60000}, times: 2}", true},
		{"send: {in: a, with: udp, to: \"192.0.2.2:7\", payload: {counter: 3000}, times: 2}", false},
		{"run: {in: a, command: [\"true\"]}", true},
	};

	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		struct text text = {0};

		text_addf(&text,
			  "scenario: rings\nnodes: {a: {}, b: {}}\nlinks:\n  - {\"a:eth0\": 192.0.2.1/24, \"b:eth0\": 192.0.2.2/24}\nsteps:\n  - %s\n",
			  steps[i].step);
		cr_assert_eq(plan_of(text_str(&text))->wants_rings, steps[i].rings, "%s", steps[i].step);
		text_free(&text);
	}
}

/* Hosts in a row on one segment: each may talk to each. */
static const struct plan *crowd(int hosts, const char *step)
{
	struct text text = {0};

	text_add(&text, "scenario: crowd\nnodes:\n");
	for (int i = 0; i < hosts; i++)
		text_addf(&text, "  n%d: {}\n", i);
	text_add(&text, "links:\n  -\n");
	for (int i = 0; i < hosts; i++)
		text_addf(&text, "    n%d:eth0: 198.51.100.%d/24\n", i, i + 1);
	text_addf(&text, "steps:\n  - %s\n", step);
	return plan_of(text_str(&text));
}

Test(plan, a_lab_near_the_neighbour_tables_limit_is_refused)
{
	struct diag_list few = {0}, many = {0};

	/* 200 hosts on a segment: 39800 pairs, but only two of them talk. */
	cr_assert_eq(plan_check_limits(crowd(200, "send: {in: n1, with: udp, to: \"198.51.100.9:7\", payload: x}"), &few), 0);
	cr_assert_lt(plan_check_limits(crowd(200, "run: {in: n1, command: [\"true\"]}"), &many), 0);
	cr_assert_eq(many.errors, 1);
	cr_assert_eq(many.items.items[0].id, DIAG_TOO_LARGE);
	cr_assert_not_null(strstr(many.items.items[0].message, "gc_thresh3"));
	cr_assert_not_null(many.items.items[0].help);
}

/* One wire, a ruleset where asked for, one step. */
static const struct plan *pair(bool tracked, const char *step)
{
	struct text text = {0};

	text_addf(&text,
		  "scenario: pair\nnodes:\n  a: {%s}\n  b: {}\nlinks:\n  - a:eth0: 192.0.2.1/24\n    b:eth0: 192.0.2.2/24\nsteps:\n  - %s\n",
		  tracked ? "nftables: \"table ip t {}\"" : "", step);
	return plan_of(text_str(&text));
}

Test(plan, what_is_sent_has_to_fit_into_memory)
{
	struct diag_list little = {0}, much = {0}, left_out = {0};

	cr_assert_eq(plan_check_limits(pair(false, "send: {in: a, with: udp, to: \"192.0.2.2:7\", payload: x, times: 10000}"), &little), 0);
	cr_assert_lt(plan_check_limits(pair(false, "send: {in: a, with: udp, to: \"192.0.2.2:7\", payload: {counter: 60000}, times: 100000000}"),
				       &much), 0);
	cr_assert_eq(much.errors, 1);
	cr_assert_not_null(strstr(much.items.items[0].message, "on the tape"));
	cr_assert_eq(plan_check_limits(pair(false, "{send: {in: a, with: udp, to: \"192.0.2.2:7\", payload: {counter: 60000}, times: 100000000}, when: no}"),
				       &left_out), 0);
}

Test(plan, connections_have_to_fit_into_conntracks_table)
{
	static const char many[] = "send: {in: a, with: udp, from: \":$(i)\", to: \"192.0.2.2:7\", payload: \"\", times: 90000000}";
	struct diag_list same = {0}, untracked = {0}, tracked = {0};

	if (access("/proc/sys/net/netfilter/nf_conntrack_max", R_OK) < 0)
		cr_skip_test("conntrack is not loaded here, so there is no limit to come near");
	plan_check_limits(pair(true, "send: {in: a, with: udp, to: \"192.0.2.2:7\", payload: \"\", times: 90000000}"), &same);
	plan_check_limits(pair(false, many), &untracked);
	plan_check_limits(pair(true, many), &tracked);
	for (size_t i = 0; i < same.items.count; i++)
		cr_expect_null(strstr(same.items.items[i].message, "conntrack"), "one connection is not many");
	for (size_t i = 0; i < untracked.items.count; i++)
		cr_expect_null(strstr(untracked.items.items[i].message, "conntrack"), "nobody tracks them");
	cr_assert_gt(tracked.items.count, 0);
	cr_assert_not_null(strstr(tracked.items.items[tracked.items.count - 1].message, "nf_conntrack_max"));
}
