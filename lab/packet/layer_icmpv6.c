/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMPv6: errors, echo, neighbour discovery with its options, multicast listener discovery. */
#include "lab/packet/layer_ops.h"

enum {
	TYPE_UNREACHABLE = 1,
	TYPE_TOO_BIG = 2,
	TYPE_EXCEEDED = 3,
	TYPE_PARAMETER = 4,
	TYPE_ECHO = 128,
	TYPE_ECHO_REPLY = 129,
	TYPE_MLD_QUERY = 130,
	TYPE_MLD_REPORT = 131,
	TYPE_MLD_DONE = 132,
	TYPE_RS = 133,
	TYPE_RA = 134,
	TYPE_NS = 135,
	TYPE_NA = 136,
	TYPE_REDIRECT = 137,
	TYPE_MLD2_REPORT = 143,
};

/* Bytes of a message before its options, records or quoted packet. */
static uint32_t fixed_size(uint64_t type)
{
	switch (type) {
	case TYPE_RA:
		return 16;
	case TYPE_NS:
	case TYPE_NA:
	case TYPE_MLD_QUERY:
	case TYPE_MLD_REPORT:
	case TYPE_MLD_DONE:
		return 24;
	case TYPE_REDIRECT:
		return 40;
	case TYPE_UNREACHABLE:
	case TYPE_TOO_BIG:
	case TYPE_EXCEEDED:
	case TYPE_PARAMETER:
	case TYPE_ECHO:
	case TYPE_ECHO_REPLY:
	case TYPE_RS:
	case TYPE_MLD2_REPORT:
		return 8;
	default:
		return 4;
	}
}

static bool is_discovery(uint64_t type)
{
	return type >= TYPE_RS && type <= TYPE_REDIRECT;
}

static void icmpv6_dissect(struct dissect_step *step)
{
	uint8_t type = step->header[0];

	step->length = fixed_size(type);
	if (step->length > step->available) {
		step->malformed = "ICMPv6 message is cut short";
		step->stop = true;
		return;
	}
	if (type < TYPE_ECHO && step->length == 8)
		step->next = &layer_ipv6;
	/* Options and records belong to the header: nothing of them is payload. */
	if (is_discovery(type) || (type >= TYPE_MLD_QUERY && type <= TYPE_MLD_DONE) || type == TYPE_MLD2_REPORT)
		step->length = step->available;
}

static uint32_t icmpv6_build_size(const struct build_part *part)
{
	return fixed_size(build_wanted_number(part, "type", TYPE_ECHO));
}

static int icmpv6_finish(struct build *build, size_t index, struct err *err)
{
	uint8_t type = build_header(build, index)[0];
	ptrdiff_t network = build_network(build, index);

	(void)err;
	build_put_checksum(build, index, 58, false);
	/* RFC 4861 section 3.1, RFC 2710 section 3: others are not believed. */
	if (network >= 0 && build->parts[network].layer == &layer_ipv6) {
		if (is_discovery(type))
			build_put(build, (size_t)network, "hlim", 255);
		else if ((type >= TYPE_MLD_QUERY && type <= TYPE_MLD_DONE) || type == TYPE_MLD2_REPORT)
			build_put(build, (size_t)network, "hlim", 1);
	}
	return 0;
}

/* --- options of neighbour discovery --- */

static uint32_t options_start(const uint8_t *header, uint32_t length)
{
	uint32_t start = is_discovery(header[0]) ? fixed_size(header[0]) : length;

	return start < length ? start : length;
}

static const struct option_kind option_kinds[] = { /* RFC 4861, RFC 8106 */
	{.kind = 1, .length = 8},
	{.kind = 2, .length = 8},
	{.kind = 3, .length = 32},
	{.kind = 5, .length = 8},
};

static const struct option_format options = {
	.unit = 8, .pad = -1, .end = -1, .kinds = option_kinds, .kind_count = COUNT_OF(option_kinds), .start = options_start,
};

/* --- records of a version 2 listener report (RFC 3810 section 5.2) --- */

