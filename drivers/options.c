/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The drivers' field tables: every option with its type, default, meaning and an example. */
#include "drivers/options.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "lab/scenario/tree.h"

/* --- value types of our own: a number that has well-known words --- */

struct number_word {
	const char *word;
	int number;
};

static const struct number_word ip_protocols[] = {
	{"icmp", IPPROTO_ICMP}, {"igmp", IPPROTO_IGMP}, {"tcp", IPPROTO_TCP},       {"udp", IPPROTO_UDP},
	{"gre", IPPROTO_GRE},   {"esp", IPPROTO_ESP},   {"icmpv6", IPPROTO_ICMPV6}, {"sctp", IPPROTO_SCTP},
};

static const struct number_word ethertypes[] = {
	{"all", ETH_P_ALL}, {"ip", ETH_P_IP}, {"arp", ETH_P_ARP}, {"vlan", ETH_P_8021Q}, {"ipv6", ETH_P_IPV6},
};

static int parse_word(const struct number_word *words, size_t count, int max, const char *what, const char *text, int *ret, struct err *err)
{
	struct text all = {0};
	uint64_t number;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(text, words[i].word) == 0) {
			*ret = words[i].number;
			text_free(&all);
			return 0;
		}
		text_addf(&all, "%s, ", words[i].word);
	}
	int r = str_to_u64(text, &number);
	if (r == 0 && number <= (uint64_t)max)
		*ret = (int)number;
	else if (r == 0 || r == -ERANGE)
		r = err_set(err, -ERANGE, "'%s' is outside 0 to %d", text, max);
	else
		r = err_set(err, r, "'%s' is no %s; write %sor a number up to %d", text, what, text_str(&all), max);
	text_free(&all);
	return r;
}

static void print_word(const struct number_word *words, size_t count, int number, const char *fmt, struct text *out)
{
	for (size_t i = 0; i < count; i++)
		if (words[i].number == number) {
			text_add(out, words[i].word);
			return;
		}
	text_addf(out, fmt, number);
}

static int parse_ip_protocol(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	(void)arena;
	return parse_word(ip_protocols, COUNT_OF(ip_protocols), field->max ? (int)field->max : 255, "IP protocol", text, ret, err);
}

static void print_ip_protocol(const struct field *field, const void *value, struct text *out)
{
	(void)field;
	print_word(ip_protocols, COUNT_OF(ip_protocols), *(const int *)value, "%d", out);
}

const struct value_type type_ip_protocol = {
	.name = "IP protocol", .doc = "icmp, igmp, tcp, udp, gre, esp, icmpv6, sctp, or a number up to 255 (IANA protocol numbers)",
	.size = sizeof(int), .json = "\"type\": [\"integer\", \"string\"]", .parse = parse_ip_protocol, .print = print_ip_protocol,
};

static int parse_ethertype(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	(void)field;
	(void)arena;
	return parse_word(ethertypes, COUNT_OF(ethertypes), 0xffff, "EtherType", text, ret, err);
}

static void print_ethertype(const struct field *field, const void *value, struct text *out)
{
	(void)field;
	print_word(ethertypes, COUNT_OF(ethertypes), *(const int *)value, "0x%04x", out);
}

const struct value_type type_ethertype = {
	.name = "EtherType", .doc = "all, ip, arp, vlan, ipv6, or a number up to 0xffff (IEEE 802 numbers)",
	.size = sizeof(int), .json = "\"type\": [\"integer\", \"string\"]", .parse = parse_ethertype, .print = print_ethertype,
};

/* --- sockets --- */

#define SETSOCKOPT_FIELD(struct_type)                                                                                             \
	{                                                                                                                         \
		FIELD_AT(struct_type, setsockopt, "options"), .shape = FIELD_NAMED, .kind = &kind_setting,                        \
		.doc = "Socket options by their names in setsockopt(2), socket(7), ip(7), ipv6(7), tcp(7) and udp(7), set between " \
		       "socket() and bind() in the order written.",                                                               \
		.example = "options: {IP_TTL: 3}",                                                                                \
	}

static const struct field socket_fields[] = {
	SETSOCKOPT_FIELD(struct socket_options),
};

