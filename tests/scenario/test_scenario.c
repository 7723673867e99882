/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From text to trees: cases, values, references, sockets, endpoints. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/scenario/visit.h"
#include "tests/scenario/load.h"
#include "tests/scenario/registry.h"

static const struct step_node *step_at(const struct scenario_tree *tree, size_t index)
{
	return (const struct step_node *)tree->steps.items[index];
}

static const char flagship[] =
	"scenario: Pierce a firewall from within\n"
	"about: |\n"
	"  A firewall lets replies in. So speak first: one packet outwards opens the way back.\n"
	"tags: [pierce, udp]\n"
	"\n"
	"nodes:\n"
	"  inside:\n"
	"    routes: [default via 192.0.2.1]\n"
	"  firewall:\n"
	"    kind: router\n"
	"    nftables: |\n"
	"      table inet fw {\n"
	"        chain forward {\n"
	"          type filter hook forward priority filter; policy drop;\n"
	"          ct state established,related accept\n"
	"          iifname \"lan\" accept\n"
	"        }\n"
	"      }\n"
	"  outside:\n"
	"    routes: [default via 198.51.100.1]\n"
	"\n"
	"links:\n"
	"  - inside:eth0: 192.0.2.2/24\n"
	"    firewall:lan: 192.0.2.1/24\n"
	"  - firewall:wan: 198.51.100.1/24\n"
	"    outside:eth0: 198.51.100.2/24\n"
	"\n"
	"steps:\n"
	"  - step: nobody outside may call in\n"
	"    send:\n"
	"      in: outside\n"
	"      with: udp\n"
	"      from: :80\n"
	"      to: 192.0.2.2:6881\n"
	"      payload: knock\n"
	"  - expect:\n"
	"      at: firewall:wan\n"
	"      dir: in\n"
	"      packets: udp dst port 6881\n"
	"      count: 1\n"
	"  - expect:\n"
	"      at: inside:eth0\n"
	"      packets: udp dst port 6881\n"
	"      count: 0\n"
	"\n"
	"  - step: the inside speaks first              # nobody listens on :80 out there\n"
	"    pierce: {in: inside, protocol: udp, from: \":6881\", to: \"198.51.100.2:80\"}\n"
	"  - expect:\n"
	"      at: outside:eth0\n"
	"      packets: udp src port 6881\n"
	"      count: 1\n"
	"      fields: {ip.ttl: 63}\n"
	"\n"
	"  - step: now the same call comes through\n"
	"    send: {in: outside, with: udp, from: \":80\", to: \"192.0.2.2:6881\", payload: knock}\n"
	"  - expect:\n"
	"      at: inside:eth0\n"
	"      packets: udp dst port 6881\n"
	"      count: 1\n"
	"      payload: knock\n";

Test(scenario, the_first_example_of_the_language_is_understood)
{
	struct loaded loaded;
	const struct scenario_tree *tree = load_clean(&loaded, flagship);

	cr_assert_eq(tree->nodes.count, 3);
	cr_assert_eq(tree->links.count, 2);
	cr_assert_eq(tree->steps.count, 7);
	cr_expect_eq(scenario_node(tree, "firewall")->role, ROLE_ROUTER);
	cr_expect_not_null(scenario_end(tree, "firewall", "wan"));

	const struct send_node *send = step_at(tree, 0)->send;
	cr_expect_eq(step_at(tree, 0)->verb, &send->node);
	cr_expect_str_eq(send->node.name, "send");
	cr_expect_eq(send->from.port, 80);
	cr_expect_eq(send->from.addr.family, 0);
	cr_expect_eq(send->to.port, 6881);
	cr_expect_eq(send->to.addr.family, AF_INET);
	cr_expect_str_eq(send->payload->literal, "knock");
	cr_expect_eq(send->payload->literal_length, 5);
	cr_expect_eq(send->times, 1);
	cr_assert_not_null(send->options);
	cr_expect_str_eq(send->options->kind->name, "socket_options");

	const struct expect_node *absence = step_at(tree, 2)->expect;
	cr_expect_eq(absence->count.max, 0);
	cr_expect_eq(absence->hold, 50 * NS_PER_MS);
	cr_expect_eq(absence->within, NS_PER_S);
	cr_expect_eq(((const struct expect_node *)step_at(tree, 1)->expect)->dir, DIR_IN);
	const struct match_node *ttl = (const struct match_node *)step_at(tree, 4)->expect->fields.items[0];
	cr_expect_str_eq(ttl->node.name, "ip.ttl");
	cr_expect_str_eq(((const char *const *)ttl->values.values)[0], "63");
	cr_expect_str_eq(loaded.cases[0].id, "test.nslab.yaml");
	load_free(&loaded);
}

