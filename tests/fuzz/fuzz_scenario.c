/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a scenario: read, substituted, decoded, checked, decoded again as a run would. A file is either loaded or
 * something is said about it; every finding has a message and lies within its source; every value that a tree holds prints.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab/scenario/iproute.h"
#include "lab/scenario/scenario.h"
#include "lab/scenario/visit.h"
#include "tests/fuzz/fuzz.h"
#include "tests/scenario/registry.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_findings(const struct diag_list *diags)
{
	struct text out = {0};

	for (size_t i = 0; i < diags->items.count; i++) {
		const struct diag *diag = &diags->items.items[i];
		const struct span *span = &diag->span;

		check(diag->message[0] && span->source);
		check(span->offset <= span->source->length && span->length <= span->source->length - span->offset);
		check(!span->line || span->column);
		diag_print(diag, i & 1, i & 2, &out);
	}
	text_free(&out);
}

static void print_value(const struct field *field, const void *value, struct text *out)
{
	/* A field that was not given, or is known to the run alone, may hold nothing that prints. */
	static const struct value_type *const empty_prints[] = {
		&type_string, &type_bool, &type_int, &type_enum, &type_duration, &type_size, &type_range, &type_span_range, &type_place, &type_endpoint,
		&type_route, &type_rule, &type_neighbour, &type_ip_prefix,
	};

	for (size_t i = 0; i < COUNT_OF(empty_prints); i++)
		if (field->type == empty_prints[i])
			field->type->print(field, value, out);
}

static int on_node(struct visitor *visitor, const struct node *node)
{
	struct text out = {0};

	check(node->yaml && node->field_spans);
	for (size_t i = 0; i < node->kind->field_count; i++) {
		const struct field *field = &node->kind->fields[i];

		if (field->shape == FIELD_SCALAR && node->given >> i & 1 && !node->runtime)
			print_value(field, field_at(node, field), &out);
		if (field->shape == FIELD_LIST && node->given >> i & 1) {
			const struct value_list *list = field_at(node, field);

			for (size_t j = 0; j < list->count; j++) {
				print_value(field, (const char *)list->values + j * field->type->size, &out);
				check(list->spans[j].source);
			}
		}
	}
	text_free(&out);
	return visit_children(visitor, node);
}

static int lookup(void *data, const char *name, struct text *out, struct err *err)
{
	(void)data;
	(void)err;
	if (strlen(name) % 3 == 0)
		return 0;
	text_add(out, strlen(name) % 3 == 1 ? "7" : "192.0.2.7");
	return 1;
}

static int on_step(struct visitor *visitor, const struct node *node)
{
	const struct step_node *step = (const struct step_node *)node;

	check(step->verb);
	if (node->runtime) {
		struct arena *arena = arena_new();
		struct step_node *again = NULL;
		struct err err = {0};
		int r = scenario_redecode(visitor->data, step, lookup, NULL, arena, &again, &err);

		check(r == 0 ? again && !again->node.runtime && !err.text[0] : r == -EINVAL && err.text[0]);
		arena_free(arena);
	}
	return on_node(visitor, node);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct visitor_entry entries[] = {{&kind_step, on_step}, {0}};
	static const struct param_override override = {"server", "./other"};
	struct diag_list diags = {0};
	const struct scenario_case *cases = NULL;
	size_t count = 0;
	struct scenario_file *file = scenario_load_text("fuzz.nslab.yaml", (const char *)data, size, &test_registry, &override, size % 2, &diags);

	check(file || diags.errors);
	if (file) {
		int r = scenario_cases(file, &diags, &cases, &count);

		check(r == 0 || diags.errors);
		check(count > 0);
	}
	for (size_t i = 0; i < count; i++) {
		struct visitor visitor = {.entries = entries, .other = on_node, .data = (void *)(uintptr_t)&cases[i]};

		check(cases[i].tree || diags.errors);
		if (cases[i].tree)
			visit(&visitor, &cases[i].tree->node);
	}
	check_findings(&diags);
	diag_list_sort(&diags);
	scenario_file_free(file);
	diag_list_free(&diags);
	return 0;
}

