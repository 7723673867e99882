/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The link layer: the frame as a whole, Ethernet, VLAN tags, ARP. */
#include <string.h>

#include "lab/packet/layer_ops.h"

/* --- frame: not a header, but what was captured --- */

static bool frame_locate(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field,
			 field_value_fn fn, void *data)
{
	struct field_value value = {.number = str_eq(field->name, "len") ? packet->wire_length : packet->length};

	(void)at;
	return fn(data, &value);
}

static const struct layer_ops frame_ops = {.locate = frame_locate};

static const struct layer_field frame_fields[] = {
	{.name = "len", .type = LAYER_UINT, .place = PLACE_CODE, .doc = "Bytes on the wire, without the check sequence.",
	 .example = "frame.len: 1514"},
	{.name = "cap_len", .type = LAYER_UINT, .place = PLACE_CODE, .doc = "Bytes that the observer kept."},
};

const struct layer layer_frame = {
	.name = "frame", .title = "Frame", .source = "Wireshark", .fields = frame_fields, .field_count = COUNT_OF(frame_fields),
	.ops = &frame_ops,
};

/* --- eth --- */

#define ETHERTYPE_LEAST 0x0600 /* IEEE 802.3, 3.2.6: below it is a length */

static void eth_dissect(struct dissect_step *step)
{
	uint16_t type = (uint16_t)bits_get(step->header, 96, 16);

	if (type >= ETHERTYPE_LEAST)
		step->next = layer_by_ethertype(type);
	else if (type <= step->available - step->length)
		step->total = step->length + type;
}

/* RFC 1112 section 6.4, RFC 2464 section 7: a group address needs no neighbour. */
static bool group_mac(const struct build *build, size_t index, uint8_t mac[6])
{
	if (index + 1 >= build->count)
		return false;
	/* Tags may stand between. */
	size_t network = index + 1;

	while (network < build->count && (build->parts[network].layer == &layer_vlan || build->parts[network].layer == &layer_ieee8021ad))
		network++;
	if (network >= build->count)
		return false;
	const struct layer *layer = build->parts[network].layer;
	const uint8_t *header = build_header(build, network);

	if (layer == &layer_ip && (header[16] & 0xf0) == 0xe0) {
		memcpy(mac, (const uint8_t[]){0x01, 0x00, 0x5e, header[17] & 0x7f, header[18], header[19]}, 6);
		return true;
	}
	if (layer == &layer_ipv6 && header[24] == 0xff) {
		mac[0] = mac[1] = 0x33;
		memcpy(mac + 2, header + 36, 4);
		return true;
	}
	if ((layer == &layer_ip && memcmp(header + 16, "\xff\xff\xff\xff", 4) == 0) ||
	    (layer == &layer_arp && bits_get(header, 48, 16) == 1)) {
		memset(mac, 0xff, 6);
		return true;
	}
	return false;
}

static int eth_finish(struct build *build, size_t index, struct err *err)
{
	static const struct mac_addr none;
	const struct build_part *part = &build->parts[index];
	const struct build_defaults *defaults = build->defaults;
	uint8_t group[6];

	if (!build_given(part, "dst")) {
		if (group_mac(build, index, group))
			build_put_bytes(build, index, "dst", group);
		else if (index == 0 && memcmp(&defaults->eth_dst, &none, sizeof(none)) != 0)
			build_put_bytes(build, index, "dst", defaults->eth_dst.bytes);
		else
			return build_refuse(part, "dst", err, "the receiver's MAC address is not known: write it");
	}
	if (!build_given(part, "src")) {
		if (index != 0 || memcmp(&defaults->eth_src, &none, sizeof(none)) == 0)
			return build_refuse(part, "src", err, "the sender's MAC address is not known: write it");
		build_put_bytes(build, index, "src", defaults->eth_src.bytes);
	}
	return build_put_next(build, index, "type", layer_ethertype, err);
}

