/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layers: one table per protocol header, used to build, dissect, print and match. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lab/base/text.h"
#include "lab/packet/addr.h"

/* What the bits of a field mean: how text becomes bits, and bits text. */
enum layer_field_type {
	LAYER_UINT,     /* unsigned, network order, up to 64 bits */
	LAYER_HEX,      /* as LAYER_UINT, shown as 0x… (ethertypes, checksums, identifiers) */
	LAYER_FLAG,     /* one bit */
	LAYER_FLAGS,    /* letters for bits: TCP "SA" (FSRPAUECN in Wireshark's meaning) */
	LAYER_IPV4,
	LAYER_IPV6,
	LAYER_MAC,
	LAYER_BYTES,    /* the rest or a counted stretch, as hex */
	LAYER_TEXT,     /* DNS names, DHCP host names */
	LAYER_OPTIONS,  /* IPv4 or TCP options: words such as "mss 1460, nop, wscale 7, sackOK, timestamp 1 0" */
};

struct layer_field {
	const char *name;   /* Wireshark's name without the layer's prefix: "ttl", "flags.df" */
	enum layer_field_type type;
	uint32_t bit;       /* offset from the start of the header; network bit order */
	uint32_t bits;      /* 0: variable, found by code */
	const char *doc;    /* with RFC */
	const char *example;
	bool computed;      /* fills itself in when not given: lengths, checksums, next protocol */
};

struct layer {
	const char *name;   /* Wireshark's: eth vlan arp ip ipv6 ipv6.hopopts … icmp icmpv6 udp tcp dhcp dns payload */
	const char *title;  /* "Internet Protocol version 4" */
	const char *source; /* "RFC 791" */
	const struct layer_field *fields;
	size_t field_count;
	size_t minimum;     /* bytes of the shortest header */
	bool buildable;
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
	const char *text;
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
	struct mac_addr eth_src, eth_dst;   /* all zero: refuse to guess */
	struct ip_addr src, dst;            /* for ip or ipv6 layers without src or dst; family 0: none */
};
#define PACKET_SIZE_MAX 65549u
/*
 * Builds a frame (or, without an eth layer, a bare IP packet). Lengths, checksums, next-protocol numbers fill
 * themselves in where not given, and stand as given, wrong values too, where they are. -EINVAL with the layer and
 * field in the message; -EMSGSIZE above PACKET_SIZE_MAX.
 */
int packet_build(const struct build_layer *parts, size_t count, const struct build_defaults *defaults, struct text *ret_bytes,
		 struct err *err);

/* --- dissect --- */

#define DISSECT_LAYERS_MAX 24
struct dissected_layer {
	const struct layer *layer;
	uint32_t offset;    /* from the start of the frame */
	uint32_t length;    /* of the header, options included */
};
struct dissection {
	const uint8_t *data;      /* the caller's */
	size_t length;            /* captured */
	struct dissected_layer layers[DISSECT_LAYERS_MAX];
	size_t count;
	uint32_t payload_offset;  /* what follows the last transport header, link-layer padding excluded */
	uint32_t payload_length;
	const char *malformed;    /* why dissection stopped early, or NULL */
};
/* Never fails, reads no byte outside the frame, stops where a header is cut or lies. Starts at Ethernet. */
void packet_dissect(const uint8_t *data, size_t length, struct dissection *ret);
/* The bits of a field as text (Wireshark's form). 1 found, 0 the packet has no such field. */
int packet_field_text(const struct dissection *packet, const char *name, struct text *out);
/*
 * Does the field hold what `wanted` says: a value of the field's type, or a range a..b? 1 yes, 0 no (or absent; *ret_seen
 * tells, appended as text, "absent" where it is), -EINVAL where `wanted` does not parse for the field.
 */
int packet_field_matches(const struct dissection *packet, const char *name, const char *wanted, struct text *ret_seen, struct err *err);
/* Checks `wanted` against the field's type, with no packet at hand. 0, -ENOENT, -EINVAL. */
int packet_field_check(const char *name, const char *wanted, struct err *err);
/* One line as a person reads it: "192.0.2.2:6881 > 198.51.100.2:80 UDP, 5 bytes", "ARP who-has 192.0.2.1 tell 192.0.2.2". */
void packet_summary(const struct dissection *packet, struct text *out);
/* Several lines, a field each, indented by layer. */
void packet_details(const struct dissection *packet, struct text *out);

/* Internet checksum (RFC 1071) over `length` bytes, continuing `sum`; fold and complement with checksum_finish(). */
uint32_t checksum_add(uint32_t sum, const void *bytes, size_t length);
uint16_t checksum_finish(uint32_t sum);
