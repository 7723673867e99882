/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels: GRE and VXLAN. */
#include "lab/packet/layer_ops.h"

/* --- gre --- */

#define GRE_CHECKSUM 0x80
#define GRE_ROUTING 0x40
#define GRE_KEY 0x20
#define GRE_SEQUENCE 0x10

/* Bytes before the key: RFC 2784, RFC 2890. */
static uint32_t gre_key_at(const uint8_t *h)
{
	return h[0] & (GRE_CHECKSUM | GRE_ROUTING) ? 8 : 4;
}

static void gre_dissect(struct dissect_step *step)
{
	const uint8_t *h = step->header;
	uint32_t length = gre_key_at(h) + (h[0] & GRE_KEY ? 4 : 0) + (h[0] & GRE_SEQUENCE ? 4 : 0);

	if ((h[1] & 7) != 0 || h[0] & GRE_ROUTING || length > step->available) {
		step->malformed = length > step->available ? "GRE header is cut short" : "GRE of another version, or with routing";
		step->stop = true;
		return;
	}
	step->length = length;
	step->next = layer_by_ethertype((uint16_t)bits_get(h, 16, 16));
}

static int gre_finish(struct build *build, size_t index, struct err *err)
{
	return build_put_next(build, index, "proto", layer_ethertype, err);
}

static bool gre_locate(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field,
		       field_value_fn fn, void *data)
{
	const uint8_t *h = packet->data + at->offset;
	bool key = str_eq(field->name, "key");
	struct field_value value = {0};

	if (!(h[0] & (key ? GRE_KEY : GRE_SEQUENCE)))
		return false;
	value.number = bits_get(h, (gre_key_at(h) + (!key && h[0] & GRE_KEY ? 4 : 0)) * 8, 32);
	return fn(data, &value);
}

static void gre_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	(void)packet;
	(void)index;
	text_add(out, "GRE ");
}

static const struct layer_ops gre_ops = {.dissect = gre_dissect, .locate = gre_locate, .finish = gre_finish, .summarise = gre_summarise};

static const struct layer_field gre_fields[] = {
	{.name = "flags_and_version", .type = LAYER_HEX, .bit = 0, .bits = 16, .doc = "Flags and version as one number."},
	{.name = "flags.checksum", .type = LAYER_FLAG, .bit = 0, .bits = 1, .doc = "A checksum is there."},
	{.name = "flags.key", .type = LAYER_FLAG, .bit = 2, .bits = 1, .doc = "A key is there."},
	{.name = "flags.sequence_number", .type = LAYER_FLAG, .bit = 3, .bits = 1, .doc = "A sequence number is there."},
	{.name = "proto", .type = LAYER_HEX, .bit = 16, .bits = 16, .computed = true, .names = ethertype_names, .doc = "EtherType of what follows."},
	{.name = "key", .type = LAYER_HEX, .place = PLACE_CODE, .doc = "Key of the tunnel."},
	{.name = "sequence_number", .type = LAYER_UINT, .place = PLACE_CODE, .doc = "Sequence number."},
};

const struct layer layer_gre = {
	.name = "gre", .title = "Generic Routing Encapsulation", .source = "RFC 2784, RFC 2890", .fields = gre_fields,
	.field_count = COUNT_OF(gre_fields), .minimum = 4, .buildable = true, .ops = &gre_ops,
};

/* --- vxlan --- */

static void vxlan_dissect(struct dissect_step *step)
{
	if (step->header[0] & 0x08)
		step->next = &layer_eth;
}

static void vxlan_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	text_addf(out, "VXLAN %u ", (unsigned)layer_number(packet, &packet->layers[index], "vni"));
}

static const struct layer_ops vxlan_ops = {.dissect = vxlan_dissect, .summarise = vxlan_summarise};

static const struct layer_field vxlan_fields[] = {
	{.name = "flags", .type = LAYER_HEX, .bit = 0, .bits = 16, .standard = "0x0800", .doc = "Flags: 0x0800 says that the identifier counts."},
	{.name = "vni", .type = LAYER_UINT, .bit = 32, .bits = 24, .doc = "VXLAN network identifier.", .example = "vni: 42"},
};

const struct layer layer_vxlan = {
	.name = "vxlan", .title = "Virtual eXtensible Local Area Network", .source = "RFC 7348", .fields = vxlan_fields,
	.field_count = COUNT_OF(vxlan_fields), .minimum = 8, .buildable = true, .ops = &vxlan_ops,
};