static const char *const texts[] = {
	"scenario: Pierce a firewall\nabout: |\n  Speak first.\ntags: [pierce, udp]\n"
	"nodes:\n  inside:\n    routes: [default via 192.0.2.1]\n  firewall:\n    kind: router\n    nftables: |\n      table inet fw {\n      }\n"
	"  outside:\n    routes: [default via 198.51.100.1]\n"
	"links:\n  - inside:eth0: 192.0.2.2/24\n    firewall:lan: 192.0.2.1/24\n  - firewall:wan: 198.51.100.1/24\n    outside:eth0: 198.51.100.2/24\n"
	"steps:\n  - step: nobody may call in\n    send:\n      in: outside\n      with: udp\n      from: :80\n      to: 192.0.2.2:6881\n      payload: knock\n"
	"  - expect:\n      at: firewall:wan\n      dir: in\n      packets: udp dst port 6881\n      count: 1\n"
	"  - expect:\n      at: inside:eth0\n      packets: udp dst port 6881\n      count: 0\n"
	"  - pierce: {in: inside, protocol: udp, from: \":6881\", to: \"198.51.100.2:80\"}\n",

	"scenario: values\nparams: {server: ./greeter, port: 7000}\nmatrix:\n  version: [v1, v2]\n  family: [ipv4, ipv6]\n"
	"  exclude: [{version: v1, family: ipv6}]\nnodes: {left: {}, right: {interfaces: {lo: 203.0.113.1/32, eth0.7: {kind: vlan, link: eth0, id: 7}}}}\n"
	"links: [{left:eth0: [192.0.2.1/24, 2001:db8::1/64], right:eth0: [192.0.2.2/24, 2001:db8::2/64], mtu: 1400}]\nsteps:\n"
	"  - step: server\n    run: {in: left, command: [$(server), \"$(port)\"], background: true, ready: {listen: tcp 7000}}\n"
	"  - when: $(family) == ipv6\n    send: {in: right, with: udp, to: \"[$(left:eth0.ip6)]:$(port)\", payload: {counter: 100}}\n"
	"  - send: {in: left, with: packet, interface: eth0, packet: {eth: {dst: $(right:eth0.mac)}, ip: {dst: 192.0.2.2, ttl: 1}, udp: , payload: a $$(b)}}\n"
	"  - expect: {at: [left:eth0, right], packets: udp, as: offer, where: {udp.port: [9, 80], ip.ttl: {not: 3}}}\n"
	"  - send: {in: left, with: udp, to: \"$(offer.ip.src):9\", payload: {hex: de ad}}\n    error: {call: sendto, errno: EMSGSIZE}\n"
	"  - expect: {at: left:eth0, order: [offer, {dir: in, packets: arp}], strict: true}\n  - stop: {run: server, signal: INT}\n",

	"scenario: lab\nuse: other.yaml\nrequires: {programs: [nc], kernel: \">= 6.5\"}\nnodes:\n  a:\n    routes: [default via 192.0.2.1 metric 5, blackhole 203.0.113.0/24]\n"
	"    rules: [fwmark 1/0xff lookup 100]\n    neighbours: [192.0.2.9 lladdr 02:00:00:00:00:09 dev eth0]\n    sysctl: {net.ipv4.ip_forward: 1}\n"
	"    files: {/etc/x: {content: y, mode: 0600}}\nlinks:\n  - a:eth0:\n    b:eth0: {address: 192.0.2.1/24, mac: 02:00:00:00:00:01, state: down}\n"
	"steps:\n  - open: {in: a, with: tcp, socket: s, options: {IP_TTL: 3}}\n  - together: [{wait: 1ms}, {close: {socket: s, how: reset}}]\n"
	"  - set: {in: a, link: eth0, mtu: 1280, no_routes: [default], conntrack: flush}\n  - expect: {in: a, route: {dst: default}}\n",

	"a: [2001:db8::1]:80\n", "a: b: c\n", "k: >= 6\n", "? [x]\n: {y\n", "&a *b !c\n", "\"\\x41\\u00e4\\0\"\n", "a: 'it''s'\n--- \nb\n",
};

size_t fuzz_seeds(struct fuzz_seed ret[FUZZ_SEEDS_MAX])
{
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		ret[i].length = strlen(texts[i]);
		ret[i].bytes = (uint8_t *)mem_strdup(texts[i]);
	}
	return COUNT_OF(texts);
}