static bool eth_locate(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field,
		       field_value_fn fn, void *data)
{
	const uint8_t *header = packet->data + at->offset;
	struct field_value value = {.number = bits_get(header, 96, 16)};

	if (str_eq(field->name, "len"))
		return value.number < ETHERTYPE_LEAST && fn(data, &value);
	if (str_eq(field->name, "type"))
		return value.number >= ETHERTYPE_LEAST && fn(data, &value);
	/* Padding: what lies behind the end of an IP packet or ARP message in the outermost frame. */
	if (at != &packet->layers[0] || packet->malformed)
		return false;
	uint32_t end = at->offset + at->length;

	for (size_t i = 1; i < packet->count; i++)
		if (packet->layers[i].layer == &layer_ip || packet->layers[i].layer == &layer_ipv6 || packet->layers[i].layer == &layer_arp) {
			end = packet->layers[i].end;
			break;
		}
	if (end == at->offset + at->length || end >= packet->length)
		return false;
	value.bytes = packet->data + end;
	value.length = packet->length - end;
	return fn(data, &value);
}

/* Where nothing that is known follows: what the link layer says it is. */
static void summarise_type(const struct dissection *packet, size_t index, uint32_t bit, struct text *out)
{
	uint64_t type = bits_get(packet->data + packet->layers[index].offset, bit, 16);

	if (index + 1 < packet->count)
		return;
	if (type < ETHERTYPE_LEAST)
		text_add(out, "IEEE 802.3, ");
	else
		text_addf(out, "type 0x%04x, ", (unsigned)type);
	summarise_bytes(packet->payload_length, out);
}

/* The addresses only where no network layer has better ones. */
static void eth_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	const struct dissected_layer *at = &packet->layers[index];

	for (size_t i = index + 1; i < packet->count; i++)
		if (packet->layers[i].layer != &layer_vlan && packet->layers[i].layer != &layer_ieee8021ad)
			return;
	layer_text(packet, at, "src", out);
	text_add(out, " > ");
	layer_text(packet, at, "dst", out);
	text_add_char(out, ' ');
	summarise_type(packet, index, 96, out);
}

static const struct layer_ops eth_ops = {
	.dissect = eth_dissect, .locate = eth_locate, .finish = eth_finish, .summarise = eth_summarise,
};

static const struct layer_field eth_fields[] = {
	{.name = "dst", .type = LAYER_MAC, .bit = 0, .bits = 48, .computed = true,
	 .doc = "The receiver. Not written: the next hop's, or what a group address stands for.", .example = "dst: ff:ff:ff:ff:ff:ff"},
	{.name = "src", .type = LAYER_MAC, .bit = 48, .bits = 48, .computed = true, .doc = "The sender.", .example = "src: 02:00:00:00:00:01"},
	{.name = "addr", .type = LAYER_MAC, .place = PLACE_EITHER, .either = {"dst", "src"}, .doc = "Sender or receiver."},
	{.name = "type", .type = LAYER_HEX, .place = PLACE_CODE, .bit = 96, .bits = 16, .computed = true, .names = ethertype_names,
	 .doc = "EtherType of what follows, from 0x0600 up.", .example = "type: 0x88b6"},
	{.name = "len", .type = LAYER_UINT, .place = PLACE_CODE, .doc = "Length, in IEEE 802.3 frames without an EtherType."},
	{.name = "padding", .type = LAYER_BYTES, .place = PLACE_CODE, .doc = "Bytes behind the packet that fill the frame up."},
	{.name = "dst.ig", .type = LAYER_FLAG, .bit = 7, .bits = 1, .doc = "The receiver is a group: broadcast or multicast."},
	{.name = "src.lg", .type = LAYER_FLAG, .bit = 54, .bits = 1, .doc = "The sender's address is locally administered."},
};

const struct layer layer_eth = {
	.name = "eth", .title = "Ethernet", .source = "IEEE 802.3", .fields = eth_fields, .field_count = COUNT_OF(eth_fields),
	.minimum = 14, .buildable = true, .ops = &eth_ops,
};

/* --- vlan, ieee8021ad: the same header behind different EtherTypes --- */

static void vlan_dissect(struct dissect_step *step)
{
	uint16_t type = (uint16_t)bits_get(step->header, 16, 16);

	if (type >= ETHERTYPE_LEAST)
		step->next = layer_by_ethertype(type);
}

static int vlan_finish(struct build *build, size_t index, struct err *err)
{
	return build_put_next(build, index, "etype", layer_ethertype, err);
}