Test(scenario, a_small_file_is_loaded_in_well_under_a_millisecond)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < 20; i++) {
		struct loaded loaded;
		int64_t start = clock_now();

		load_text(&loaded, flagship, NULL, 0);
		int64_t span = clock_now() - start;
		best = span < best ? span : best;
		load_free(&loaded);
	}
	/* 0.1 ms on a laptop; sanitizers and busy machines take their share. */
	cr_expect_lt(best, 3 * NS_PER_MS, "%lld us", (long long)(best / NS_PER_US));
}

Test(scenario, spans_lead_back_to_the_line)
{
	struct loaded loaded;
	const struct scenario_tree *tree = load_clean(&loaded, flagship);
	const struct send_node *send = step_at(tree, 0)->send;

	cr_expect_eq(step_at(tree, 0)->node.span.line, 29);
	cr_expect_eq(node_field_span(&send->node, "to").line, 34);
	cr_expect_eq(node_field_span(&send->node, "to").column, 11);
	cr_expect_eq(send->node.parent, &step_at(tree, 0)->node);
	cr_expect(node_given(&send->node, "from"));
	cr_expect_not(node_given(&send->node, "times"));
	load_free(&loaded);
}

/* --- matrix and params --- */

static void expect_ids(const char *matrix, const char *const *ids, size_t count)
{
	struct text text = {0};
	struct loaded loaded;

	text_addf(&text, "scenario: cases\n%s%s", matrix, strstr(TWO_HOSTS(EXPECT_STEP), "nodes:"));
	load_text(&loaded, text_str(&text), NULL, 0);
	cr_assert_str_eq(text_str(&loaded.findings), "");
	cr_assert_eq(loaded.count, count);
	for (size_t i = 0; i < count; i++)
		cr_expect_str_eq(loaded.cases[i].id, ids[i]);
	load_free(&loaded);
	text_free(&text);
}

Test(scenario, a_map_of_lists_is_the_product_with_the_last_axis_fastest)
{
	static const char *const ids[] = {
		"test.nslab.yaml[version=v1,family=ipv4]", "test.nslab.yaml[version=v1,family=ipv6]",
		"test.nslab.yaml[version=v2,family=ipv4]", "test.nslab.yaml[version=v2,family=ipv6]",
	};

	expect_ids("matrix: {version: [v1, v2], family: [ipv4, ipv6]}\n", ids, 4);
}

Test(scenario, a_list_of_maps_is_its_rows)
{
	static const char *const ids[] = {"test.nslab.yaml[a=1,b=x]", "test.nslab.yaml[a=2,b=y]"};

	expect_ids("matrix: [{a: 1, b: x}, {a: 2, b: y}]\n", ids, 2);
}

Test(scenario, include_adds_cases_and_exclude_leaves_some_out)
{
	static const char *const ids[] = {"test.nslab.yaml[a=1,b=x]", "test.nslab.yaml[a=2,b=y]", "test.nslab.yaml[a=3,b=z]"};

	expect_ids("matrix: {a: [1, 2], b: [x, y], exclude: [{a: 1, b: y}, {a: 2, b: x}], include: [{a: 3, b: z}]}\n", ids, 3);
}

