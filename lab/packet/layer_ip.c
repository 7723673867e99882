/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4, with its options. */
#include "lab/packet/layer_ops.h"

static void ip_dissect(struct dissect_step *step)
{
	const uint8_t *h = step->header;
	uint32_t length = (h[0] & 0x0fu) * 4, total = (uint32_t)bits_get(h, 16, 16);

	step->stop = true;
	if (h[0] >> 4 != 4) {
		step->malformed = "IPv4 header with another version";
		return;
	}
	if (length < step->layer->minimum) {
		step->malformed = "IPv4 header length below 20 bytes";
		return;
	}
	if (length > step->available) {
		step->malformed = "IPv4 header is cut short";
		return;
	}
	/* 0: a segment longer than the field holds, on its way to a device that cuts it up. */
	if (total && total < length) {
		step->malformed = "IPv4 total length below its header length";
		return;
	}
	step->stop = false;
	step->length = length;
	if (total && total < step->available)
		step->total = total;
	/* Only the first fragment has the next header. */
	if (bits_get(h, 51, 13) == 0)
		step->next = layer_by_ip_protocol(h[9]);
	if (step->next == &layer_hopopts)
		step->next = NULL;
}

static int ip_finish(struct build *build, size_t index, struct err *err)
{
	struct build_part *part = &build->parts[index];
	int r = build_put_length(build, index, "hdr_len", part->length, err);

	if (r == 0)
		r = build_put_length(build, index, "len", build->out->length - part->offset, err);
	if (r == 0)
		r = build_put_next(build, index, "proto", layer_ip_protocol, err);
	if (r < 0)
		return r;
	uint16_t sum = checksum_finish(checksum_add(0, build_header(build, index), part->length));

	build_store_checksum(build, index, sum, sum);
	return 0;
}

static void ip_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	const struct dissected_layer *at = &packet->layers[index];
	uint64_t offset = layer_number(packet, at, "frag_offset");

	if (offset || layer_number(packet, at, "flags.mf")) {
		summarise_fragment((unsigned)offset * 8, at->end - at->offset - at->length, layer_number(packet, at, "flags.mf"), out);
		if (index + 1 < packet->count)
			text_add(out, " of ");
	} else if (index + 1 == packet->count) {
		text_addf(out, "IP protocol %u, ", (unsigned)layer_number(packet, at, "proto"));
		summarise_bytes(packet->payload_length, out);
	} else if (packet->layers[index + 1].layer == &layer_ip || packet->layers[index + 1].layer == &layer_ipv6) {
		text_add(out, "carries ");
	}
}

static uint32_t ip_options_start(const uint8_t *header, uint32_t length)
{
	(void)header;
	return length < 20 ? length : 20;
}

static const struct option_kind ip_option_kinds[] = { /* IP Option Numbers, IANA */
	{.kind = 0, .word = "eol"},
	{.kind = 1, .word = "nop"},
	{.kind = 148, .length = 4, .word = "ra", .sizes = "\2"}, /* RFC 2113 */
};

static const struct option_format ip_options = {
	.unit = 1, .pad = 1, .end = 0, .round = 4, .kinds = ip_option_kinds, .kind_count = COUNT_OF(ip_option_kinds),
	.start = ip_options_start,
};

static bool ip_locate(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field,
		      field_value_fn fn, void *data)
{
	struct field_value value = {.bytes = packet->data + at->offset + 20, .length = at->length - 20};

	(void)field; /* options */
	return at->length > 20 && fn(data, &value);
}

static const struct layer_ops ip_ops = {
	.dissect = ip_dissect, .locate = ip_locate, .options = &ip_options, .prepare = build_put_addresses, .finish = ip_finish, .summarise = ip_summarise,
};

