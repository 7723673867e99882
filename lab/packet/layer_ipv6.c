/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 and its extension headers. */
#include "lab/packet/layer_ops.h"

#define NEXT_NONE 59 /* RFC 8200 section 4.7 */

static const struct layer *next_header(uint8_t protocol)
{
	return layer_by_ip_protocol(protocol);
}

static void ipv6_dissect(struct dissect_step *step)
{
	const uint8_t *h = step->header;
	uint32_t payload = (uint32_t)bits_get(h, 32, 16);

	if (h[0] >> 4 != 6) {
		step->malformed = "IPv6 header with another version";
		step->stop = true;
		return;
	}
	/* 0: a jumbogram, or a segment on its way to a device that cuts it up. */
	if ((payload || h[6] == NEXT_NONE) && payload < step->available - step->length)
		step->total = step->length + payload;
	step->next = next_header(h[6]);
}

static int ipv6_finish(struct build *build, size_t index, struct err *err)
{
	const struct build_part *part = &build->parts[index];
	int r = build_put_length(build, index, "plen", build->out->length - part->offset - part->length, err);

	if (r == 0 && !build_next(build, index))
		build_put(build, index, "nxt", NEXT_NONE);
	return r < 0 || !build_next(build, index) ? r : build_put_next(build, index, "nxt", layer_ip_protocol, err);
}

static void ipv6_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	const struct dissected_layer *at = &packet->layers[index];

	if (index + 1 == packet->count) {
		text_addf(out, "IPv6 next header %u, ", (unsigned)layer_number(packet, at, "nxt"));
		summarise_bytes(packet->payload_length, out);
	} else if (packet->layers[index + 1].layer == &layer_ip || packet->layers[index + 1].layer == &layer_ipv6) {
		text_add(out, "carries ");
	}
}

static const struct layer_ops ipv6_ops = {.dissect = ipv6_dissect, .prepare = build_put_addresses, .finish = ipv6_finish, .summarise = ipv6_summarise};

static const struct layer_field ipv6_fields[] = {
	{.name = "version", .type = LAYER_UINT, .bit = 0, .bits = 4, .standard = "6", .doc = "6."},
	{.name = "tclass", .type = LAYER_HEX, .bit = 4, .bits = 8, .doc = "Traffic class."},
	{.name = "tclass.dscp", .type = LAYER_UINT, .bit = 4, .bits = 6, .doc = "Code point of the service (RFC 2474)."},
	{.name = "tclass.ecn", .type = LAYER_UINT, .bit = 10, .bits = 2, .doc = "Explicit congestion notification (RFC 3168)."},
	{.name = "flow", .type = LAYER_HEX, .bit = 12, .bits = 20, .doc = "Flow label (RFC 6437)."},
	{.name = "plen", .type = LAYER_UINT, .bit = 32, .bits = 16, .computed = true, .doc = "Bytes after this header, extension headers included."},
	{.name = "nxt", .type = LAYER_UINT, .bit = 48, .bits = 8, .computed = true, .names = ip_protocol_names, .doc = "What comes next."},
	{.name = "hlim", .type = LAYER_UINT, .bit = 56, .bits = 8, .standard = "64",
	 .doc = "Hop limit: each router takes one off. Neighbour discovery wants 255, and gets it where nothing is written.", .example = "hlim: 63"},
	{.name = "src", .type = LAYER_IPV6, .bit = 64, .bits = 128, .computed = true, .doc = "Source address.", .example = "src: 2001:db8::1"},
	{.name = "dst", .type = LAYER_IPV6, .bit = 192, .bits = 128, .computed = true, .doc = "Destination address.", .example = "dst: 2001:db8::2"},
	{.name = "addr", .type = LAYER_IPV6, .place = PLACE_EITHER, .either = {"src", "dst"}, .doc = "Source or destination address."},
};

const struct layer layer_ipv6 = {
	.name = "ipv6", .title = "Internet Protocol version 6", .source = "RFC 8200", .fields = ipv6_fields,
	.field_count = COUNT_OF(ipv6_fields), .minimum = 40, .buildable = true, .ops = &ipv6_ops,
};

/* --- hop-by-hop, destination options, routing: a length in units of 8 bytes, the first not counted --- */