Test(scenario, values_are_substituted_before_they_are_typed)
{
	struct param_override override = {"count", "2..3"};
	struct loaded loaded;

	load_text(&loaded,
		  "scenario: $(what) twice\n"
		  "params: {count: 1, greeting: hello $(what)}\n"
		  "matrix: {what: [a, b]}\n"
		  "tags: [$(what), x$(what)x]\n"
		  "nodes: {left: {}, right: {}}\n"
		  "links: [{left:eth0: 192.0.2.1/24, right:eth0: 192.0.2.2/24}]\n"
		  "steps:\n"
		  "  - send: {in: left, with: udp, to: \"$(right:eth0):9\", payload: $(greeting) costs $$(5)}\n"
		  "  - run: {in: left, shell: echo $(what) $greeting}\n"
		  "  - expect: {at: right:eth0, count: $(count), fields: {eth.dst: $(right:eth0.mac)}}\n",
		  &override, 1);
	cr_assert_str_eq(text_str(&loaded.findings), "");
	cr_assert_eq(loaded.count, 2);
	const struct scenario_tree *tree = loaded.cases[1].tree;
	cr_expect_str_eq(tree->title, "b twice");
	cr_expect_str_eq(((const char *const *)tree->tags.values)[1], "xbx");
	cr_expect_str_eq(step_at(tree, 0)->send->payload->literal, "hello b costs $(5)");
	cr_expect_eq(step_at(tree, 0)->send->to.addr.family, AF_INET);
	cr_expect_eq(step_at(tree, 0)->send->to.port, 9);
	cr_expect_str_eq(step_at(tree, 1)->run->shell, "echo $(what) $greeting", "shell text is left alone");
	cr_expect_eq(step_at(tree, 2)->expect->count.min, 2);
	cr_expect_eq(step_at(tree, 2)->expect->count.max, 3);
	const struct match_node *mac = (const struct match_node *)step_at(tree, 2)->expect->fields.items[0];
	cr_expect(str_starts(((const char *const *)mac->values.values)[0], "02:"));

	cr_assert_eq(loaded.cases[1].value_count, 3);
	cr_expect_str_eq(loaded.cases[1].values[0].name, "what");
	cr_expect_str_eq(loaded.cases[1].values[1].value, "2..3");
	cr_expect_str_eq(loaded.cases[1].values[2].value, "hello b");
	load_free(&loaded);
}

Test(scenario, an_address_fits_the_family_of_the_case)
{
	struct loaded loaded;
	struct ip_addr addr;
	struct text text = {0}, printed = {0};
	int32_t port;

	text_addf(&text, "matrix: {family: [ipv4, ipv6]}\n%s", TWO_HOSTS("  - send: {in: left, with: udp, to: \"right:80\"}\n"
									 "  - expect: {at: right:eth0, where: {ip.src: $(left:eth0)}}\n"));
	load_text(&loaded, text_str(&text), NULL, 0);
	cr_assert_str_eq(text_str(&loaded.findings), "");
	for (size_t i = 0; i < 2; i++) {
		const struct scenario_tree *tree = loaded.cases[i].tree;
		const struct match_node *match = (const struct match_node *)step_at(tree, 1)->expect->where.items[0];

		cr_assert_eq(scenario_resolve(tree, &step_at(tree, 0)->send->to, 0, &addr, &port, NULL), 0);
		cr_expect_eq(addr.family, i ? AF_INET6 : AF_INET);
		cr_expect_eq(port, 80);
		ip_addr_print(&addr, &printed);
		cr_expect_str_eq(text_str(&printed), i ? "2001:db8::2" : "192.0.2.2");
		cr_expect_str_eq(((const char *const *)match->values.values)[0], i ? "2001:db8::1" : "192.0.2.1");
		text_clear(&printed);
	}
	text_free(&printed);
	text_free(&text);
	load_free(&loaded);
}

