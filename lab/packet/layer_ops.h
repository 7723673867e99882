/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a table of fields cannot say about a layer: how it is dissected, built and summed up. Internal to lab/packet. */
#pragma once

#include "lab/packet/field_value.h"
#include "lab/packet/layer.h"
#include "lab/packet/option.h"

/* --- dissecting --- */

/* One header being looked at. layer->minimum bytes are there before dissect() is called. */
struct dissect_step {
	const uint8_t *header;           /* its first byte */
	uint32_t available;              /* bytes from there to the end of what the outer layers say they carry */
	const struct dissection *packet; /* the layers before this one */
	const struct layer *layer;
	uint32_t length;                 /* out: of the header; preset to layer->minimum */
	uint32_t total;                  /* out: of header and what it carries; preset to `available` */
	const struct layer *next;        /* out: what follows; preset to NULL, payload */
	const char *malformed;           /* out: what is wrong; the header is not taken where `stop` is set */
	bool stop;
};

/* A value found by a layer's code: PLACE_CODE. Returns true to be given no more. */
typedef bool (*field_value_fn)(void *data, const struct field_value *value);

/* --- building --- */

enum build_checksum { CHECKSUM_COMPUTED, CHECKSUM_GIVEN, CHECKSUM_BAD, CHECKSUM_PARTIAL };

struct build_part {
	const struct layer *layer;
	const struct build_layer *wanted;
	unsigned occurrence;  /* which of its layer, from 1 */
	uint64_t given;       /* bit i: layer->fields[i] was written */
	enum build_checksum checksum;
	uint32_t offset;      /* in build->out */
	uint32_t length;      /* of the header */
	uint32_t last_option; /* from the header's start; 0: none yet */
	uint64_t last_fields; /* bit i: fields[i] stands in that option */
};

struct build {
	struct build_part *parts;
	size_t count;
	const struct build_defaults *defaults;
	struct text *out;
};

struct layer_ops {
	/* Length, contents and successor of the header; NULL: layer->minimum, then payload. */
	void (*dissect)(struct dissect_step *step);
	/* Calls fn for each value of a PLACE_CODE field; true when fn said so. */
	bool (*locate)(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field,
		       field_value_fn fn, void *data);
	const struct option_format *options;
	uint8_t kind_at;     /* the byte that layer_field.when looks at */
	bool application;    /* DNS, DHCP: what it holds is the payload of the layer before */
	/* Bytes of the header before options, by what is wanted; NULL: layer->minimum. */
	uint32_t (*build_size)(const struct build_part *part);
	/* Fills in addresses, outermost layer first, before any checksum is made. NULL: nothing. */
	int (*prepare)(struct build *build, size_t index, struct err *err);
	/* Fills in what was not written, when everything inside stands. NULL: nothing. */
	int (*finish)(struct build *build, size_t index, struct err *err);
	/* Appends its share of the one-line summary. `index` is its place in packet->layers. NULL: nothing. */
	void (*summarise)(const struct dissection *packet, size_t index, struct text *out);
};

/* The tables, by file. */
extern const struct layer layer_frame, layer_eth, layer_vlan, layer_ieee8021ad, layer_arp; /* layer_link.c */
extern const struct layer layer_ip;                                                         /* layer_ip.c */
extern const struct layer layer_ipv6, layer_hopopts, layer_routing, layer_fraghdr, layer_dstopts; /* layer_ipv6.c */
extern const struct layer layer_icmp, layer_igmp;                                           /* layer_icmp.c */
extern const struct layer layer_icmpv6;                                                     /* layer_icmpv6.c */
extern const struct layer layer_udp;                                                        /* layer_udp.c */
extern const struct layer layer_tcp;                                                        /* layer_tcp.c */
extern const struct layer layer_gre, layer_vxlan;                                           /* layer_tunnel.c */
extern const struct layer layer_dhcp;                                                       /* layer_dhcp.c */
extern const struct layer layer_dns;                                                        /* layer_dns.c */
extern const struct layer layer_payload;                                                    /* layer.c */

/* layer_next.c: from one layer to the next by number, and back (-1: it has none). */
const struct layer *layer_by_ethertype(uint16_t ethertype);
const struct layer *layer_by_ip_protocol(uint8_t protocol);
const struct layer *layer_by_udp_port(uint16_t port);
int layer_ethertype(const struct layer *layer);
int layer_ip_protocol(const struct layer *layer);
extern const struct layer_value_name ethertype_names[], ip_protocol_names[];

/* print.c: "1 byte", "2 bytes". */
void summarise_bytes(size_t count, struct text *out);
/* "fragment at 1480, 100 bytes, more follow" */
void summarise_fragment(unsigned at, size_t count, bool more, struct text *out);

/* lookup.c: whether the field can be in this header: layer_field.when. */
bool layer_field_applies(const struct layer *layer, const struct layer_field *field, const uint8_t *header);
/* Calls fn for each value of a field in one layer of the packet; true when fn said so. */
bool layer_each_value(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field, field_value_fn fn,
		      void *data);
/* The first value, where it is a number that lies in the header; 0 where it is absent. */
uint64_t layer_number(const struct dissection *packet, const struct dissected_layer *at, const char *field);
/* The first value as text; false where it is absent. */
bool layer_text(const struct dissection *packet, const struct dissected_layer *at, const char *field, struct text *out);

/* build.c, for finish() */
uint8_t *build_header(const struct build *build, size_t index);
bool build_given(const struct build_part *part, const char *field);
/* Writes a number where it was not given. */
void build_put(const struct build *build, size_t index, const char *field, uint64_t value);
/* As build_put(), for a length that may not fit its field: -EMSGSIZE. */
int build_put_length(const struct build *build, size_t index, const char *field, size_t value, struct err *err);
/* Writes bytes (an address) where they were not given. */
void build_put_bytes(const struct build *build, size_t index, const char *field, const void *bytes);
/* The number that is written for a field, or `otherwise`. */
uint64_t build_wanted_number(const struct build_part *part, const char *field, uint64_t otherwise);
/* -EINVAL: "ip.ttl: …" with the layer's occurrence. */
int build_refuse(const struct build_part *part, const char *field, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* What follows in the packet, NULL at the end. */
const struct layer *build_next(const struct build *build, size_t index);
/* Fills in the number of what follows, from layer_ethertype() or layer_ip_protocol(). */
int build_put_next(const struct build *build, size_t index, const char *field, int (*number)(const struct layer *layer), struct err *err);
/* The nearest ip or ipv6 part outside this one, or -1. */
ptrdiff_t build_network(const struct build *build, size_t index);
/* Fills in `src` and `dst` of an ip or ipv6 part: the defaults for the outermost, what can be known for one inside. */
int build_put_addresses(struct build *build, size_t index, struct err *err);
/* Fills in `srcport` and `dstport`: the defaults for the outermost udp or tcp, else refuses to guess. */
int build_put_ports(const struct build *build, size_t index, struct err *err);
/* Stores a computed checksum as the scenario wants it: right, wrong on purpose, or partial. */
void build_store_checksum(const struct build *build, size_t index, uint16_t right, uint16_t partial);
/* Sums from the header to the packet's end, with a pseudo header of `protocol` unless that is negative, into the field `checksum`. */
void build_put_checksum(const struct build *build, size_t index, int protocol, bool zero_means_none);
