/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layers: one table per protocol header, used to build, dissect, print and match. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lab/base/text.h"
#include "lab/packet/addr.h"

/*
 * Theory of operation
 *
 * A layer is a table of fields, named as Wireshark names them, and a few
 * functions for what a table cannot say (layer_ops.h): how long a header is,
 * what comes next, which checksum covers what. The same table builds a header
 * from text, finds a field in a received frame, prints it and holds it against
 * what a scenario wants. layers[] lists them all; numbers that lead from one
 * layer to the next (EtherTypes, IP protocols, ports) are in layer_next.c.
 *
 * Where the same field occurs more than once in one layer (options, DNS
 * answers, the two ports of `udp.port`), a match holds as soon as one of them
 * holds, as in Wireshark. `tcp.seq` and `tcp.ack` are the numbers on the wire
 * (Wireshark's tcp.seq_raw and tcp.ack_raw, which exist too): a lab's packet
 * has no history to be relative to.
 */

/* What the bits of a field mean: how text becomes bits, and bits text. */
enum layer_field_type {
	LAYER_UINT,     /* unsigned, network order, up to 64 bits */
	LAYER_HEX,      /* as LAYER_UINT, shown as 0x… (ethertypes, checksums, identifiers) */
	LAYER_FLAG,     /* one bit: 0, 1 (also false, true, unset, set, no, yes, off, on) */
	LAYER_FLAGS,    /* letters for bits: TCP "SA", of FSRPAUECN; also a number */
	LAYER_IPV4,
	LAYER_IPV6,
	LAYER_MAC,
	LAYER_BYTES,    /* the rest or a counted stretch, as hex */
	LAYER_TEXT,     /* DNS names, DHCP host names */
	LAYER_OPTIONS,  /* IPv4 or TCP options: words such as "mss 1460, nop, wscale 7, sackOK, timestamp 1 0" */
};

/* Where a field lies. */
enum layer_field_place {
	PLACE_HEADER,     /* at `bit` of the header */
	PLACE_OPTION,     /* at `bit` of the option numbered `option`, once in each such option */
	PLACE_ANY_OPTION, /* at `bit` of each option */
	PLACE_CODE,       /* found by the layer's code: names in DNS, what follows a header */
	PLACE_EITHER,     /* either of two other fields of the layer: ip.addr, udp.port; only to match */
};

/* A number that has a name: 1 "request". The table ends with a NULL name. */
struct layer_value_name {
	uint32_t value;
	const char *name;
};

struct layer_field {
	const char *name;   /* Wireshark's name without the layer's prefix: "ttl", "flags.df" */
	enum layer_field_type type;
	enum layer_field_place place;
	uint32_t bit;       /* offset from the start of the header or option; network bit order */
	uint32_t bits;      /* 0: variable, found by code, or the rest of the option */
	const char *doc;    /* with RFC */
	const char *example;
	const char *standard; /* what stands there when not written, as text; NULL: zero, or computed */
	bool computed;      /* fills itself in when not given: lengths, checksums, next protocol */
	uint8_t scale;      /* the value is the bits times this (header lengths in 32-bit words); 0: 1 */
	uint8_t option;     /* PLACE_OPTION: the option's number; PLACE_CODE: what the layer's code knows it by */
	uint8_t stride;     /* the field repeats every so many bytes to the end of option or header; 0: once */
	const uint8_t *when; /* only in headers of these kinds (ICMP types, routing types): a count, then the values; NULL: always */
	const char *either[2]; /* PLACE_EITHER: the two fields */
	const struct layer_value_name *names; /* or NULL */
};

struct layer_ops;
struct layer {
	const char *name;   /* Wireshark's: eth vlan arp ip ipv6 ipv6.hopopts … icmp icmpv6 udp tcp dhcp dns payload */
	const char *title;  /* "Internet Protocol version 4" */
	const char *source; /* "RFC 791" */
	const struct layer_field *fields;
	size_t field_count;
	size_t minimum;     /* bytes of the shortest header */
	bool buildable;
	const struct layer_ops *ops; /* layer_ops.h */
};

/* Every layer; ends with NULL. */
extern const struct layer *const layers[];
const struct layer *layer_find(const char *name);
const struct layer_field *layer_field_find(const struct layer *layer, const char *name);
/* "ip.ttl#2" → layer ip, field ttl, occurrence 2 (1 where not written; "ip" alone: field NULL). 0, or -ENOENT with the nearest name in the message. */
int layer_field_resolve(const char *name, const struct layer **ret_layer, const struct layer_field **ret_field, unsigned *ret_occurrence,
			struct err *err);