Test(scenario, an_endpoint_means_what_it_says)
{
	struct loaded loaded;
	const struct scenario_tree *tree = load_clean(&loaded, TWO_HOSTS(EXPECT_STEP));
	struct err err = {0};
	struct ip_addr addr;
	int32_t port;
	struct endpoint endpoint = {.port = 7};

	cr_expect_eq(scenario_resolve(tree, &endpoint, 0, &addr, &port, &err), 0);
	cr_expect_eq(addr.family, 0, "\":7\" has no address");
	cr_expect_eq(port, 7);
	endpoint = (struct endpoint){.node = "right", .interface = "eth0", .port = -1};
	cr_expect_eq(scenario_resolve(tree, &endpoint, AF_INET6, &addr, &port, &err), 0);
	cr_expect_eq(addr.family, AF_INET6);
	cr_expect_eq(port, -1);
	endpoint.interface = "eth1";
	cr_expect_eq(scenario_resolve(tree, &endpoint, 0, &addr, &port, &err), -ENOENT);
	cr_expect_str_eq(err.text, "'right:eth1' has no address");
	load_free(&loaded);
}

/* --- what only the run knows --- */

static int answer(void *data, const char *name, struct text *out, struct err *err)
{
	(void)err;
	if (strcmp(name, "offer.ip.src") != 0)
		return 0;
	text_add(out, data);
	return 1;
}

Test(scenario, a_packets_field_is_filled_in_while_running)
{
	struct loaded loaded;
	const struct scenario_tree *tree = load_clean(&loaded, TWO_HOSTS("  - expect: {at: right:eth0, packets: udp, as: offer}\n"
									 "  - send: {in: left, with: udp, to: \"$(offer.ip.src):9\", payload: x}\n"
									 "  - send: {in: left, with: packet, burst: $(i), packet: {ip: {dst: $(offer.ip.src)}}}\n"));
	struct arena *arena = arena_new();
	struct step_node *again;
	char address[] = "192.0.2.77";
	struct err err = {0};

	cr_expect(step_at(tree, 1)->node.runtime);
	cr_expect_not(step_at(tree, 0)->node.runtime);
	cr_expect_not(tree->node.runtime);
	cr_expect_eq(step_at(tree, 1)->send->to.port, -1, "unset while unknown");
	cr_expect(node_given(&step_at(tree, 1)->send->node, "to"));
	cr_expect(step_at(tree, 2)->send->packet->node.runtime);

	cr_assert_eq(scenario_redecode(&loaded.cases[0], step_at(tree, 1), answer, address, arena, &again, &err), 0, "%s", err.text);
	cr_expect_eq(again->send->to.port, 9);
	cr_expect_eq(again->send->to.addr.bytes[3], 77);
	cr_expect_not(again->node.runtime);
	cr_expect_str_eq(again->send->payload->literal, "x");

	char broken[] = "no address";
	cr_expect_eq(scenario_redecode(&loaded.cases[0], step_at(tree, 1), answer, broken, arena, &again, &err), -EINVAL);
	cr_expect(strstr(err.text, "test.nslab.yaml:8:37: 'no address:9' is not an endpoint"), "%s", err.text);
	arena_free(arena);
	load_free(&loaded);
}

Test(scenario, a_named_socket_brings_its_node_technique_and_options)
{
	struct loaded loaded;
	const struct scenario_tree *tree = load_clean(&loaded,
						      TWO_HOSTS("  - open: {in: left, with: udp, socket: s, to: \"right:9\", options: {IP_TTL: 3}}\n"
									 "  - send: {socket: s, payload: x, options: {IP_TOS: 1}}\n"
									 "  - receive: {socket: s}\n"));

	const struct send_node *send = step_at(tree, 1)->send;
	cr_expect_str_eq(send->in, "left");
	cr_expect_str_eq(send->with, "udp");
	const struct test_socket_options *options = (const struct test_socket_options *)send->options;
	cr_expect_eq(options->setsockopt.count, 1);
	cr_expect_str_eq(step_at(tree, 2)->receive->with, "udp");
	const struct setting_node *ttl = (const struct setting_node *)step_at(tree, 0)->open->setsockopt.items[0];
	cr_expect_str_eq(ttl->node.name, "IP_TTL");
	cr_expect_str_eq(ttl->value, "3");
	load_free(&loaded);
}