static void extension_dissect(struct dissect_step *step)
{
	uint32_t length = (step->header[1] + 1u) * 8;

	if (length > step->available) {
		step->malformed = "IPv6 extension header is cut short";
		step->stop = true;
		return;
	}
	step->length = length;
	step->next = next_header(step->header[0]);
}

static int extension_finish(struct build *build, size_t index, struct err *err)
{
	const struct build_part *part = &build->parts[index];

	if (part->length % 8)
		return build_refuse(part, NULL, err, "an extension header is a multiple of 8 bytes long, this one has %u", part->length);
	int r = build_put_length(build, index, "len", part->length / 8 - 1, err);

	if (r < 0)
		return r;
	if (!build_next(build, index)) {
		build_put(build, index, "nxt", NEXT_NONE);
		return 0;
	}
	return build_put_next(build, index, "nxt", layer_ip_protocol, err);
}

static uint32_t extension_options_start(const uint8_t *header, uint32_t length)
{
	(void)header;
	return length < 2 ? length : 2;
}

static const struct option_kind extension_option_kinds[] = {
	{.kind = 0, .word = "pad1"},
	{.kind = 5, .length = 4, .word = "ra", .sizes = "\2"},   /* RFC 2711 */
	{.kind = 194, .length = 6, .word = "jumbo", .sizes = "\4"}, /* RFC 2675 */
};

static const struct option_format extension_options = {
	.unit = 1, .uncounted = 2, .pad = 0, .end = -1, .round = 8, .kinds = extension_option_kinds,
	.kind_count = COUNT_OF(extension_option_kinds), .start = extension_options_start,
};

static bool extension_locate(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field,
			     field_value_fn fn, void *data)
{
	struct field_value value = {
		.bytes = packet->data + at->offset + 2, .length = at->length - 2,
		.number = (packet->data[at->offset + 1] + 1u) * 8,
	};

	(void)field; /* options, len_oct: each of another type */
	return fn(data, &value);
}

static uint32_t options_size(const struct build_part *part)
{
	(void)part;
	return 2; /* filled up by option_format.round */
}

static const struct layer_ops options_ops = {
	.dissect = extension_dissect, .locate = extension_locate, .options = &extension_options, .build_size = options_size,
	.finish = extension_finish,
};

#define EXTENSION_FIELDS                                                                                                    \
	{.name = "nxt", .type = LAYER_UINT, .bit = 0, .bits = 8, .computed = true, .names = ip_protocol_names,              \
	 .doc = "What comes next."},                                                                                        \
	{.name = "len", .type = LAYER_UINT, .bit = 8, .bits = 8, .computed = true,                                          \
	 .doc = "Length in units of 8 bytes, the first 8 not counted."},                                                    \
	{.name = "len_oct", .type = LAYER_UINT, .place = PLACE_CODE, .doc = "Length in bytes."}

static const struct layer_field options_fields[] = {
	EXTENSION_FIELDS,
	{.name = "options", .type = LAYER_OPTIONS, .place = PLACE_CODE,
	 .doc = "Options as words: ra 0 (router alert), jumbo 70000, pad1, option KIND HEX. Wireshark shows them one by one.",
	 .example = "options: ra 0"},
};

const struct layer layer_hopopts = {
	.name = "ipv6.hopopts", .title = "IPv6 hop-by-hop options", .source = "RFC 8200 section 4.3", .fields = options_fields,
	.field_count = COUNT_OF(options_fields), .minimum = 8, .buildable = true, .ops = &options_ops,
};

const struct layer layer_dstopts = {
	.name = "ipv6.dstopts", .title = "IPv6 destination options", .source = "RFC 8200 section 4.6", .fields = options_fields,
	.field_count = COUNT_OF(options_fields), .minimum = 8, .buildable = true, .ops = &options_ops,
};

/* --- routing --- */

#define ROUTING_SRH 4 /* RFC 8754 */

static int routing_finish(struct build *build, size_t index, struct err *err)
{
	struct build_part *part = &build->parts[index];
	uint32_t segments = (part->length - 8) / 16;

	build_put(build, index, "segleft", 0);
	if (build_header(build, index)[2] == ROUTING_SRH && !build_given(part, "srh.last_entry"))
		build_put(build, index, "srh.last_entry", segments ? segments - 1 : 0);
	return extension_finish(build, index, err);
}

