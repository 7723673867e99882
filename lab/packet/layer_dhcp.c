/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCP for IPv4 (and BOOTP, whose header it is). */
#include "lab/packet/layer_ops.h"

#define MAC_AT 28u
#define COOKIE_AT 236u
#define OPTIONS_AT 240u
#define COOKIE 0x63825363u

static void dhcp_dissect(struct dissect_step *step)
{
	if (bits_get(step->header, COOKIE_AT * 8, 32) != COOKIE) {
		step->stop = true;
		return;
	}
	step->length = step->available;
}

static int dhcp_finish(struct build *build, size_t index, struct err *err)
{
	const struct build_part *part = &build->parts[index];
	const uint8_t *mac = build->defaults->eth_src.bytes;

	(void)err;
	if (build->parts[0].layer == &layer_eth && build_given(&build->parts[0], "src"))
		mac = build_header(build, 0) + 6;
	if (!build_given(part, "hw.mac_addr"))
		build_put_bytes(build, index, "hw.mac_addr", mac);
	return 0;
}

static uint32_t dhcp_options_start(const uint8_t *header, uint32_t length)
{
	(void)header;
	return length < OPTIONS_AT ? length : OPTIONS_AT;
}

static const struct option_kind dhcp_option_kinds[] = {
	{.kind = 53, .length = 3},
};

static const struct option_format dhcp_options = {
	.unit = 1, .uncounted = 2, .pad = 0, .end = 255, .closed = true, .kinds = dhcp_option_kinds, .kind_count = COUNT_OF(dhcp_option_kinds),
	.start = dhcp_options_start,
};

static const struct layer_value_name message_names[] = { /* RFC 2132 section 9.6, RFC 3203 */
	{1, "Discover"}, {2, "Offer"}, {3, "Request"}, {4, "Decline"}, {5, "ACK"}, {6, "NAK"}, {7, "Release"}, {8, "Inform"},
	{9, "Force-Renew"}, {0, NULL},
};

static void dhcp_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	const struct dissected_layer *at = &packet->layers[index];
	const struct layer_field *message = layer_field_find(&layer_dhcp, "option.dhcp");
	uint64_t type = layer_number(packet, at, "option.dhcp");
	const char *name = field_value_name(message, type);

	text_addf(out, "DHCP %s", name ? name : layer_number(packet, at, "type") == 1 ? "request (BOOTP)" : "reply (BOOTP)");
	if (type == 2 || type == 5) {
		text_add_char(out, ' ');
		layer_text(packet, at, "ip.your", out);
	} else if (type == 3) {
		_cleanup_text_ struct text address = {0};

		if (layer_text(packet, at, "option.requested_ip_address", &address))
			text_addf(out, " %s", text_str(&address));
	}
}

static const struct layer_ops dhcp_ops = {
	.dissect = dhcp_dissect, .options = &dhcp_options, .application = true, .finish = dhcp_finish, .summarise = dhcp_summarise,
};

#define IN_OPTION(number, width) .place = PLACE_OPTION, .option = (number), .bit = 16, .bits = (width)