Test(scenario, a_techniques_options_stand_beside)
{
	struct loaded loaded;
	const struct scenario_tree *tree = load_clean(&loaded,
						      TWO_HOSTS("  - send: {in: left, with: packet, interface: eth0, packet: [ip: {dst: 192.0.2.2}, udp]}\n" EXPECT_STEP));
	const struct send_node *send = step_at(tree, 0)->send;
	const struct test_packet_options *options = (const struct test_packet_options *)send->options;

	cr_expect_str_eq(options->interface, "eth0");
	cr_expect_eq(options->burst, 1, "the default");
	cr_expect(node_given(&options->node, "interface"));
	cr_assert_eq(send->packet->layers.count, 2);
	const struct layer_node *ip = (const struct layer_node *)send->packet->layers.items[0];
	cr_expect_str_eq(ip->node.name, "ip");
	cr_assert_eq(ip->values.count, 1);
	cr_expect_str_eq(ip->values.items[0]->name, "dst");
	cr_expect_str_eq(send->packet->layers.items[1]->name, "udp");
	load_free(&loaded);
}

Test(scenario, entries_of_an_order_share_its_place)
{
	struct loaded loaded;
	const struct scenario_tree *tree = load_clean(&loaded,
						      TWO_HOSTS("  - expect: {at: right:eth0, dir: in, packets: arp, as: question}\n"
									 "  - expect: {at: right:eth0, order: [question, {dir: in, packets: udp}, {at: left:eth0}]}\n"));
	const struct node_list *order = &step_at(tree, 1)->expect->order;
	const struct selection_node *second = (const struct selection_node *)order->items[1];

	cr_expect_str_eq(((const struct selection_node *)order->items[0])->named, "question");
	cr_assert_eq(second->at.count, 1);
	cr_expect_str_eq(((const struct place *)second->at.values)->interface, "eth0");
	cr_expect_eq(second->dir, DIR_IN);
	cr_expect_str_eq(((const struct place *)((const struct selection_node *)order->items[2])->at.values)->node, "left");
	load_free(&loaded);
}

Test(scenario, short_forms_are_the_long_ones)
{
	struct loaded loaded;
	const struct scenario_tree *tree = load_clean(&loaded, TWO_HOSTS("  - step: server\n"
									 "    run: {in: left, command: nc, background: true, stdout: hello, ready: {listen: udp 53}}\n"
									 "  - wait: 31s\n"
									 "  - wait: server\n"
									 "  - stop: server\n"
									 "  - send: {in: left, with: udp, to: \"right:9\"}\n"
									 "    error: EMSGSIZE\n"
									 "  - together: [{wait: 1ms}, {wait: 2ms}]\n"
									 "  - set: {in: left, routes: default via 192.0.2.2}\n"));

	cr_expect_eq(step_at(tree, 0)->run->command.count, 1);
	cr_expect_str_eq(step_at(tree, 0)->run->stdout_check->contains, "hello");
	cr_expect_eq(step_at(tree, 1)->wait->span, 31 * NS_PER_S);
	cr_expect_null(step_at(tree, 1)->wait->step);
	cr_expect_eq(step_at(tree, 2)->wait->span, -1);
	cr_expect_str_eq(step_at(tree, 2)->wait->step, "server");
	cr_expect_eq(step_at(tree, 3)->stop->signal, 15);
	cr_expect_eq(step_at(tree, 3)->stop->exit, -1);
	cr_expect_eq(step_at(tree, 4)->error->errno_value, EMSGSIZE);
	cr_expect_eq(step_at(tree, 5)->together->steps.count, 2);
	cr_expect_eq(step_at(tree, 6)->set->routes.count, 1);
	load_free(&loaded);
}

/* --- use --- */

