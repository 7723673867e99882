/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The field tables of payloads, packets and expectations, and the list of all kinds. */
#include "lab/base/clock.h"
#include "lab/scenario/packet.h"
#include "lab/scenario/tree.h"

#define AS_FIELD(function, key)                                                                           \
	static int function(struct decode *decode, const struct yaml *yaml, struct node *node)            \
	{                                                                                                 \
		return decode_field(decode, node, key, yaml);                                             \
	}

AS_FIELD(as_text, "text")
AS_FIELD(as_is, "is")
AS_FIELD(as_named, "named")

/* --- payload, packet, layer --- */

static const struct field payload_fields[] = {
	{
		FIELD_AT(struct payload_node, literal, "text"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_RUNTIME,
		.doc = "The bytes as text.", .example = "text: knock",
	},
	{
		FIELD_AT(struct payload_node, hex, "hex"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_RUNTIME,
		.doc = "The bytes in hexadecimal; spaces and colons may stand between them.", .example = "hex: \"de ad be ef\"",
	},
	{
		FIELD_AT(struct payload_node, file, "file"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "The bytes of a file. The path starts at the scenario's folder.", .example = "file: request.bin",
	},
	{
		FIELD_AT(struct payload_node, counter, "counter"), .shape = FIELD_SCALAR, .type = &type_size, .min = 0, .max = 1 << 30,
		.doc = "This many bytes that count up: 0, 1 … 255, 0 …", .example = "counter: 1400",
	},
	{
		FIELD_AT(struct payload_node, random, "random"), .shape = FIELD_SCALAR, .type = &type_size, .min = 0, .max = 1 << 30,
		.doc = "This many bytes from the run's seed: the same seed gives the same bytes.", .example = "random: 64KiB",
	},
	{
		FIELD_AT(struct payload_node, sha256, "sha256"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "Matches bytes by their SHA-256, 64 hexadecimal digits.",
		.example = "sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	},
	{
		FIELD_AT(struct payload_node, contains, "contains"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_RUNTIME,
		.doc = "Matches bytes that hold this text somewhere.", .example = "contains: knock",
	},
	{
		FIELD_AT(struct payload_node, same_as, "same_as"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "Matches the payload of a packet that `as` named, or of a step that sends.", .example = "same_as: question",
	},
};

const struct node_kind kind_payload = {
	.name = "payload", .doc = "Bytes, to be sent or to be matched. Exactly one key.", .size = sizeof(struct payload_node),
	.fields = payload_fields, .field_count = COUNT_OF(payload_fields), .decode_scalar = as_text, .scalar_doc = "The bytes as text.",
	.finish = payload_finish,
};

static const struct field layer_fields[] = {
	{
		FIELD_AT(struct layer_node, values, "values"), .shape = FIELD_CHILDREN, .kind = &kind_match, .flags = FIELD_HIDDEN,
		.doc = "Fields of the layer by Wireshark's names, without the layer's own. Lengths, checksums and next protocols fill themselves "
		       "in, and stand as written, wrong ones too, where they are.",
		.example = "ttl: 1",
	},
	{
		FIELD_AT(struct layer_node, payload, "bytes"), .shape = FIELD_CHILD, .kind = &kind_payload, .flags = FIELD_HIDDEN,
		.doc = "The bytes of a `payload` layer.",
	},
};

const struct node_kind kind_layer = {
	.name = "layer", .doc = "One protocol's header, or the payload.", .size = sizeof(struct layer_node), .fields = layer_fields,
	.field_count = COUNT_OF(layer_fields), .decode_other = layer_decode_other,
	.other_doc = "A field of the layer, by Wireshark's name without the layer's own.",
};

static const struct field packet_fields[] = {
	{
		FIELD_AT(struct packet_node, layers, "layers"), .shape = FIELD_CHILDREN, .kind = &kind_layer, .flags = FIELD_HIDDEN,
		.doc = "The layers, outermost first.", .example = "ip: {dst: 192.0.2.2, ttl: 1}",
	},
};

const struct node_kind kind_packet = {
	.name = "packet", .doc = "A packet by its layers, outermost first: a map, or a list where a layer repeats.",
	.size = sizeof(struct packet_node), .fields = packet_fields, .field_count = COUNT_OF(packet_fields),
	.decode_other = packet_decode_other, .other_doc = "A layer by Wireshark's name, with a map of its fields, or nothing.",
	.decode_list = packet_decode_list, .finish = packet_finish,
};

/* --- matches and selections --- */

static const struct field match_fields[] = {
	{
		FIELD_AT(struct match_node, values, "is"), .shape = FIELD_LIST, .type = &type_string, .flags = FIELD_RUNTIME,
		.doc = "A value, a range a..b, or a list of them of which one has to hold.", .example = "is: [63, 64]",
	},
	{
		FIELD_AT(struct match_node, values, "not"), .shape = FIELD_LIST, .type = &type_string, .flags = FIELD_RUNTIME,
		.doc = "As `is`, but none may hold.", .example = "not: 64",
	},
};

const struct node_kind kind_match = {
	.name = "match", .doc = "A field, and what it must be.", .size = sizeof(struct match_node), .fields = match_fields,
	.field_count = COUNT_OF(match_fields), .decode_scalar = as_is, .decode_list = as_is,
	.scalar_doc = "The value, or a range a..b.", .finish = match_finish,
};

static const char *const directions[] = {"both", "in", "out", NULL};
static const char *const direction_docs[] = {
	"Both directions.",
	"Frames that arrive at the interface, before tc and nftables ingress.",
	"Frames that leave by it, after postrouting, the egress hook and the queueing discipline.",
	NULL,
};

#define FIELD_AT_PLACE(struct_type)                                                                                \
	{                                                                                                          \
		FIELD_AT(struct_type, at, "at"), .shape = FIELD_LIST, .type = &type_place,                         \
		.doc = "Where: node:interface, a node for its wire ends together, or a list of these.", .example = "at: firewall:wan", \
	}
#define FIELD_DIR(struct_type)                                                                                     \
	{                                                                                                          \
		FIELD_AT(struct_type, dir, "dir"), .shape = FIELD_SCALAR, .type = &type_enum, .choices = directions, \
		.choice_docs = direction_docs, .standard = "both",                                                 \
		.doc = "Which direction, seen from the node. A whole router or bridge needs one.", .example = "dir: in", \
	}
#define FIELD_PACKETS(struct_type)                                                                                 \
	{                                                                                                          \
		FIELD_AT(struct_type, packets, "packets"), .shape = FIELD_SCALAR, .type = &type_string, .flags = FIELD_RUNTIME, \
		.doc = "Selects packets by a filter, pcap-filter(7), over frames with their VLAN tags. Without one, all.", \
		.example = "packets: udp dst port 6881",                                                           \
	}
#define FIELD_WHERE(struct_type)                                                                                   \
	{                                                                                                          \
		FIELD_AT(struct_type, where, "where"), .shape = FIELD_NAMED, .kind = &kind_match,                  \
		.doc = "Selects packets by fields, named as Wireshark does, of either IP version.", .example = "where: {tcp.flags: S}", \
	}

static const struct field selection_fields[] = {
	{
		FIELD_AT(struct selection_node, named, "named"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "The packet that an earlier expectation named with `as`.", .example = "named: question",
	},
	FIELD_AT_PLACE(struct selection_node),
	FIELD_DIR(struct selection_node),
	FIELD_PACKETS(struct selection_node),
	FIELD_WHERE(struct selection_node),
};

const struct node_kind kind_selection = {
	.name = "selection", .doc = "Which packets.", .size = sizeof(struct selection_node), .fields = selection_fields,
	.field_count = COUNT_OF(selection_fields), .decode_scalar = as_named,
	.scalar_doc = "The packet that an earlier expectation named with `as`.", .finish = selection_finish,
};

#define FIELD_STATE(member, text, sample)                                                                          \
	{                                                                                                          \
		FIELD_AT(struct expect_node, member, #member), .shape = FIELD_NAMED, .kind = &kind_match,          \
		.doc = text, .example = sample,                                                                    \
	}

static const struct field expect_fields[] = {
	FIELD_AT_PLACE(struct expect_node),
	FIELD_DIR(struct expect_node),
	FIELD_PACKETS(struct expect_node),
	FIELD_WHERE(struct expect_node),
	{
		FIELD_AT(struct expect_node, count, "count"), .shape = FIELD_SCALAR, .type = &type_range, .standard = "1..",
		.doc = "How many packets must be selected. The run goes on as soon as the lower bound is met; an upper bound holds until the "
		       "next acting step starts, and a late packet fails the expectation at its own line.",
		.example = "count: 1",
	},
	{
		FIELD_AT(struct expect_node, fields, "fields"), .shape = FIELD_NAMED, .kind = &kind_match,
		.doc = "What must hold for every selected packet, by Wireshark's field names; #2 is the second layer of a kind.",
		.example = "fields: {ip.ttl: 63}",
	},
	{
		FIELD_AT(struct expect_node, payload, "payload"), .shape = FIELD_CHILD, .kind = &kind_payload,
		.doc = "What every selected packet must carry.", .example = "payload: knock",
	},
	{
		FIELD_AT(struct expect_node, within, "within"), .shape = FIELD_SCALAR, .type = &type_duration, .standard = "1s", .min = 0,
		.max = 24 * 3600 * NS_PER_S, .doc = "How long a lower bound is waited for.", .example = "within: 5s",
	},
	{
		FIELD_AT(struct expect_node, hold, "for"), .shape = FIELD_SCALAR, .type = &type_duration, .standard = "50ms", .min = 0,
		.max = 24 * 3600 * NS_PER_S, .doc = "How long an absence is watched before the run goes on.", .example = "for: 200ms",
	},
	{
		FIELD_AT(struct expect_node, since, "since"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "The step that opens the window, or `start`. Without it, the latest step that acts.", .example = "since: start",
	},
	{
		FIELD_AT(struct expect_node, as, "as"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "Names the first packet, for `after`, `same_as`, `order` and $(name.field).", .example = "as: question",
	},
	{
		FIELD_AT(struct expect_node, after, "after"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "A named packet that the first one must come after, by its stamp.", .example = "after: question",
	},
	{
		FIELD_AT(struct expect_node, gap, "gap"), .shape = FIELD_SCALAR, .type = &type_span_range, .standard = "0s..",
		.doc = "The time between `after` and the first packet.", .example = "gap: ..10ms",
	},
	{
		FIELD_AT(struct expect_node, order, "order"), .shape = FIELD_CHILDREN, .kind = &kind_selection,
		.doc = "Selections that follow each other on the tape; others may lie between. Equal stamps have no order.",
		.example = "order:\n  - {at: inside:eth0, packets: udp}\n  - {at: outside:eth0, packets: udp}",
	},
	{
		FIELD_AT(struct expect_node, strict, "strict"), .shape = FIELD_SCALAR, .type = &type_bool, .standard = "false",
		.doc = "With `order`: no other packet may lie between, at the places it names.", .example = "strict: true",
	},
	{
		FIELD_AT(struct expect_node, in, "in"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "The node whose state is looked at, for `conntrack`, `route`, `neighbour`, `address` and `socket`.", .example = "in: firewall",
	},
	FIELD_STATE(conntrack,
		    "An entry of the connection table that has all these. Words: protocol, state (of TCP), orig.src, orig.dst, orig.sport, "
		    "orig.dport, the same with reply, type and id (of ICMP), timeout, mark, zone, and with yes or no: seen-reply, assured, "
		    "src-nat, dst-nat.",
		    "conntrack: {protocol: udp, orig.src: 192.0.2.2, assured: \"yes\"}"),
	FIELD_STATE(route,
		    "A route that has all these, in ip-route(8)'s words: dst, via, dev, table, protocol, scope, src, metric, mtu, advmss, type, "
		    "family, and with yes: onlink, linkdown, dead.",
		    "route: {dst: default, via: 192.0.2.1}"),
	FIELD_STATE(neighbour,
		    "A neighbour entry that has all these, in ip-neighbour(8)'s words: dst, dev, lladdr, state, family, and with yes: router, proxy.",
		    "neighbour: {dst: 192.0.2.1, state: REACHABLE}"),
	FIELD_STATE(address,
		    "An address that has all these, in ip-address(8)'s words: dev, address, scope, family, and with yes: tentative, dadfailed.",
		    "address: {dev: eth0, address: 192.0.2.9/24}"),
	FIELD_STATE(socket, "A socket that has all these, in ss(8)'s words: netid, state, local, local_port, peer, peer_port.",
		    "socket: {netid: tcp, state: LISTEN, local_port: 80}"),
};

const struct node_kind kind_expect = {
	.name = "expect", .doc = "Which packets, or which state, must be seen.", .size = sizeof(struct expect_node), .fields = expect_fields,
	.field_count = COUNT_OF(expect_fields), .finish = expect_finish,
};

const struct node_kind kind_no_options = {
	.name = "no_options", .doc = "A technique without options.", .size = sizeof(struct node),
};

const struct node_kind *const tree_kinds[] = {
	&kind_scenario, &kind_matrix, &kind_row, &kind_requires, &kind_param, &kind_lab_node, &kind_setting, &kind_file, &kind_interface,
	&kind_link, &kind_end, &kind_step, &kind_error, &kind_payload, &kind_packet, &kind_layer, &kind_send, &kind_receive, &kind_open,
	&kind_close, &kind_output, &kind_ready, &kind_run, &kind_stop, &kind_set, &kind_wait, &kind_together, &kind_pierce, &kind_match,
	&kind_selection, &kind_expect, NULL,
};