static int ieee8021ad_finish(struct build *build, size_t index, struct err *err)
{
	const struct build_part *part = &build->parts[index];
	const struct layer *next = build_next(build, index);

	/* Wireshark gives this tag's EtherType no name of its own, so that there is no field to write it by. */
	if (!next || layer_ethertype(next) < 0)
		return build_refuse(part, NULL, err, "an 802.1ad tag wants a layer with an EtherType behind it, such as vlan or ip");
	bits_put(build_header(build, index), 16, 16, (uint64_t)layer_ethertype(next));
	return 0;
}

static void vlan_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	const struct dissected_layer *at = &packet->layers[index];

	text_addf(out, "vlan %u ", (unsigned)layer_number(packet, at, "id"));
	summarise_type(packet, index, 16, out);
}

static const struct layer_ops vlan_ops = {.dissect = vlan_dissect, .finish = vlan_finish, .summarise = vlan_summarise};
static const struct layer_ops ieee8021ad_ops = {.dissect = vlan_dissect, .finish = ieee8021ad_finish, .summarise = vlan_summarise};

static const struct layer_field vlan_fields[] = {
	{.name = "priority", .type = LAYER_UINT, .bit = 0, .bits = 3, .doc = "Priority code point.", .example = "priority: 5"},
	{.name = "dei", .type = LAYER_FLAG, .bit = 3, .bits = 1, .doc = "Drop eligible."},
	{.name = "id", .type = LAYER_UINT, .bit = 4, .bits = 12, .doc = "VLAN identifier; 0 is a priority tag.", .example = "id: 5"},
	{.name = "etype", .type = LAYER_HEX, .bit = 16, .bits = 16, .computed = true, .names = ethertype_names,
	 .doc = "EtherType of what follows."},
};

static const struct layer_field ieee8021ad_fields[] = {
	{.name = "priority", .type = LAYER_UINT, .bit = 0, .bits = 3, .doc = "Priority code point.", .example = "priority: 5"},
	{.name = "dei", .type = LAYER_FLAG, .bit = 3, .bits = 1, .doc = "Drop eligible."},
	{.name = "id", .type = LAYER_UINT, .bit = 4, .bits = 12, .doc = "Service VLAN identifier.", .example = "id: 100"},
};

const struct layer layer_vlan = {
	.name = "vlan", .title = "VLAN tag", .source = "IEEE 802.1Q", .fields = vlan_fields, .field_count = COUNT_OF(vlan_fields),
	.minimum = 4, .buildable = true, .ops = &vlan_ops,
};

const struct layer layer_ieee8021ad = {
	.name = "ieee8021ad", .title = "Provider VLAN tag", .source = "IEEE 802.1ad", .fields = ieee8021ad_fields,
	.field_count = COUNT_OF(ieee8021ad_fields), .minimum = 4, .buildable = true, .ops = &ieee8021ad_ops,
};

/* --- arp --- */

static void arp_dissect(struct dissect_step *step)
{
	const uint8_t *h = step->header;

	/* RFC 826 allows other address lengths; only Ethernet and IPv4 have places in the table. */
	if (bits_get(h, 0, 16) != 1 || bits_get(h, 16, 16) != 0x0800 || h[4] != 6 || h[5] != 4) {
		step->malformed = "ARP for other addresses than MAC and IPv4";
		step->stop = true;
	}
	step->total = step->length;
}

static int arp_finish(struct build *build, size_t index, struct err *err)
{
	static const struct mac_addr none;
	const struct build_defaults *defaults = build->defaults;
	const struct build_part *part = &build->parts[index];

	if (!build_given(part, "src.hw_mac")) {
		const struct build_part *outer = index ? &build->parts[0] : NULL;
		const uint8_t *mac = outer && outer->layer == &layer_eth && build_given(outer, "src") ? build_header(build, 0) + 6 :
				     memcmp(&defaults->eth_src, &none, sizeof(none)) != 0		? defaults->eth_src.bytes :
													  NULL;
		if (!mac)
			return build_refuse(part, "src.hw_mac", err, "the sender's MAC address is not known: write it");
		build_put_bytes(build, index, "src.hw_mac", mac);
	}
	if (!build_given(part, "src.proto_ipv4")) {
		if (defaults->src.family != AF_INET)
			return build_refuse(part, "src.proto_ipv4", err, "the sender's IPv4 address is not known: write it");
		build_put_bytes(build, index, "src.proto_ipv4", defaults->src.bytes);
	}
	if (!build_given(part, "dst.proto_ipv4")) {
		if (defaults->dst.family != AF_INET)
			return build_refuse(part, "dst.proto_ipv4", err, "the IPv4 address asked for is not known: write it");
		build_put_bytes(build, index, "dst.proto_ipv4", defaults->dst.bytes);
	}
	/* A request leaves the answer's place empty; a reply says whom it is for. */
	if (!build_given(part, "dst.hw_mac") && bits_get(build_header(build, index), 48, 16) != 1) {
		const struct build_part *outer = index ? &build->parts[0] : NULL;

		build_put_bytes(build, index, "dst.hw_mac",
				outer && outer->layer == &layer_eth && build_given(outer, "dst") ? build_header(build, 0) : defaults->eth_dst.bytes);
	}
	return 0;
}