static bool icmpv6_locate(const struct dissection *packet, const struct dissected_layer *at, const struct layer_field *field,
			  field_value_fn fn, void *data)
{
	const uint8_t *header = packet->data + at->offset;
	uint32_t place = 8;

	if (header[0] != TYPE_MLD2_REPORT)
		return false;
	for (uint64_t records = bits_get(header, 48, 16); records && at->length - place >= 20; records--) {
		uint32_t size = 20 + (uint32_t)bits_get(header, (place + 2) * 8, 16) * 16 + header[place + 1] * 4u;
		struct field_value value = {.number = header[place], .bytes = header + place + 4, .length = 16};

		(void)field; /* record_type, multicast_address: each of another type */
		if (fn(data, &value))
			return true;
		if (size > at->length - place)
			break;
		place += size;
	}
	return false;
}

/* --- summary --- */

static void summarise_target(const char *words, const char *field, const struct dissection *packet, const struct dissected_layer *at,
			     struct text *out)
{
	text_add(out, words);
	layer_text(packet, at, field, out);
}

static void icmpv6_summarise(const struct dissection *packet, size_t index, struct text *out)
{
	static const char *const unreachable[] = {"no route", "administratively prohibited", "beyond scope", "address unreachable",
						  "port unreachable", "source address failed policy", "route rejected"};
	const struct dissected_layer *at = &packet->layers[index];
	const uint8_t *h = packet->data + at->offset;

	text_add(out, "ICMPv6 ");
	switch (h[0]) {
	case TYPE_UNREACHABLE:
		text_add(out, h[1] < COUNT_OF(unreachable) ? unreachable[h[1]] : "unreachable");
		break;
	case TYPE_TOO_BIG:
		text_addf(out, "packet too big, mtu %u", (unsigned)bits_get(h, 32, 32));
		break;
	case TYPE_EXCEEDED:
		text_add(out, h[1] ? "reassembly time exceeded" : "time exceeded");
		break;
	case TYPE_PARAMETER:
		text_addf(out, "parameter problem at byte %u", (unsigned)bits_get(h, 32, 32));
		break;
	case TYPE_ECHO:
	case TYPE_ECHO_REPLY:
		text_addf(out, "echo %s id %u seq %u", h[0] == TYPE_ECHO ? "request" : "reply", (unsigned)bits_get(h, 32, 16),
			  (unsigned)bits_get(h, 48, 16));
		break;
	case TYPE_RS:
		text_add(out, "router solicitation");
		break;
	case TYPE_RA:
		text_add(out, "router advertisement");
		break;
	case TYPE_NS:
		summarise_target("who-has ", "nd.ns.target_address", packet, at, out);
		break;
	case TYPE_NA:
		layer_text(packet, at, "nd.na.target_address", out);
		text_add(out, " is-at ");
		if (!layer_text(packet, at, "opt.target_linkaddr", out))
			text_add(out, "the sender's MAC");
		break;
	case TYPE_REDIRECT:
		summarise_target("redirect to ", "nd.rd.target_address", packet, at, out);
		break;
	case TYPE_MLD_QUERY:
		summarise_target("listener query ", "mld.multicast_address", packet, at, out);
		break;
	case TYPE_MLD_REPORT:
	case TYPE_MLD_DONE:
		summarise_target(h[0] == TYPE_MLD_DONE ? "listener done " : "listener report ", "mld.multicast_address", packet, at, out);
		break;
	case TYPE_MLD2_REPORT:
		summarise_target("listener report ", "mldr.mar.multicast_address", packet, at, out);
		break;
	default:
		text_addf(out, "type %u code %u", h[0], h[1]);
	}
}

static const struct layer_ops icmpv6_ops = {
	.dissect = icmpv6_dissect, .locate = icmpv6_locate, .options = &options, .build_size = icmpv6_build_size, .finish = icmpv6_finish,
	.summarise = icmpv6_summarise,
};

static const uint8_t when_echo[] = {2, TYPE_ECHO, TYPE_ECHO_REPLY}, when_big[] = {1, TYPE_TOO_BIG}, when_parameter[] = {1, TYPE_PARAMETER},
		     when_ra[] = {1, TYPE_RA}, when_ns[] = {1, TYPE_NS}, when_na[] = {1, TYPE_NA},
		     when_rd[] = {1, TYPE_REDIRECT}, when_mld[] = {3, TYPE_MLD_QUERY, TYPE_MLD_REPORT, TYPE_MLD_DONE},
		     when_mld2[] = {1, TYPE_MLD2_REPORT}, when_nd[] = {5, TYPE_RS, TYPE_RA, TYPE_NS, TYPE_NA, TYPE_REDIRECT};

