/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The field tables of the lab: scenario, params, nodes, interfaces, links and their ends. */
#include <string.h>

#include "lab/base/clock.h"
#include "lab/scenario/decode.h"
#include "lab/scenario/iproute.h"
#include "lab/scenario/tree.h"

/* A scalar or a list that stands for one field of the map. */
#define AS_FIELD(function, key)                                                                           \
	static int function(struct decode *decode, const struct yaml *yaml, struct node *node)            \
	{                                                                                                 \
		return decode_field(decode, node, key, yaml);                                             \
	}

AS_FIELD(as_value, "value")
AS_FIELD(as_content, "content")
AS_FIELD(as_address, "address")

/* What the language keeps a word for, but this version does not do. */
static int refuse_reserved(struct decode *decode, const struct yaml *key, const char *help)
{
	diag_add(decode->diags, DIAG_UNKNOWN_KEY, key->span, "'%s' is reserved, and not in this version of nslab", key->text);
	diag_help(decode->diags, "%s", help);
	return -1;
}

/* --- requires, params, matrix --- */

static const struct field requires_fields[] = {
	{
		FIELD_AT(struct requires_node, programs, "programs"), .shape = FIELD_LIST, .type = &type_string,
		.doc = "Programs that must be found in PATH, or by path. One missing skips the scenario, and says which.",
		.example = "programs: [dnsmasq, nc]",
	},
	{
		FIELD_AT(struct requires_node, features, "features"), .shape = FIELD_LIST, .type = &type_string,
		.doc = "What the kernel and this machine must offer, in the words of `nslab doctor`: a technique's name, or `subuid` for programs "
		       "that want a user of their own. One missing skips the scenario, and says why.",
		.example = "features: [tx_ring, subuid]",
	},
	{
		FIELD_AT(struct requires_node, kernel, "kernel"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "The kernel's version: one of >=, >, <=, <, == or !=, and a version. In quotes, since YAML gives > a meaning of its own.",
		.example = "kernel: \">= 6.5\"",
	},
};

const struct node_kind kind_requires = {
	.name = "requires", .doc = "What must be there for the scenario to run; else it is skipped, with the reason.",
	.size = sizeof(struct requires_node), .fields = requires_fields, .field_count = COUNT_OF(requires_fields),
};

static const struct field param_fields[] = {
	{
		FIELD_AT(struct param_node, value, "value"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "The default. A param without one has to be given with -D name=value.",
		.example = "value: ./my-server",
	},
};

const struct node_kind kind_param = {
	.name = "param", .doc = "A value that -D name=value overrides, used as $(name), and as $name in shell text.",
	.size = sizeof(struct param_node), .fields = param_fields, .field_count = COUNT_OF(param_fields),
	.decode_scalar = as_value, .scalar_doc = "The default value.",
};

/* Axes and rows are read from the YAML by matrix.c, which also reports what is wrong with them. */
static int take_raw(struct decode *decode, const struct yaml *key, const struct yaml *value, struct node *node)
{
	(void)decode;
	(void)key;
	(void)value;
	(void)node;
	return 1;
}

static int take_raw_list(struct decode *decode, const struct yaml *yaml, struct node *node)
{
	(void)decode;
	(void)yaml;
	(void)node;
	return 0;
}

const struct node_kind kind_row = {
	.name = "row", .doc = "Values by name.", .size = sizeof(struct row_node),
	.decode_other = take_raw, .other_doc = "Any name of a matrix value, with its value.",
};

static const struct field matrix_fields[] = {
	{
		FIELD_AT(struct matrix_node, include, "include"), .shape = FIELD_CHILDREN, .flags = FIELD_LONE, .kind = &kind_row,
		.doc = "Further cases, each a map with a value for every axis.",
		.example = "include:\n  - {version: v3, family: ipv6}",
	},
	{
		FIELD_AT(struct matrix_node, exclude, "exclude"), .shape = FIELD_CHILDREN, .flags = FIELD_LONE, .kind = &kind_row,
		.doc = "Cases to leave out: every one whose values are those of one of these maps, which need not name all axes.",
		.example = "exclude:\n  - {version: v1, family: ipv6}",
	},
};

const struct node_kind kind_matrix = {
	.name = "matrix",
	.doc = "Runs the scenario once for each combination of values. A map of lists is their product, the last axis fastest; a list of maps is "
	       "its rows. Each case is called file[name=value,…].",
	.size = sizeof(struct matrix_node), .fields = matrix_fields, .field_count = COUNT_OF(matrix_fields),
	.decode_other = take_raw, .other_doc = "An axis: a name, and the list of its values.", .decode_list = take_raw_list,
};

/* --- nodes --- */

static const struct field setting_fields[] = {
	{
		FIELD_AT(struct setting_node, value, "value"), .shape = FIELD_SCALAR, .type = &type_string,
		.flags = FIELD_REQUIRED | FIELD_RUNTIME, .doc = "The value.", .example = "value: 1",
	},
};

const struct node_kind kind_setting = {
	.name = "setting", .doc = "A value by name.", .size = sizeof(struct setting_node), .fields = setting_fields,
	.field_count = COUNT_OF(setting_fields), .decode_scalar = as_value, .scalar_doc = "The value.",
};

static const struct field file_fields[] = {
	{
		FIELD_AT(struct file_node, content, "content"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_REQUIRED,
		.doc = "The text of the file.", .example = "content: |\n  port=0",
	},
	{
		FIELD_AT(struct file_node, mode, "mode"), .shape = FIELD_SCALAR, .type = &type_mode, .standard = "0644",
		.doc = "Permission bits in octal, chmod(2).", .example = "mode: 0755",
	},
};

const struct node_kind kind_file = {
	.name = "file", .doc = "A file that this node's programs see, and nobody else.", .size = sizeof(struct file_node),
	.fields = file_fields, .field_count = COUNT_OF(file_fields), .decode_scalar = as_content, .scalar_doc = "The text of the file.",
};

static const char *const interface_types[] = {"loopback", "vlan", "bridge", "vxlan", "macvlan", "tun", NULL};
static const char *const interface_type_docs[] = {
	"The loopback interface `lo`, for addresses of its own.",
	"A VLAN of the interface named by `link`, IEEE 802.1Q.",
	"A bridge over the interfaces named by `ports`, ip-link(8).",
	"Reserved; not in this version.",
	"Reserved; not in this version.",
	"Reserved; not in this version.",
	NULL,
};
static const char *const states[] = {"up", "down", NULL};
static const char *const vlan_protocols[] = {"802.1Q", "802.1ad", NULL};

static int finish_interface(struct decode *decode, struct node *node)
{
	struct interface_node *interface = (struct interface_node *)node;
	bool is_lo = node->name && strcmp(node->name, "lo") == 0;

	if (!node_given(node, "kind")) {
		if (is_lo)
			interface->type = INTERFACE_LOOPBACK;
		else {
			diag_add(decode->diags, DIAG_MISSING_KEY, node->name_span, "interface '%s' needs a 'kind'", node->name);
			diag_help(decode->diags, "write kind: vlan or kind: bridge; ends of wires stand under 'links'");
		}
	}
	struct span at = node_field_span(node, "kind");
	if (interface->type >= INTERFACE_VXLAN) {
		diag_add(decode->diags, DIAG_UNKNOWN_CHOICE, at, "%s interfaces are reserved, and not in this version of nslab",
			 interface_types[interface->type]);
		diag_help(decode->diags, "loopback, vlan and bridge are there");
	}
	if (node_given(node, "kind") && is_lo != (interface->type == INTERFACE_LOOPBACK)) {
		diag_add(decode->diags, DIAG_BAD_NAME, at, is_lo ? "'lo' is the loopback interface" :
								   "a node's one loopback interface is called 'lo'");
		return 0;
	}

	static const struct {
		const char *key;
		int type;
	} owners[] = {{"link", INTERFACE_VLAN}, {"id", INTERFACE_VLAN}, {"protocol", INTERFACE_VLAN},
		      {"ports", INTERFACE_BRIDGE}, {"vlan_filtering", INTERFACE_BRIDGE}};
	for (size_t i = 0; i < COUNT_OF(owners); i++)
		if (node_given(node, owners[i].key) && interface->type != owners[i].type)
			diag_add(decode->diags, DIAG_CONFLICTING_KEYS, node_field_span(node, owners[i].key),
				 "'%s' belongs to interfaces of kind %s, and this one is %s", owners[i].key,
				 interface_types[owners[i].type], interface_types[interface->type]);
	if (interface->type == INTERFACE_VLAN)
		for (size_t i = 0; i < 2; i++)
			if (!node_given(node, owners[i].key))
				diag_add(decode->diags, DIAG_MISSING_KEY, node->name_span, "a vlan needs '%s'", owners[i].key);
	return 0;
}

static const struct field interface_fields[] = {
	{
		FIELD_AT(struct interface_node, type, "kind"), .shape = FIELD_SCALAR, .type = &type_enum, .choices = interface_types,
		.choice_docs = interface_type_docs, .doc = "What it is. `lo` needs none.", .example = "kind: vlan",
	},
	{
		FIELD_AT(struct interface_node, addresses, "address"), .shape = FIELD_LIST, .type = &type_ip_prefix,
		.doc = "Its addresses, each with the length of its subnet.", .example = "address: [192.0.2.1/24, 2001:db8::1/64]",
	},
	{
		FIELD_AT(struct interface_node, mac, "mac"), .shape = FIELD_SCALAR, .type = &type_mac_addr,
		.doc = "Its hardware address. Without one it is made from the names of node and interface, the same in every run.",
		.example = "mac: 02:00:00:00:00:01",
	},
	{
		FIELD_AT(struct interface_node, mtu, "mtu"), .shape = FIELD_SCALAR, .type = &type_int, .min = 68, .max = 65535,
		.doc = "The largest packet in bytes, without the link's header. Without one the kernel chooses.", .example = "mtu: 1280",
	},
	{
		FIELD_AT(struct interface_node, state, "state"), .shape = FIELD_SCALAR, .type = &type_enum, .choices = states, .standard = "up",
		.doc = "Whether it is up when the first step starts.", .example = "state: down",
	},
	{
		FIELD_AT(struct interface_node, link, "link"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "vlan: the interface of this node that carries the tagged frames.", .example = "link: eth0",
	},
	{
		FIELD_AT(struct interface_node, id, "id"), .shape = FIELD_SCALAR, .type = &type_int, .min = 1, .max = 4094,
		.doc = "vlan: the VLAN's number.", .example = "id: 7",
	},
	{
		FIELD_AT(struct interface_node, protocol, "protocol"), .shape = FIELD_SCALAR, .type = &type_enum, .choices = vlan_protocols,
		.standard = "802.1Q", .doc = "vlan: the tag's protocol. 802.1ad is the outer tag of Q-in-Q.", .example = "protocol: 802.1ad",
	},
	{
		FIELD_AT(struct interface_node, ports, "ports"), .shape = FIELD_LIST, .type = &type_string,
		.doc = "bridge: the interfaces of this node that are its ports.", .example = "ports: [eth0, eth1]",
	},
	{
		FIELD_AT(struct interface_node, vlan_filtering, "vlan_filtering"), .shape = FIELD_SCALAR, .type = &type_bool, .standard = "false",
		.doc = "bridge: whether it looks at VLAN tags, ip-link(8).", .example = "vlan_filtering: on",
	},
};

const struct node_kind kind_interface = {
	.name = "interface", .doc = "An interface that is no end of a wire.", .size = sizeof(struct interface_node),
	.fields = interface_fields, .field_count = COUNT_OF(interface_fields), .decode_scalar = as_address, .decode_list = as_address,
	.scalar_doc = "Its address.", .finish = finish_interface,
};

static const char *const roles[] = {"host", "router", "bridge", "silent", NULL};
static const char *const role_docs[] = {
	"A host: it answers for its own addresses and forwards nothing.",
	"A router: it forwards IPv4 and IPv6.",
	"A switch: all its wire ends are ports of one bridge.",
	"Its own stack never answers: no ARP, no ICMP, no TCP reset. For peers whose packets are made by hand.",
	NULL,
};

static int other_lab_node(struct decode *decode, const struct yaml *key, const struct yaml *value, struct node *node)
{
	(void)value;
	(void)node;
	if (strcmp(key->text, "nat") != 0)
		return 0;
	return refuse_reserved(decode, key, "write the translation as a ruleset under 'nftables', with masquerade, snat or dnat");
}

static const struct field lab_node_fields[] = {
	{
		FIELD_AT(struct lab_node, role, "kind"), .shape = FIELD_SCALAR, .type = &type_enum, .choices = roles, .choice_docs = role_docs,
		.standard = "host", .doc = "What the node is.", .example = "kind: router",
	},
	{
		FIELD_AT(struct lab_node, routes, "routes"), .shape = FIELD_LIST, .type = &type_route,
		.doc = "Routes in the words of ip-route(8), without `ip route add`.", .example = "routes: [default via 192.0.2.1]",
	},
	{
		FIELD_AT(struct lab_node, rules, "rules"), .shape = FIELD_LIST, .type = &type_rule,
		.doc = "Policy routing rules in the words of ip-rule(8), without `ip rule add`.", .example = "rules: [fwmark 1 lookup 100]",
	},
	{
		FIELD_AT(struct lab_node, neighbours, "neighbours"), .shape = FIELD_LIST, .type = &type_neighbour,
		.doc = "Neighbour entries in the words of ip-neighbour(8), without `ip neighbour add`. They are permanent unless they say otherwise.",
		.example = "neighbours: [192.0.2.9 lladdr 02:00:00:00:00:09 dev eth0]",
	},
	{
		FIELD_AT(struct lab_node, sysctl, "sysctl"), .shape = FIELD_NAMED, .kind = &kind_setting,
		.doc = "Kernel settings of this node's network namespace, named as sysctl(8) does. What is not written has nslab's own baseline, not the host's value.",
		.example = "sysctl:\n  net.ipv4.ip_default_ttl: 42",
	},
	{
		FIELD_AT(struct lab_node, nftables, "nftables"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "A ruleset as nft(8) reads it from a file. Host names and `include` are refused.",
		.example = "nftables: |\n  table inet fw {\n    chain forward {\n      type filter hook forward priority filter; policy drop;\n    }\n  }",
	},
	{
		FIELD_AT(struct lab_node, files, "files"), .shape = FIELD_NAMED, .kind = &kind_file,
		.doc = "Files that this node's programs see: absolute path and content.",
		.example = "files:\n  /etc/dnsmasq.conf: |\n    port=0",
	},
	{
		FIELD_AT(struct lab_node, interfaces, "interfaces"), .shape = FIELD_NAMED, .kind = &kind_interface,
		.doc = "Interfaces besides the ends of wires: addresses on `lo`, VLANs, bridges.",
		.example = "interfaces:\n  lo: 198.51.100.1/32\n  eth0.7: {kind: vlan, link: eth0, id: 7, address: 203.0.113.1/24}",
	},
};

const struct node_kind kind_lab_node = {
	.name = "node", .doc = "A machine of the lab: a network namespace of its own.", .size = sizeof(struct lab_node),
	.fields = lab_node_fields, .field_count = COUNT_OF(lab_node_fields), .decode_other = other_lab_node,
};

/* --- links --- */

static const struct field end_fields[] = {
	{
		FIELD_AT(struct end_node, addresses, "address"), .shape = FIELD_LIST, .type = &type_ip_prefix,
		.doc = "The end's addresses, each with the length of its subnet.", .example = "address: [192.0.2.1/24, 2001:db8::1/64]",
	},
	{
		FIELD_AT(struct end_node, mac, "mac"), .shape = FIELD_SCALAR, .type = &type_mac_addr,
		.doc = "Its hardware address. Without one it is made from the names of node and interface, the same in every run.",
		.example = "mac: 02:00:00:00:00:01",
	},
	{
		FIELD_AT(struct end_node, mtu, "mtu"), .shape = FIELD_SCALAR, .type = &type_int, .min = 68, .max = 65535,
		.doc = "The largest packet in bytes, where it is not the wire's.", .example = "mtu: 1280",
	},
	{
		FIELD_AT(struct end_node, state, "state"), .shape = FIELD_SCALAR, .type = &type_enum, .choices = states, .standard = "up",
		.doc = "Whether the end is up when the first step starts.", .example = "state: down",
	},
};

const struct node_kind kind_end = {
	.name = "end", .doc = "An end of a wire: an interface of a node.", .size = sizeof(struct end_node), .fields = end_fields,
	.field_count = COUNT_OF(end_fields), .decode_scalar = as_address, .decode_list = as_address, .scalar_doc = "The end's address.",
};

static int other_link(struct decode *decode, const struct yaml *key, const struct yaml *value, struct node *node)
{
	struct link_node *link = (struct link_node *)node;
	const char *colon = strchr(key->text, ':');

	if (strcmp(key->text, "faults") == 0)
		return refuse_reserved(decode, key, "a later version drops, swaps, corrupts and delays packets here");
	if (!colon)
		return 0;
	if (colon == key->text || !colon[1] || strchr(colon + 1, ':')) {
		diag_add(decode->diags, DIAG_BAD_NAME, key->span, "'%s' is not an end of a wire", key->text);
		diag_help(decode->diags, "write node:interface, as in inside:eth0");
		return -1;
	}
	struct end_node *end = (struct end_node *)decode_node(decode, &kind_end, value, node, key);
	end->lab_node = arena_strndup(decode->arena, key->text, (size_t)(colon - key->text));
	end->interface = arena_strdup(decode->arena, colon + 1);
	decode_append(decode, &link->ends, &end->node);
	return 1;
}

static const struct field link_fields[] = {
	{
		FIELD_AT(struct link_node, title, "name"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "What the wire is called in graphs and reports.", .example = "name: backbone",
	},
	{
		FIELD_AT(struct link_node, mtu, "mtu"), .shape = FIELD_SCALAR, .type = &type_int, .min = 68, .max = 65535,
		.doc = "The largest packet in bytes, without the link's header, for all ends. Without one 1500.", .example = "mtu: 1400",
	},
	{
		FIELD_AT(struct link_node, offloads, "offloads"), .shape = FIELD_SCALAR, .type = &type_bool, .standard = "false",
		.doc = "Whether segmentation and checksum offloads stay on. Off, frames are on the wire as a network card would send them: at most "
		       "of the MTU's size, and with their checksums filled in.",
		.example = "offloads: on",
	},
	{
		FIELD_AT(struct link_node, qdisc, "qdisc"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "The queueing discipline at every end, in tc(8)'s words.", .example = "qdisc: tbf rate 1mbit burst 4kb latency 50ms",
	},
	{
		FIELD_AT(struct link_node, ends, "ends"), .shape = FIELD_CHILDREN, .kind = &kind_end, .flags = FIELD_HIDDEN,
		.doc = "Every key with a colon: an end of the wire.", .example = "inside:eth0: 192.0.2.2/24",
	},
};

const struct node_kind kind_link = {
	.name = "link", .doc = "A wire between two interfaces, or a segment of three and more.", .size = sizeof(struct link_node),
	.fields = link_fields, .field_count = COUNT_OF(link_fields), .decode_other = other_link,
	.other_doc = "An end, node:interface, with its address, a list of addresses, a map, or nothing.",
};

/* --- the whole --- */

static int finish_scenario(struct decode *decode, struct node *node)
{
	struct scenario_tree *tree = (struct scenario_tree *)node;

	if (tree->version != 1 && node_given(node, "nslab")) {
		diag_add(decode->diags, DIAG_OUT_OF_RANGE, node_field_span(node, "nslab"), "the language's version is 1");
		diag_help(decode->diags, "write nslab: 1, or leave it out");
	}
	return 0;
}

static const struct field scenario_fields[] = {
	{
		FIELD_AT(struct scenario_tree, title, "scenario"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_REQUIRED,
		.doc = "What the scenario shows, in one line.", .example = "scenario: Pierce a firewall from within",
	},
	{
		FIELD_AT(struct scenario_tree, about, "about"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_VERBATIM,
		.doc = "What a reader should know, in a few sentences.", .example = "about: A firewall lets replies in, so speak first.",
	},
	{
		FIELD_AT(struct scenario_tree, version, "nslab"), .shape = FIELD_SCALAR, .type = &type_int, .standard = "1",
		.doc = "The version of this language.", .example = "nslab: 1",
	},
	{
		FIELD_AT(struct scenario_tree, tags, "tags"), .shape = FIELD_LIST, .type = &type_string,
		.doc = "Words to select scenarios by, with `nslab run --tag`.", .example = "tags: [pierce, udp]",
	},
	{
		FIELD_AT(struct scenario_tree, requires, "requires"), .shape = FIELD_CHILD, .kind = &kind_requires,
		.doc = "What must be there for the scenario to run; else it is skipped, with the reason.", .example = "requires: {programs: [nc]}",
	},
	{
		FIELD_AT(struct scenario_tree, xfail, "xfail"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "Why the scenario is expected to fail. If it passes, that is a failure.", .example = "xfail: the kernel forgets the mapping",
	},
	{
		FIELD_AT(struct scenario_tree, timeout, "timeout"), .shape = FIELD_SCALAR, .type = &type_duration, .standard = "2min",
		.min = NS_PER_MS, .max = 24 * 3600 * NS_PER_S, .doc = "How long the whole scenario may take, its waits included.", .example = "timeout: 30s",
	},
	{
		FIELD_AT(struct scenario_tree, use, "use"), .shape = FIELD_LIST, .type = &type_string,
		.doc = "Files whose nodes and links are taken over, with the params that they use. Paths start at the folder of the file they stand in.",
		.example = "use: lab.nslab.yaml",
	},
	{
		FIELD_AT(struct scenario_tree, params, "params"), .shape = FIELD_NAMED, .kind = &kind_param,
		.doc = "Values with defaults, used as $(name), and overridden with -D name=value.", .example = "params: {program: ./my-server}",
	},
	{
		FIELD_AT(struct scenario_tree, matrix, "matrix"), .shape = FIELD_CHILD, .kind = &kind_matrix,
		.doc = "Runs the scenario once for each combination of values.", .example = "matrix: {family: [ipv4, ipv6]}",
	},
	{
		FIELD_AT(struct scenario_tree, nodes, "nodes"), .shape = FIELD_NAMED, .kind = &kind_lab_node,
		.doc = "The machines of the lab, by name.", .example = "nodes:\n  inside:\n  firewall: {kind: router}",
	},
	{
		FIELD_AT(struct scenario_tree, links, "links"), .shape = FIELD_CHILDREN, .kind = &kind_link,
		.doc = "The wires between them.", .example = "links:\n  - inside:eth0: 192.0.2.2/24\n    firewall:lan: 192.0.2.1/24",
	},
	{
		FIELD_AT(struct scenario_tree, steps, "steps"), .shape = FIELD_CHILDREN, .kind = &kind_step,
		.doc = "What happens, one after another, and what must be seen.",
		.example = "steps:\n  - send: {in: inside, with: udp, to: \"192.0.2.1:9\"}\n  - expect: {at: inside:eth0, packets: udp}",
	},
};

const struct node_kind kind_scenario = {
	.name = "scenario", .doc = "A small network, what happens in it, and which packets must be seen where.",
	.size = sizeof(struct scenario_tree), .fields = scenario_fields, .field_count = COUNT_OF(scenario_fields), .finish = finish_scenario,
};