Test(scenario, a_used_file_gives_nodes_links_and_params)
{
	struct diag_list diags = {0};
	const struct scenario_case *cases;
	size_t count;
	static const char text[] = "scenario: over a lab of its own file\n"
				   "use: use/two.yaml\n"
				   "nodes: {third: {}}\n"
				   "links: [{third:eth0: 198.51.100.1/24, left:eth1: 198.51.100.2/24}]\n"
				   "steps:\n"
				   "  - expect: {at: right:eth0, packets: udp}\n";
	struct scenario_file *file = scenario_load_text(SOURCE_ROOT "/tests/golden/diag/test.nslab.yaml", text, sizeof(text) - 1,
							&test_registry, NULL, 0, &diags);

	cr_assert_not_null(file);
	cr_assert_eq(scenario_cases(file, &diags, &cases, &count), 0);
	cr_expect_eq(diags.items.count, 0);
	cr_expect_eq(cases[0].tree->nodes.count, 3);
	cr_expect_str_eq(cases[0].tree->nodes.items[0]->name, "left");
	cr_expect_eq(cases[0].tree->links.count, 2);
	cr_expect_str_eq(cases[0].directory, SOURCE_ROOT "/tests/golden/diag");
	cr_expect_eq(yaml_get(scenario_yaml(file), "nodes")->count, 1, "the raw tree is the file's own");
	scenario_file_free(file);
	diag_list_free(&diags);
}

/* --- visitor --- */

static int count_sends(struct visitor *visitor, const struct node *node)
{
	++*(size_t *)visitor->data;
	cr_expect_eq(visitor->depth, 2);
	return visit_children(visitor, node);
}

static int stop_walking(struct visitor *visitor, const struct node *node)
{
	(void)visitor;
	(void)node;
	return -ECANCELED;
}

static int count_all(struct visitor *visitor, const struct node *node)
{
	++*(size_t *)visitor->data;
	return visit_children(visitor, node);
}

Test(scenario, a_visitor_is_called_for_the_kinds_it_names)
{
	static const struct visitor_entry sends[] = {{&kind_send, count_sends}, {0}};
	static const struct visitor_entry stops[] = {{&kind_link, stop_walking}, {0}};
	static const struct visitor_entry none[] = {{0}};
	struct loaded loaded;
	const struct scenario_tree *tree = load_clean(&loaded, flagship);
	size_t count = 0, all = 0;
	struct visitor visitor = {.entries = sends, .data = &count};

	cr_expect_eq(visit(&visitor, &tree->node), 0);
	cr_expect_eq(count, 2);
	cr_expect_eq(visitor.depth, 0);
	visitor = (struct visitor){.entries = stops};
	cr_expect_eq(visit(&visitor, &tree->node), -ECANCELED);
	visitor = (struct visitor){.entries = none, .other = count_all, .data = &all};
	cr_expect_eq(visit(&visitor, &tree->node), 0);
	/* scenario, 3 nodes, 2 links, 4 ends, 7 steps and their verbs, 2 options, 3 payloads, 1 match */
	cr_expect_eq(all, 1 + 3 + 2 + 4 + 14 + 2 + 3 + 1);
	load_free(&loaded);
}

/* --- warnings that must not cry wolf --- */

Test(scenario, a_switch_carries_one_subnet_over_many_wires)
{
	struct loaded loaded;

	load_clean(&loaded, "scenario: a switch\n"
			    "nodes: {switch: {kind: bridge}, a: {}, b: {}, r: {interfaces: {br0: {kind: bridge, ports: [p0, p1], address: 198.51.100.1/24}}}, c: {}, d: {}}\n"
			    "links:\n"
			    "  - {switch:p0: , a:eth0: 192.0.2.1/24}\n"
			    "  - {switch:p1: , b:eth0: [192.0.2.2/24, fe80::1/64, 203.0.113.9/32]}\n"
			    "  - {r:p0: , c:eth0: [198.51.100.2/24, fe80::1/64]}\n"
			    "  - {r:p1: , d:eth0: 198.51.100.3/24}\n"
			    "steps:\n"
			    "  - expect: {at: a:eth0, packets: udp}\n");
	load_free(&loaded);
}

Test(scenario, more_findings_than_anybody_reads_are_cut_short)
{
	struct loaded loaded;
	struct text text = {0};

	text_add(&text, "scenario: nonsense\nsteps:\n");
	for (int i = 0; i < 2000; i++)
		text_addf(&text, "  - {a%d: b, send: {x: y}}\n", i);
	load_text(&loaded, text_str(&text), NULL, 0);
	cr_expect_gt(loaded.diags.errors, 100);
	cr_expect_lt(loaded.diags.errors, 400);
	load_free(&loaded);
	text_free(&text);
}