#define IN_HEADER(at_bit, width, condition) .bit = (at_bit), .bits = (width), .when = (condition)
#define IN_OPTION(kind, at_bit, width) .place = PLACE_OPTION, .option = (kind), .bit = (at_bit), .bits = (width), .when = when_nd

static const struct layer_field icmpv6_fields[] = {
	{.name = "type", .type = LAYER_UINT, .bit = 0, .bits = 8, .standard = "128", .doc = "Kind of message.", .example = "type: neighbour-solicitation",
	 .names = (const struct layer_value_name[]){{1, "unreachable"}, {2, "too-big"}, {3, "time-exceeded"}, {4, "parameter-problem"},
						    {128, "echo-request"}, {129, "echo-reply"}, {130, "listener-query"},
						    {131, "listener-report"}, {132, "listener-done"}, {133, "router-solicitation"},
						    {134, "router-advertisement"}, {135, "neighbour-solicitation"},
						    {136, "neighbour-advertisement"}, {137, "redirect"}, {143, "listener-report2"}, {0, NULL}}},
	{.name = "code", .type = LAYER_UINT, .bit = 8, .bits = 8, .doc = "What the type leaves open; for unreachable, 4 is the port."},
	{.name = "checksum", .type = LAYER_HEX, .bit = 16, .bits = 16, .computed = true, .doc = "Checksum with pseudo header (RFC 8200 section 8.1)."},
	{.name = "echo.identifier", .type = LAYER_HEX, IN_HEADER(32, 16, when_echo), .doc = "Identifier of an echo."},
	{.name = "echo.sequence_number", .type = LAYER_UINT, IN_HEADER(48, 16, when_echo), .doc = "Sequence number of an echo."},
	{.name = "mtu", .type = LAYER_UINT, IN_HEADER(32, 32, when_big), .doc = "MTU of the next hop, in packet too big.", .example = "mtu: 1400"},
	{.name = "pointer", .type = LAYER_UINT, IN_HEADER(32, 32, when_parameter), .doc = "The byte at fault."},
	/* RFC 4861 */
	{.name = "nd.ns.target_address", .type = LAYER_IPV6, IN_HEADER(64, 128, when_ns), .doc = "The address asked for.",
	 .example = "nd.ns.target_address: 2001:db8::1"},
	{.name = "nd.na.target_address", .type = LAYER_IPV6, IN_HEADER(64, 128, when_na), .doc = "The address answered for."},
	{.name = "nd.na.flag.r", .type = LAYER_FLAG, IN_HEADER(32, 1, when_na), .doc = "The sender is a router."},
	{.name = "nd.na.flag.s", .type = LAYER_FLAG, IN_HEADER(33, 1, when_na), .doc = "An answer to a solicitation."},
	{.name = "nd.na.flag.o", .type = LAYER_FLAG, IN_HEADER(34, 1, when_na), .doc = "Overrides what is cached."},
	{.name = "nd.ra.cur_hop_limit", .type = LAYER_UINT, IN_HEADER(32, 8, when_ra), .doc = "Hop limit that hosts shall use; 0: none said."},
	{.name = "nd.ra.flag.m", .type = LAYER_FLAG, IN_HEADER(40, 1, when_ra), .doc = "Addresses come by DHCPv6."},
	{.name = "nd.ra.flag.o", .type = LAYER_FLAG, IN_HEADER(41, 1, when_ra), .doc = "Other configuration comes by DHCPv6."},
	{.name = "nd.ra.flag.prf", .type = LAYER_UINT, IN_HEADER(43, 2, when_ra), .doc = "Preference of the router (RFC 4191): 1 high, 0 medium, 3 low."},
	{.name = "nd.ra.router_lifetime", .type = LAYER_UINT, IN_HEADER(48, 16, when_ra), .doc = "Seconds that it is a default router."},
	{.name = "nd.ra.reachable_time", .type = LAYER_UINT, IN_HEADER(64, 32, when_ra), .doc = "Milliseconds that a neighbour counts as reachable."},
	{.name = "nd.ra.retrans_timer", .type = LAYER_UINT, IN_HEADER(96, 32, when_ra), .doc = "Milliseconds between solicitations."},
	{.name = "nd.rd.target_address", .type = LAYER_IPV6, IN_HEADER(64, 128, when_rd), .doc = "The better first hop."},
	{.name = "rd.na.destination_address", .type = LAYER_IPV6, IN_HEADER(192, 128, when_rd), .doc = "What the redirect is for."},
	{.name = "opt.type", .type = LAYER_UINT, .place = PLACE_ANY_OPTION, .bit = 0, .bits = 8, .when = when_nd, .doc = "Type of an option."},
	{.name = "opt.length", .type = LAYER_UINT, .place = PLACE_ANY_OPTION, .bit = 8, .bits = 8, .when = when_nd,
	 .doc = "Length of an option in units of 8 bytes."},
	{.name = "opt.src_linkaddr", .type = LAYER_MAC, IN_OPTION(1, 16, 48), .doc = "The sender's MAC address.",
	 .example = "opt.src_linkaddr: 02:00:00:00:00:01"},
	{.name = "opt.target_linkaddr", .type = LAYER_MAC, IN_OPTION(2, 16, 48), .doc = "The target's MAC address."},
	{.name = "opt.prefix.length", .type = LAYER_UINT, IN_OPTION(3, 16, 8), .doc = "Length of an advertised prefix."},
	{.name = "opt.prefix.flag.l", .type = LAYER_FLAG, IN_OPTION(3, 24, 1), .doc = "The prefix is on this link."},
	{.name = "opt.prefix.flag.a", .type = LAYER_FLAG, IN_OPTION(3, 25, 1), .doc = "Hosts may make addresses of the prefix."},
	{.name = "opt.prefix.valid_lifetime", .type = LAYER_UINT, IN_OPTION(3, 32, 32), .doc = "Seconds that the prefix is on the link."},
	{.name = "opt.prefix.preferred_lifetime", .type = LAYER_UINT, IN_OPTION(3, 64, 32), .doc = "Seconds that addresses of it are preferred."},
	{.name = "opt.prefix", .type = LAYER_IPV6, IN_OPTION(3, 128, 128), .doc = "An advertised prefix.", .example = "opt.prefix: 2001:db8::"},
	{.name = "opt.mtu", .type = LAYER_UINT, IN_OPTION(5, 32, 32), .doc = "MTU of the link."},
	{.name = "opt.rdnss.lifetime", .type = LAYER_UINT, IN_OPTION(25, 32, 32), .doc = "Seconds that the name servers may be used (RFC 8106)."},
	{.name = "opt.rdnss", .type = LAYER_IPV6, IN_OPTION(25, 64, 128), .stride = 16, .doc = "A recursive name server (RFC 8106)."},
	/* RFC 2710, RFC 3810 */
	{.name = "mld.maximum_response_delay", .type = LAYER_UINT, IN_HEADER(32, 16, when_mld), .doc = "Milliseconds to answer a query."},
	{.name = "mld.multicast_address", .type = LAYER_IPV6, IN_HEADER(64, 128, when_mld), .doc = "The group; :: in a general query."},
	{.name = "mldr.nb_mcast_records", .type = LAYER_UINT, IN_HEADER(48, 16, when_mld2), .doc = "Records in a version 2 report."},
	{.name = "mldr.mar.record_type", .type = LAYER_UINT, .place = PLACE_CODE, .doc = "Kind of each record in a version 2 report."},
	{.name = "mldr.mar.multicast_address", .type = LAYER_IPV6, .place = PLACE_CODE, .doc = "The group of each record in a version 2 report."},
};

const struct layer layer_icmpv6 = {
	.name = "icmpv6", .title = "Internet Control Message Protocol for IPv6", .source = "RFC 4443, RFC 4861", .fields = icmpv6_fields,
	.field_count = COUNT_OF(icmpv6_fields), .minimum = 4, .buildable = true, .ops = &icmpv6_ops,
};