#define RAW_HEADER_FIELD                                                                                                          \
	{                                                                                                                         \
		FIELD_AT(struct raw_options, header_included, "header_included"), .shape = FIELD_SCALAR, .type = &type_bool,      \
		.standard = "false",                                                                                              \
		.doc = "What is sent begins with its IP header (IP_HDRINCL, raw(7); IPV6_HDRINCL), as it does in any case where " \
		       "a packet is built from layers. The kernel still fills in the IPv4 total length and checksum, and a zero " \
		       "identification or source.",                                                                               \
		.example = "header_included: true",                                                                               \
	}

static const struct field raw_send_fields[] = {
	{
		FIELD_AT(struct raw_options, protocol, "protocol"), .shape = FIELD_SCALAR, .type = &type_ip_protocol,
		.standard = "255",
		.doc = "The IP protocol written into the headers that the kernel makes. 255 (IPPROTO_RAW): the headers are "
		       "included in what is sent (raw(7)).",
		.example = "protocol: icmp",
	},
	RAW_HEADER_FIELD,
	SETSOCKOPT_FIELD(struct raw_options),
};

static const struct field raw_receive_fields[] = {
	{
		FIELD_AT(struct raw_options, protocol, "protocol"), .shape = FIELD_SCALAR, .type = &type_ip_protocol,
		.flags = FIELD_REQUIRED, .min = 0, .max = 254,
		.doc = "The IP protocol that is received (raw(7)): a copy of every such packet for this node. IPv4 packets come with "
		       "their header, IPv6 packets without.",
		.example = "protocol: icmp",
	},
	SETSOCKOPT_FIELD(struct raw_options),
};

static const struct field raw_open_fields[] = {
	{
		FIELD_AT(struct raw_options, protocol, "protocol"), .shape = FIELD_SCALAR, .type = &type_ip_protocol,
		.standard = "255",
		.doc = "The IP protocol that is received, and written into the headers that the kernel makes. 255 (IPPROTO_RAW) "
		       "receives nothing, and the headers are included in what is sent (raw(7)).",
		.example = "protocol: icmp",
	},
	RAW_HEADER_FIELD,
};

#define SOCKET_KIND(kind_name, text)                                                                                      \
	.name = (kind_name), .doc = (text), .size = sizeof(struct socket_options)

const struct node_kind kind_udp = {
	SOCKET_KIND("udp", "Options of a UDP socket."), .fields = socket_fields, .field_count = COUNT_OF(socket_fields),
};
const struct node_kind kind_udp_open = {
	SOCKET_KIND("udp_open", "Options of a named UDP socket: none beside those that every named socket has."),
};
const struct node_kind kind_tcp = {
	SOCKET_KIND("tcp", "Options of a TCP socket."), .fields = socket_fields, .field_count = COUNT_OF(socket_fields),
};
const struct node_kind kind_tcp_open = {
	SOCKET_KIND("tcp_open", "Options of a named TCP socket: none beside those that every named socket has."),
};

#define RAW_KIND(kind_name, text, table)                                                                                              \
	{                                                                                                                             \
		.name = (kind_name), .doc = (text), .size = sizeof(struct raw_options), .fields = (table),                            \
		.field_count = COUNT_OF(table),                                                                                       \
	}

const struct node_kind kind_raw_send = RAW_KIND("raw_send", "Options for sending through a raw IP socket.", raw_send_fields);
const struct node_kind kind_raw_receive =
	RAW_KIND("raw_receive", "Options for receiving through a raw IP socket.", raw_receive_fields);
const struct node_kind kind_raw_open = RAW_KIND("raw_open", "Options of a named raw IP socket.", raw_open_fields);

/* --- packet sockets and rings --- */

#define INTERFACE_FIELD(text)                                                                                             \
	{                                                                                                                 \
		FIELD_AT(struct packet_options, interface, "interface"), .shape = FIELD_SCALAR, .type = &type_string,     \
		.doc = (text), .example = "interface: eth0",                                                              \
	}
#define INTERFACE_SEND_FIELD                                                                                              \
	INTERFACE_FIELD("The interface that frames leave by. Not needed where the node has only one wire.")
#define INTERFACE_RECEIVE_FIELD                                                                                           \
	INTERFACE_FIELD("The interface that is listened on. Not needed where the node has only one wire.")
