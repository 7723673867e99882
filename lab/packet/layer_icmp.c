/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMP for IPv4, and IGMP. */
#include "lab/packet/layer_ops.h"

/* --- icmp --- */

enum {
	ICMP_UNREACHABLE = 3,
	ICMP_QUENCH = 4,
	ICMP_REDIRECT = 5,
	ICMP_ECHO = 8,
	ICMP_EXCEEDED = 11,
	ICMP_PARAMETER = 12,
	ICMP_TIMESTAMP = 13,
	ICMP_TIMESTAMP_REPLY = 14,
};
#define ICMP_FRAG_NEEDED 4

static bool quotes_packet(uint8_t type)
{
	return type == ICMP_UNREACHABLE || type == ICMP_QUENCH || type == ICMP_REDIRECT || type == ICMP_EXCEEDED || type == ICMP_PARAMETER;
}

static void icmp_dissect(struct dissect_step *step)
{
	uint8_t type = step->header[0];

	if (quotes_packet(type))
		step->next = &layer_ip;
	if (type == ICMP_TIMESTAMP || type == ICMP_TIMESTAMP_REPLY) {
		step->length = 20;
		if (step->available < step->length) {
			step->malformed = "ICMP timestamp message is cut short";
			step->stop = true;
		}
	}
}

static uint32_t icmp_build_size(const struct build_part *part)
{
	uint64_t type = build_wanted_number(part, "type", ICMP_ECHO);

	return type == ICMP_TIMESTAMP || type == ICMP_TIMESTAMP_REPLY ? 20 : 8;
}

static int icmp_finish(struct build *build, size_t index, struct err *err)
{
	const struct build_part *part = &build->parts[index];
	const uint8_t *h = build_header(build, index);

	if (build_given(part, "mtu") && (h[0] != ICMP_UNREACHABLE || h[1] != ICMP_FRAG_NEEDED))
		return build_refuse(part, "mtu", err, "is part of messages of type 3, code 4 only");
	build_put_checksum(build, index, -1, false);
	return 0;
}

static bool icmp_locate(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field,
			field_value_fn fn, void *data)
{
	const uint8_t *header = packet->data + at->offset;
	struct field_value value = {.number = bits_get(header, 48, 16)};

	(void)field; /* mtu (RFC 1191) */
	return header[0] == ICMP_UNREACHABLE && header[1] == ICMP_FRAG_NEEDED && fn(data, &value);
}

static const char *const unreachable_codes[] = { /* RFC 792, RFC 1122, RFC 1812 */
	"network unreachable", "host unreachable", "protocol unreachable", "port unreachable", "frag needed", "source route failed",
	"network unknown", "host unknown", "host isolated", "network prohibited", "host prohibited", "network unreachable for TOS",
	"host unreachable for TOS", "administratively prohibited", "host precedence violation", "precedence cutoff",
};

static void icmp_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	const struct dissected_layer *at = &packet->layers[index];
	const uint8_t *h = packet->data + at->offset;

	text_add(out, "ICMP ");
	switch (h[0]) {
	case 0:
	case ICMP_ECHO:
		text_addf(out, "echo %s id %u seq %u", h[0] ? "request" : "reply", (unsigned)bits_get(h, 32, 16), (unsigned)bits_get(h, 48, 16));
		break;
	case ICMP_UNREACHABLE:
		text_add(out, h[1] < COUNT_OF(unreachable_codes) ? unreachable_codes[h[1]] : "unreachable");
		if (h[1] == ICMP_FRAG_NEEDED)
			text_addf(out, ", mtu %u", (unsigned)bits_get(h, 48, 16));
		break;
	case ICMP_REDIRECT:
		text_add(out, "redirect to ");
		layer_text(packet, at, "redir_gw", out);
		break;
	case ICMP_EXCEEDED:
		text_add(out, h[1] ? "reassembly time exceeded" : "time exceeded");
		break;
	case ICMP_PARAMETER:
		text_addf(out, "parameter problem at byte %u", h[4]);
		break;
	case ICMP_TIMESTAMP:
	case ICMP_TIMESTAMP_REPLY:
		text_addf(out, "timestamp %s", h[0] == ICMP_TIMESTAMP ? "request" : "reply");
		break;
	default:
		text_addf(out, "type %u code %u", h[0], h[1]);
	}
}

static const struct layer_ops icmp_ops = {
	.dissect = icmp_dissect, .locate = icmp_locate, .build_size = icmp_build_size, .finish = icmp_finish, .summarise = icmp_summarise,
};

static const uint8_t when_ident[] = {8, 0, 8, 13, 14, 15, 16, 17, 18}, when_redirect[] = {1, ICMP_REDIRECT},
		     when_parameter[] = {1, ICMP_PARAMETER}, when_timestamp[] = {2, 13, 14};