static const struct layer_field ip_fields[] = {
	{.name = "version", .type = LAYER_UINT, .bit = 0, .bits = 4, .standard = "4", .doc = "4."},
	{.name = "hdr_len", .type = LAYER_UINT, .bit = 4, .bits = 4, .scale = 4, .computed = true, .doc = "Bytes of the header, options included."},
	{.name = "dsfield", .type = LAYER_HEX, .bit = 8, .bits = 8, .doc = "Differentiated services field (RFC 2474)."},
	{.name = "dsfield.dscp", .type = LAYER_UINT, .bit = 8, .bits = 6, .doc = "Code point of the service.", .example = "dsfield.dscp: 46"},
	{.name = "dsfield.ecn", .type = LAYER_UINT, .bit = 14, .bits = 2,
	 .doc = "Explicit congestion notification (RFC 3168): 1 and 2 capable, 3 congestion seen.", .example = "dsfield.ecn: 3"},
	{.name = "len", .type = LAYER_UINT, .bit = 16, .bits = 16, .computed = true, .doc = "Bytes of header and contents."},
	{.name = "id", .type = LAYER_HEX, .bit = 32, .bits = 16, .doc = "Identification: alike in all fragments of a datagram.", .example = "id: 0x1234"},
	{.name = "flags", .type = LAYER_HEX, .bit = 48, .bits = 3, .doc = "The three flags as a number: 2 is DF."},
	{.name = "flags.rb", .type = LAYER_FLAG, .bit = 48, .bits = 1, .doc = "Reserved bit."},
	{.name = "flags.df", .type = LAYER_FLAG, .bit = 49, .bits = 1, .doc = "Don't fragment.", .example = "flags.df: 1"},
	{.name = "flags.mf", .type = LAYER_FLAG, .bit = 50, .bits = 1, .doc = "More fragments follow."},
	{.name = "frag_offset", .type = LAYER_UINT, .bit = 51, .bits = 13, .doc = "Where the fragment belongs, in units of 8 bytes.",
	 .example = "frag_offset: 185"},
	{.name = "ttl", .type = LAYER_UINT, .bit = 64, .bits = 8, .standard = "64", .doc = "Time to live: each router takes one off.",
	 .example = "ttl: 63"},
	{.name = "proto", .type = LAYER_UINT, .bit = 72, .bits = 8, .computed = true, .names = ip_protocol_names,
	 .doc = "Protocol of the contents.", .example = "proto: udp"},
	{.name = "checksum", .type = LAYER_HEX, .bit = 80, .bits = 16, .computed = true, .doc = "Checksum of the header (RFC 1071).",
	 .example = "checksum: bad"},
	{.name = "src", .type = LAYER_IPV4, .bit = 96, .bits = 32, .computed = true, .doc = "Source address.", .example = "src: 192.0.2.1"},
	{.name = "dst", .type = LAYER_IPV4, .bit = 128, .bits = 32, .computed = true, .doc = "Destination address.", .example = "dst: 192.0.2.2"},
	{.name = "addr", .type = LAYER_IPV4, .place = PLACE_EITHER, .either = {"src", "dst"}, .doc = "Source or destination address."},
	{.name = "options", .type = LAYER_OPTIONS, .place = PLACE_CODE,
	 .doc = "Options as words: ra 0 (router alert), nop, eol, option KIND HEX. Wireshark has no such name; it shows them one by one.",
	 .example = "options: ra 0"},
	{.name = "opt.type", .type = LAYER_UINT, .place = PLACE_ANY_OPTION, .bit = 0, .bits = 8, .doc = "Type of an option."},
	{.name = "opt.ra", .type = LAYER_UINT, .place = PLACE_OPTION, .option = 148, .bit = 16, .bits = 16,
	 .doc = "Router alert (RFC 2113)."},
};

const struct layer layer_ip = {
	.name = "ip", .title = "Internet Protocol version 4", .source = "RFC 791", .fields = ip_fields, .field_count = COUNT_OF(ip_fields),
	.minimum = 20, .buildable = true, .ops = &ip_ops,
};
