/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP. */
#include "lab/packet/layer_ops.h"

static void udp_dissect(struct dissect_step *step)
{
	const uint8_t *h = step->header;
	uint32_t length = (uint32_t)bits_get(h, 32, 16);

	/* 0: a jumbogram (RFC 2675), or a segment on its way to a device that cuts it up. */
	if (length && length < step->layer->minimum) {
		step->malformed = "UDP length below 8 bytes";
		step->stop = true;
		return;
	}
	if (length && length < step->available)
		step->total = length;
	step->next = layer_by_udp_port((uint16_t)bits_get(h, 16, 16));
	if (!step->next)
		step->next = layer_by_udp_port((uint16_t)bits_get(h, 0, 16));
}

static int udp_finish(struct build *build, size_t index, struct err *err)
{
	const struct build_part *part = &build->parts[index];
	const struct layer *next = build_next(build, index);
	int r;

	/* A tunnel has a port of its own. */
	if (next == &layer_vxlan)
		build_put(build, index, "dstport", 4789);
	r = build_put_ports(build, index, err);
	if (r == 0)
		r = build_put_length(build, index, "length", build->out->length - part->offset, err);
	if (r == 0)
		build_put_checksum(build, index, 17, true);
	return r;
}

static bool udp_locate(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field,
		       field_value_fn fn, void *data)
{
	struct field_value value = {
		.bytes = packet->data + at->offset + at->length, .length = at->end - at->offset - at->length,
	};

	(void)field; /* payload */
	return value.length && fn(data, &value);
}

static void udp_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	const struct dissected_layer *at = &packet->layers[index];

	if (index + 1 == packet->count) {
		text_add(out, "UDP, ");
		summarise_bytes(at->end - at->offset - at->length, out);
	}
}

static const struct layer_ops udp_ops = {.dissect = udp_dissect, .locate = udp_locate, .finish = udp_finish, .summarise = udp_summarise};

static const struct layer_field udp_fields[] = {
	{.name = "srcport", .type = LAYER_UINT, .bit = 0, .bits = 16, .computed = true, .doc = "Source port; not written: the step's `from`.",
	 .example = "srcport: 6881"},
	{.name = "dstport", .type = LAYER_UINT, .bit = 16, .bits = 16, .computed = true, .doc = "Destination port; not written: the step's `to`.",
	 .example = "dstport: 53"},
	{.name = "port", .type = LAYER_UINT, .place = PLACE_EITHER, .bits = 16, .either = {"srcport", "dstport"}, .doc = "Source or destination port."},
	{.name = "length", .type = LAYER_UINT, .bit = 32, .bits = 16, .computed = true, .doc = "Bytes of header and contents."},
	{.name = "checksum", .type = LAYER_HEX, .bit = 48, .bits = 16, .computed = true,
	 .doc = "Checksum with pseudo header; 0: none (RFC 768).", .example = "checksum: 0"},
	{.name = "payload", .type = LAYER_BYTES, .place = PLACE_CODE, .doc = "What it carries, as hexadecimal."},
};

const struct layer layer_udp = {
	.name = "udp", .title = "User Datagram Protocol", .source = "RFC 768", .fields = udp_fields, .field_count = COUNT_OF(udp_fields),
	.minimum = 8, .buildable = true, .ops = &udp_ops,
};