static const struct layer_field icmp_fields[] = {
	{.name = "type", .type = LAYER_UINT, .bit = 0, .bits = 8, .standard = "8", .doc = "Kind of message.", .example = "type: 3",
	 .names = (const struct layer_value_name[]){{0, "echo-reply"}, {3, "unreachable"}, {5, "redirect"}, {8, "echo-request"},
						    {11, "time-exceeded"}, {12, "parameter-problem"}, {13, "timestamp"},
						    {14, "timestamp-reply"}, {0, NULL}}},
	{.name = "code", .type = LAYER_UINT, .bit = 8, .bits = 8, .doc = "What the type leaves open; for unreachable, 3 is the port, 4 fragmentation needed.",
	 .example = "code: 4"},
	{.name = "checksum", .type = LAYER_HEX, .bit = 16, .bits = 16, .computed = true, .doc = "Checksum of the message."},
	{.name = "ident", .type = LAYER_UINT, .bit = 32, .bits = 16, .when = when_ident, .doc = "Identifier of an echo.", .example = "ident: 7"},
	{.name = "seq", .type = LAYER_UINT, .bit = 48, .bits = 16, .when = when_ident, .doc = "Sequence number of an echo.", .example = "seq: 1"},
	{.name = "mtu", .type = LAYER_UINT, .place = PLACE_CODE, .bit = 48, .bits = 16,
	 .doc = "MTU of the next hop, where fragmentation is needed (type 3, code 4; RFC 1191).", .example = "mtu: 1400"},
	{.name = "redir_gw", .type = LAYER_IPV4, .bit = 32, .bits = 32, .when = when_redirect, .doc = "The router to use instead."},
	{.name = "pointer", .type = LAYER_UINT, .bit = 32, .bits = 8, .when = when_parameter, .doc = "The byte at fault."},
	{.name = "originate_timestamp", .type = LAYER_UINT, .bit = 64, .bits = 32, .when = when_timestamp, .doc = "When the asker sent."},
	{.name = "receive_timestamp", .type = LAYER_UINT, .bit = 96, .bits = 32, .when = when_timestamp, .doc = "When the answerer received."},
	{.name = "transmit_timestamp", .type = LAYER_UINT, .bit = 128, .bits = 32, .when = when_timestamp, .doc = "When the answerer sent."},
};

const struct layer layer_icmp = {
	.name = "icmp", .title = "Internet Control Message Protocol", .source = "RFC 792", .fields = icmp_fields,
	.field_count = COUNT_OF(icmp_fields), .minimum = 8, .buildable = true, .ops = &icmp_ops,
};

/* --- igmp --- */

enum { IGMP_QUERY = 0x11, IGMP_REPORT_1 = 0x12, IGMP_REPORT_2 = 0x16, IGMP_LEAVE = 0x17, IGMP_REPORT_3 = 0x22 };

/* Version 3 reports hold records, each with sources of its own: the groups one after another. */
static bool igmp_locate(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field,
			field_value_fn fn, void *data)
{
	const uint8_t *header = packet->data + at->offset;
	uint32_t end = at->end - at->offset, place = 8;
	bool type_wanted = str_eq(field->name, "record_type");

	if (header[0] != IGMP_REPORT_3) {
		struct field_value value = {.bytes = header + 4, .length = 4};

		return !type_wanted && fn(data, &value);
	}
	for (uint64_t records = bits_get(header, 48, 16); records && end - place >= 8; records--) {
		uint32_t size = 8 + (uint32_t)bits_get(header, (place + 2) * 8, 16) * 4 + header[place + 1] * 4u;
		struct field_value value = {.number = header[place], .bytes = header + place + 4, .length = 4};

		if (fn(data, &value))
			return true;
		if (size > end - place)
			break;
		place += size;
	}
	return false;
}

static void igmp_dissect(struct dissect_step *step)
{
	step->length = step->available;
}

static int igmp_finish(struct build *build, size_t index, struct err *err)
{
	(void)err;
	build_put_checksum(build, index, -1, false);
	return 0;
}

static void igmp_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	const struct dissected_layer *at = &packet->layers[index];
	uint8_t type = packet->data[at->offset];

	text_addf(out, "IGMP %s ", type == IGMP_QUERY ? "query" : type == IGMP_LEAVE ? "leave" :
		  type == IGMP_REPORT_1 || type == IGMP_REPORT_2 || type == IGMP_REPORT_3 ? "report" : "message");
	layer_text(packet, at, "maddr", out);
}

static const struct layer_ops igmp_ops = {
	.dissect = igmp_dissect, .locate = igmp_locate, .finish = igmp_finish, .summarise = igmp_summarise,
};

static const uint8_t when_query[] = {3, IGMP_QUERY, IGMP_REPORT_2, IGMP_LEAVE}, when_report_3[] = {1, IGMP_REPORT_3};

static const struct layer_field igmp_fields[] = {
	{.name = "type", .type = LAYER_HEX, .bit = 0, .bits = 8, .standard = "0x16", .doc = "Kind of message.", .example = "type: query",
	 .names = (const struct layer_value_name[]){{IGMP_QUERY, "query"}, {IGMP_REPORT_1, "report1"}, {IGMP_REPORT_2, "report2"},
						    {IGMP_LEAVE, "leave"}, {IGMP_REPORT_3, "report3"}, {0, NULL}}},
	{.name = "max_resp", .type = LAYER_UINT, .bit = 8, .bits = 8, .when = when_query, .doc = "Longest time to answer, in tenths of a second."},
	{.name = "checksum", .type = LAYER_HEX, .bit = 16, .bits = 16, .computed = true, .doc = "Checksum of the message."},
	{.name = "maddr", .type = LAYER_IPV4, .place = PLACE_CODE, .bit = 32, .bits = 32, .doc = "The group, or each group of a version 3 report.",
	 .example = "maddr: 233.252.0.1"},
	{.name = "num_grp_recs", .type = LAYER_UINT, .bit = 48, .bits = 16, .when = when_report_3, .doc = "Records in a version 3 report."},
	{.name = "record_type", .type = LAYER_UINT, .place = PLACE_CODE, .doc = "Kind of each record in a version 3 report."},
};

const struct layer layer_igmp = {
	.name = "igmp", .title = "Internet Group Management Protocol", .source = "RFC 2236, RFC 3376", .fields = igmp_fields,
	.field_count = COUNT_OF(igmp_fields), .minimum = 8, .buildable = true, .ops = &igmp_ops,
};