static bool arp_locate(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field,
		       field_value_fn fn, void *data)
{
	const uint8_t *header = packet->data + at->offset;
	struct field_value value = {0};

	(void)field; /* isgratuitous: sender and target are one address; absent otherwise, as in Wireshark */
	value.number = memcmp(header + 14, header + 24, 4) == 0;
	return value.number && fn(data, &value);
}

static void arp_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	const struct dissected_layer *at = &packet->layers[index];
	uint64_t opcode = layer_number(packet, at, "opcode");

	if (opcode == 1) {
		text_add(out, "ARP who-has ");
		layer_text(packet, at, "dst.proto_ipv4", out);
		text_add(out, " tell ");
		layer_text(packet, at, "src.proto_ipv4", out);
	} else if (opcode == 2) {
		text_add(out, "ARP reply ");
		layer_text(packet, at, "src.proto_ipv4", out);
		text_add(out, " is-at ");
		layer_text(packet, at, "src.hw_mac", out);
	} else {
		text_addf(out, "ARP opcode %u", (unsigned)opcode);
	}
}

static const struct layer_ops arp_ops = {.dissect = arp_dissect, .locate = arp_locate, .finish = arp_finish, .summarise = arp_summarise};

static const struct layer_field arp_fields[] = {
	{.name = "hw.type", .type = LAYER_UINT, .bit = 0, .bits = 16, .standard = "1", .doc = "Hardware type: 1 is Ethernet."},
	{.name = "proto.type", .type = LAYER_HEX, .bit = 16, .bits = 16, .standard = "0x0800", .doc = "Protocol type: 0x0800 is IPv4."},
	{.name = "hw.size", .type = LAYER_UINT, .bit = 32, .bits = 8, .standard = "6", .doc = "Bytes of a hardware address."},
	{.name = "proto.size", .type = LAYER_UINT, .bit = 40, .bits = 8, .standard = "4", .doc = "Bytes of a protocol address."},
	{.name = "opcode", .type = LAYER_UINT, .bit = 48, .bits = 16, .standard = "1", .doc = "1 request, 2 reply.", .example = "opcode: request",
	 .names = (const struct layer_value_name[]){{1, "request"}, {2, "reply"}, {0, NULL}}},
	{.name = "src.hw_mac", .type = LAYER_MAC, .bit = 64, .bits = 48, .computed = true, .doc = "The sender's MAC address."},
	{.name = "src.proto_ipv4", .type = LAYER_IPV4, .bit = 112, .bits = 32, .computed = true, .doc = "The sender's IPv4 address.",
	 .example = "src.proto_ipv4: 192.0.2.2"},
	{.name = "dst.hw_mac", .type = LAYER_MAC, .bit = 144, .bits = 48, .computed = true, .doc = "The target's MAC address; zero in a request."},
	{.name = "dst.proto_ipv4", .type = LAYER_IPV4, .bit = 192, .bits = 32, .computed = true, .doc = "The IPv4 address asked for.",
	 .example = "dst.proto_ipv4: 192.0.2.1"},
	{.name = "isgratuitous", .type = LAYER_FLAG, .place = PLACE_CODE, .doc = "Sender and target are one IPv4 address (RFC 5227); absent where they are not."},
};

const struct layer layer_arp = {
	.name = "arp", .title = "Address Resolution Protocol", .source = "RFC 826", .fields = arp_fields, .field_count = COUNT_OF(arp_fields),
	.minimum = 28, .buildable = true, .ops = &arp_ops,
};