#define QDISC_BYPASS_FIELD                                                                                                \
	{                                                                                                                 \
		FIELD_AT(struct packet_options, qdisc_bypass, "qdisc_bypass"), .shape = FIELD_SCALAR, .type = &type_bool, \
		.standard = "false",                                                                                      \
		.doc = "Frames go straight to the device (PACKET_QDISC_BYPASS, packet(7)): no traffic control, and no "   \
		       "packet socket on the sending interface sees them, the observer's included.",                      \
		.example = "qdisc_bypass: true",                                                                          \
	}
#define PACKET_RECEIVE_FIELDS                                                                                             \
	{                                                                                                                 \
		FIELD_AT(struct packet_options, protocol, "protocol"), .shape = FIELD_SCALAR, .type = &type_ethertype,    \
		.standard = "all", .doc = "The EtherType received (packet(7)).", .example = "protocol: arp",              \
	},                                                                                                                \
	{                                                                                                                 \
		FIELD_AT(struct packet_options, filter, "filter"), .shape = FIELD_SCALAR, .type = &type_string,           \
		.doc = "Only frames that match are received: a pcap-filter(7) expression, run by the kernel "             \
		       "(SO_ATTACH_FILTER, socket(7)). The kernel holds a VLAN tag beside the frame, where a filter for " \
		       "'vlan' does not look.",                                                                           \
		.example = "filter: udp dst port 9",                                                                      \
	},                                                                                                                \
	{                                                                                                                 \
		FIELD_AT(struct packet_options, promiscuous, "promiscuous"), .shape = FIELD_SCALAR, .type = &type_bool,   \
		.standard = "false",                                                                                      \
		.doc = "Frames for other stations are received, too (PACKET_MR_PROMISC, packet(7)). Wants an interface.", \
		.example = "promiscuous: true",                                                                           \
	},                                                                                                                \
	{                                                                                                                 \
		FIELD_AT(struct packet_options, outgoing, "outgoing"), .shape = FIELD_SCALAR, .type = &type_bool,         \
		.standard = "false",                                                                                      \
		.doc = "What this node itself sends is received, too, with `protocol: all` at least: a socket for one "   \
		       "protocol hears nothing outgoing (packet(7)). Without it PACKET_IGNORE_OUTGOING is set.",          \
		.example = "outgoing: true",                                                                              \
	}

static const struct field packet_send_fields[] = {
	INTERFACE_SEND_FIELD,
	QDISC_BYPASS_FIELD,
};

static const struct field packet_receive_fields[] = {
	INTERFACE_RECEIVE_FIELD,
	PACKET_RECEIVE_FIELDS,
};

static const struct field packet_open_fields[] = {
	INTERFACE_FIELD("The interface that frames come in and leave by. Not needed where the node has only one wire."),
	PACKET_RECEIVE_FIELDS,
	QDISC_BYPASS_FIELD,
};

/* The index into the choices is what the tree holds: keep in step with the enums in options.h. */
static const char *const rx_ring_versions[] = {[RX_RING_OPTION_V3] = "v3", NULL};
static const char *const rx_ring_version_docs[] = {
	[RX_RING_OPTION_V3] = "TPACKET_V3: packets of any length packed into blocks, handed over block by block.",
};
static const char *const tx_ring_versions[] = {[TX_RING_OPTION_V2] = "v2", NULL};
static const char *const tx_ring_version_docs[] = {
	[TX_RING_OPTION_V2] = "TPACKET_V2: a frame a slot, handed over slot by slot.",
};