static const struct layer_ops routing_ops = {
	.dissect = extension_dissect, .locate = extension_locate, .kind_at = 2, .finish = routing_finish,
};

static const uint8_t when_srh[] = {1, ROUTING_SRH}, when_source[] = {1, 0}, when_mobile[] = {1, 2};

static const struct layer_field routing_fields[] = {
	EXTENSION_FIELDS,
	{.name = "type", .type = LAYER_UINT, .bit = 16, .bits = 8, .standard = "4",
	 .doc = "0 source route (RFC 5095 forbids it), 2 mobility, 4 segment routing.", .example = "type: 4"},
	{.name = "segleft", .type = LAYER_UINT, .bit = 24, .bits = 8, .doc = "Segments left."},
	{.name = "srh.last_entry", .type = LAYER_UINT, .bit = 32, .bits = 8, .when = when_srh, .computed = true, .doc = "Index of the last segment."},
	{.name = "srh.flags", .type = LAYER_HEX, .bit = 40, .bits = 8, .when = when_srh, .doc = "Flags of a segment routing header."},
	{.name = "srh.tag", .type = LAYER_HEX, .bit = 48, .bits = 16, .when = when_srh, .doc = "Tag of a segment routing header."},
	{.name = "srh.addr", .type = LAYER_IPV6, .bit = 64, .bits = 128, .stride = 16, .when = when_srh,
	 .doc = "A segment; the last one first. May be written several times.", .example = "srh.addr: 2001:db8::5"},
	{.name = "src.addr", .type = LAYER_IPV6, .bit = 64, .bits = 128, .stride = 16, .when = when_source, .doc = "An address of a source route."},
	{.name = "mipv6.home_address", .type = LAYER_IPV6, .bit = 64, .bits = 128, .stride = 16, .when = when_mobile, .doc = "The home address (RFC 6275)."},
};

const struct layer layer_routing = {
	.name = "ipv6.routing", .title = "IPv6 routing header", .source = "RFC 8200 section 4.4", .fields = routing_fields,
	.field_count = COUNT_OF(routing_fields), .minimum = 8, .buildable = true, .ops = &routing_ops,
};

/* --- fragment --- */

static void fraghdr_dissect(struct dissect_step *step)
{
	/* Only the first fragment has the next header. */
	if (bits_get(step->header, 16, 13) == 0)
		step->next = next_header(step->header[0]);
}

static int fraghdr_finish(struct build *build, size_t index, struct err *err)
{
	return build_put_next(build, index, "nxt", layer_ip_protocol, err);
}

static void fraghdr_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	const struct dissected_layer *at = &packet->layers[index];

	summarise_fragment((unsigned)layer_number(packet, at, "offset") * 8, at->end - at->offset - at->length, layer_number(packet, at, "more"),
			   out);
	if (index + 1 < packet->count)
		text_add(out, " of ");
}

static const struct layer_ops fraghdr_ops = {.dissect = fraghdr_dissect, .finish = fraghdr_finish, .summarise = fraghdr_summarise};

static const struct layer_field fraghdr_fields[] = {
	{.name = "nxt", .type = LAYER_UINT, .bit = 0, .bits = 8, .computed = true, .names = ip_protocol_names, .doc = "What comes next."},
	{.name = "reserved_octet", .type = LAYER_HEX, .bit = 8, .bits = 8, .doc = "Reserved."},
	{.name = "offset", .type = LAYER_UINT, .bit = 16, .bits = 13, .doc = "Where the fragment belongs, in units of 8 bytes.", .example = "offset: 185"},
	{.name = "reserved_bits", .type = LAYER_UINT, .bit = 29, .bits = 2, .doc = "Reserved."},
	{.name = "more", .type = LAYER_FLAG, .bit = 31, .bits = 1, .doc = "More fragments follow.", .example = "more: 1"},
	{.name = "ident", .type = LAYER_HEX, .bit = 32, .bits = 32, .doc = "Identification: alike in all fragments of a packet.", .example = "ident: 0x1234"},
};

const struct layer layer_fraghdr = {
	.name = "ipv6.fraghdr", .title = "IPv6 fragment header", .source = "RFC 8200 section 4.5", .fields = fraghdr_fields,
	.field_count = COUNT_OF(fraghdr_fields), .minimum = 8, .buildable = true, .ops = &fraghdr_ops,
};