static const struct layer_field dhcp_fields[] = {
	/* RFC 2131 section 2 */
	{.name = "type", .type = LAYER_UINT, .bit = 0, .bits = 8, .standard = "1", .doc = "1 from a client, 2 from a server."},
	{.name = "hw.type", .type = LAYER_HEX, .bit = 8, .bits = 8, .standard = "1", .doc = "Hardware type: 1 is Ethernet."},
	{.name = "hw.len", .type = LAYER_UINT, .bit = 16, .bits = 8, .standard = "6", .doc = "Bytes of the hardware address."},
	{.name = "hops", .type = LAYER_UINT, .bit = 24, .bits = 8, .doc = "Relays passed."},
	{.name = "id", .type = LAYER_HEX, .bit = 32, .bits = 32, .doc = "Transaction: alike in question and answer.", .example = "id: 0x1234abcd"},
	{.name = "secs", .type = LAYER_UINT, .bit = 64, .bits = 16, .doc = "Seconds since the client began."},
	{.name = "flags", .type = LAYER_HEX, .bit = 80, .bits = 16, .doc = "Flags as one number."},
	{.name = "flags.bc", .type = LAYER_FLAG, .bit = 80, .bits = 1, .doc = "Answer by broadcast."},
	{.name = "ip.client", .type = LAYER_IPV4, .bit = 96, .bits = 32, .doc = "The client's address, where it has one."},
	{.name = "ip.your", .type = LAYER_IPV4, .bit = 128, .bits = 32, .doc = "The address given to the client.", .example = "ip.your: 192.0.2.50"},
	{.name = "ip.server", .type = LAYER_IPV4, .bit = 160, .bits = 32, .doc = "The next server to ask."},
	{.name = "ip.relay", .type = LAYER_IPV4, .bit = 192, .bits = 32, .doc = "The relay agent."},
	{.name = "hw.mac_addr", .type = LAYER_MAC, .bit = MAC_AT * 8, .bits = 48, .computed = true, .doc = "The client's MAC address.",
	 .example = "hw.mac_addr: 02:00:00:00:00:01"},
	{.name = "server", .type = LAYER_TEXT, .bit = 44 * 8, .bits = 64 * 8, .doc = "The server's host name."},
	{.name = "file", .type = LAYER_TEXT, .bit = 108 * 8, .bits = 128 * 8, .doc = "Boot file."},
	{.name = "cookie", .type = LAYER_IPV4, .bit = COOKIE_AT * 8, .bits = 32, .standard = "99.130.83.99", .doc = "Says that options follow."},
	/* RFC 2132 */
	{.name = "option.type", .type = LAYER_UINT, .place = PLACE_ANY_OPTION, .bit = 0, .bits = 8, .doc = "Number of an option."},
	{.name = "option.dhcp", .type = LAYER_UINT, IN_OPTION(53, 8), .names = message_names, .doc = "Kind of message.", .example = "option.dhcp: offer"},
	{.name = "option.subnet_mask", .type = LAYER_IPV4, IN_OPTION(1, 32), .doc = "Subnet mask."},
	{.name = "option.router", .type = LAYER_IPV4, IN_OPTION(3, 32), .stride = 4, .doc = "A router.", .example = "option.router: 192.0.2.1"},
	{.name = "option.domain_name_server", .type = LAYER_IPV4, IN_OPTION(6, 32), .stride = 4, .doc = "A name server."},
	{.name = "option.hostname", .type = LAYER_TEXT, IN_OPTION(12, 0), .doc = "The client's name."},
	{.name = "option.domain_name", .type = LAYER_TEXT, IN_OPTION(15, 0), .doc = "The domain of the client."},
	{.name = "option.interface_mtu", .type = LAYER_UINT, IN_OPTION(26, 16), .doc = "MTU that the client shall use."},
	{.name = "option.broadcast_address", .type = LAYER_IPV4, IN_OPTION(28, 32), .doc = "Broadcast address."},
	{.name = "option.ntp_server", .type = LAYER_IPV4, IN_OPTION(42, 32), .stride = 4, .doc = "A time server."},
	{.name = "option.requested_ip_address", .type = LAYER_IPV4, IN_OPTION(50, 32), .doc = "The address that the client asks for."},
	{.name = "option.ip_address_lease_time", .type = LAYER_UINT, IN_OPTION(51, 32), .doc = "Seconds of the lease."},
	{.name = "option.dhcp_server_id", .type = LAYER_IPV4, IN_OPTION(54, 32), .doc = "The server that is meant."},
	{.name = "option.request_list_item", .type = LAYER_UINT, IN_OPTION(55, 8), .stride = 1, .doc = "An option that the client asks for."},
	{.name = "option.message", .type = LAYER_TEXT, IN_OPTION(56, 0), .doc = "Why a server refuses."},
	{.name = "option.dhcp_max_message_size", .type = LAYER_UINT, IN_OPTION(57, 16), .doc = "Longest message that the client takes."},
	{.name = "option.renewal_time_value", .type = LAYER_UINT, IN_OPTION(58, 32), .doc = "Seconds until renewal."},
	{.name = "option.rebinding_time_value", .type = LAYER_UINT, IN_OPTION(59, 32), .doc = "Seconds until rebinding."},
	{.name = "option.vendor_class_id", .type = LAYER_TEXT, IN_OPTION(60, 0), .doc = "The client's maker and kind."},
};

const struct layer layer_dhcp = {
	.name = "dhcp", .title = "Dynamic Host Configuration Protocol", .source = "RFC 2131, RFC 2132", .fields = dhcp_fields,
	.field_count = COUNT_OF(dhcp_fields), .minimum = OPTIONS_AT, .buildable = true, .ops = &dhcp_ops,
};