/* --- build --- */

/* One layer to be built: values as text, in the order written. */
struct build_value {
	const char *name;   /* field without prefix */
	const char *text;   /* as layer_field_type says; a checksum also takes "bad" (wrong), "partial" (the pseudo header's sum, as
			       a sender with checksum offload leaves it) */
};
struct build_layer {
	const struct layer *layer;
	const struct build_value *values;
	size_t value_count;
	const uint8_t *data;   /* payload layers: the bytes */
	size_t data_length;
};
/* What fills in what is not written. */
struct build_defaults {
	struct mac_addr eth_src, eth_dst;   /* all zero: refuse to guess (group addresses and ARP requests need no guess) */
	struct ip_addr src, dst;            /* for the outermost ip or ipv6 layer without src or dst; family 0: none */
	uint16_t src_port, dst_port;        /* for the outermost udp or tcp layer; 0: none */
};
#define PACKET_SIZE_MAX 65549u
/*
 * Builds a frame (or, without an eth layer, a bare IP packet). Lengths, checksums, next-protocol numbers fill
 * themselves in where not given, and stand as given, wrong values too, where they are. Nothing is padded to 60
 * bytes. `ret_bytes` is appended to. -EINVAL with the layer and field in the message; -EMSGSIZE above
 * PACKET_SIZE_MAX. Options (TCP, IPv4, neighbour discovery, DHCP) are written by their fields, in the order wanted,
 * or for TCP and IPv4 as words in `options`.
 */
int packet_build(const struct build_layer *parts, size_t count, const struct build_defaults *defaults, struct text *ret_bytes,
		 struct err *err);

/* --- dissect --- */

#define DISSECT_LAYERS_MAX 24
struct dissected_layer {
	const struct layer *layer;
	uint32_t offset;    /* from the start of the frame */
	uint32_t length;    /* of the header, options included */
	uint32_t end;       /* where what it carries ends, by its own length field and those around it */
};
struct dissection {
	const uint8_t *data;      /* the caller's */
	size_t length;            /* captured */
	size_t wire_length;       /* frame.len; packet_dissect() sets it to `length`, who knows better may change it */
	struct dissected_layer layers[DISSECT_LAYERS_MAX];
	size_t count;
	uint32_t payload_offset;  /* what follows the last header that is not the application's own (DNS, DHCP) */
	uint32_t payload_length;  /* link-layer padding excluded */
	const char *malformed;    /* why dissection stopped early, or NULL */
};
/* Never fails, reads no byte outside the frame, stops where a header is cut or lies. Starts at Ethernet. */
void packet_dissect(const uint8_t *data, size_t length, struct dissection *ret);
/*
 * The bits of a field as text (Wireshark's form; TCP flags as letters), several values of one layer joined by ','.
 * 1 found, 0 the packet has no such field (or there is no such name).
 */
int packet_field_text(const struct dissection *packet, const char *name, struct text *out);
/*
 * Does the field hold what `wanted` says: a value of the field's type, a range a..b (numbers), or a prefix (addresses)?
 * 1 yes, 0 no (or absent; ret_seen tells, appended as text, "absent" where it is; it may be NULL), -ENOENT where there
 * is no such field, -EINVAL where `wanted` does not parse for the field.
 */
int packet_field_matches(const struct dissection *packet, const char *name, const char *wanted, struct text *ret_seen, struct err *err);
/* Checks `wanted` against the field's type, with no packet at hand. 0, -ENOENT, -EINVAL. */
int packet_field_check(const char *name, const char *wanted, struct err *err);
/* One line as a person reads it: "192.0.2.2:6881 > 198.51.100.2:80 UDP, 5 bytes", "ARP who-has 192.0.2.1 tell 192.0.2.2". */
void packet_summary(const struct dissection *packet, struct text *out);
/* Several lines, a field each, indented by layer; fields by the names that expectations use. */
void packet_details(const struct dissection *packet, struct text *out);

/* Internet checksum (RFC 1071) over `length` bytes, continuing `sum`; fold and complement with checksum_finish(). All but
   the last piece have an even length. */
uint32_t checksum_add(uint32_t sum, const void *bytes, size_t length);
uint16_t checksum_finish(uint32_t sum);