#define GEOMETRY_FIELDS(struct_type, versions, docs, version_standard, blocks_standard)                                    \
	{                                                                                                                  \
		FIELD_AT(struct_type, version, "version"), .shape = FIELD_SCALAR, .type = &type_enum,                      \
		.choices = (versions), .choice_docs = (docs), .standard = (version_standard),                              \
		.doc = "The layout of the ring (PACKET_VERSION, packet(7)).",                                              \
		.example = "version: " version_standard,                                                                   \
	},                                                                                                                 \
	{                                                                                                                  \
		FIELD_AT(struct_type, block_size, "block_size"), .shape = FIELD_SCALAR, .type = &type_size,                \
		.standard = "64KiB", .min = 0, .max = UINT32_MAX,                                                          \
		.doc = "Bytes of one block of ring memory (tp_block_size): a multiple of the page size, at least a frame.", \
		.example = "block_size: 256KiB",                                                                           \
	},                                                                                                                 \
	{                                                                                                                  \
		FIELD_AT(struct_type, blocks, "blocks"), .shape = FIELD_SCALAR, .type = &type_int,                         \
		.standard = (blocks_standard), .min = 1, .max = UINT32_MAX,                                                \
		.doc = "Number of blocks (tp_block_nr). The ring takes block_size times blocks bytes of kernel memory.",   \
		.example = "blocks: 8",                                                                                    \
	},                                                                                                                 \
	{                                                                                                                  \
		FIELD_AT(struct_type, frame_size, "frame_size"), .shape = FIELD_SCALAR, .type = &type_size,                \
		.standard = "2048", .min = 0, .max = UINT32_MAX,                                                           \
		.doc = "Bytes of one frame slot, its header included (tp_frame_size): a multiple of 16. Version 3 packs "  \
		       "frames of any length, but holds this number to the same rules.",                                   \
		.example = "frame_size: 2048",                                                                             \
	},                                                                                                                 \
	{                                                                                                                  \
		FIELD_AT(struct_type, frames, "frames"), .shape = FIELD_SCALAR, .type = &type_int, .standard = "0",        \
		.min = 0, .max = UINT32_MAX,                                                                               \
		.doc = "Number of frame slots (tp_frame_nr); 0: as many as fit into all blocks, the only number that the " \
		       "kernel takes.",                                                                                    \
		.example = "frames: 512",                                                                                  \
	}

static const struct field rx_ring_fields[] = {
	INTERFACE_RECEIVE_FIELD,
	PACKET_RECEIVE_FIELDS,
	GEOMETRY_FIELDS(struct rx_ring_options, rx_ring_versions, rx_ring_version_docs, "v3", "64"),
	{
		FIELD_AT(struct rx_ring_options, retire, "retire"), .shape = FIELD_SCALAR, .type = &type_duration,
		.standard = "2ms", .min = 0, .max = INT64_C(60000000000),
		.doc = "A block is handed over after this time at the latest, full or not (tp_retire_blk_tov, whole milliseconds): a "
		       "lone packet waits for all of it. 0: the kernel chooses, about 8 ms.",
		.example = "retire: 10ms",
	},
};

static const struct field tx_ring_fields[] = {
	INTERFACE_SEND_FIELD,
	QDISC_BYPASS_FIELD,
	GEOMETRY_FIELDS(struct tx_ring_options, tx_ring_versions, tx_ring_version_docs, "v2", "16"),
	{
		FIELD_AT(struct tx_ring_options, batch, "batch"), .shape = FIELD_SCALAR, .type = &type_int, .standard = "0", .min = 0,
		.max = UINT32_MAX,
		.doc = "Frames filled in before the kernel is told to send them, with one sendto() for all. 0: as many as are at hand "
		       "and fit into the ring.",
		.example = "batch: 32",
	},
	{
		FIELD_AT(struct tx_ring_options, loss, "loss"), .shape = FIELD_SCALAR, .type = &type_bool, .standard = "false",
		.doc = "A malformed frame is skipped in silence (PACKET_LOSS, packet(7)). Without it the frame fails the call and blocks "
		       "the ring.",
		.example = "loss: true",
	},
};

#define PACKET_KIND(kind_name, text, type, table)                                                                   \
	{                                                                                                           \
		.name = (kind_name), .doc = (text), .size = sizeof(type), .fields = (table), .field_count = COUNT_OF(table), \
	}

const struct node_kind kind_packet_send =
	PACKET_KIND("packet_send", "Options for sending through a packet socket.", struct packet_options, packet_send_fields);
const struct node_kind kind_packet_receive =
	PACKET_KIND("packet_receive", "Options for receiving through a packet socket.", struct packet_options, packet_receive_fields);
const struct node_kind kind_packet_open =
	PACKET_KIND("packet_open", "Options of a named packet socket.", struct packet_options, packet_open_fields);
const struct node_kind kind_rx_ring =
	PACKET_KIND("rx_ring", "Options of a packet receive ring.", struct rx_ring_options, rx_ring_fields);
const struct node_kind kind_tx_ring =
	PACKET_KIND("tx_ring", "Options of a packet transmit ring.", struct tx_ring_options, tx_ring_fields);
