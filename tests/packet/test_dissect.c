/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/packet/packet_help.h"

static void assert_layers(const struct dissection *packet, const char *names)
{
	struct text seen = {0};

	for (size_t i = 0; i < packet->count; i++)
		text_addf(&seen, "%s%s", i ? " " : "", packet->layers[i].layer->name);
	cr_assert_str_eq(text_str(&seen), names);
	text_free(&seen);
}

static void assert_field(const struct dissection *packet, const char *name, const char *value)
{
	struct text seen = {0};
	int found = packet_field_text(packet, name, &seen);

	cr_assert_eq(found, value != NULL, "%s is %s", name, found ? text_str(&seen) : "absent");
	if (value)
		cr_assert_str_eq(text_str(&seen), value);
	text_free(&seen);
}

Test(dissect, a_datagram_has_its_layers_and_payload)
{
	struct text frame = {0};
	struct dissection packet;

	dissect_line("eth / vlan id=5 / ip / udp / payload knock", &frame, &packet);
	assert_layers(&packet, "eth vlan ip udp");
	cr_assert_eq(packet.payload_length, 5);
	cr_assert_eq(memcmp(packet.data + packet.payload_offset, "knock", 5), 0);
	cr_assert_null(packet.malformed);
	assert_field(&packet, "frame.len", "51");
	assert_field(&packet, "udp.payload", "6b6e6f636b");
	text_free(&frame);
}

Test(dissect, padding_of_short_frames_is_no_payload)
{
	struct text frame = {0};
	struct dissection packet;

	build_frame("eth / ip / udp / payload hi", &frame);
	while (frame.length < 60)
		text_add_char(&frame, 0);
	packet_dissect((const uint8_t *)frame.data, frame.length, &packet);
	cr_assert_eq(packet.payload_length, 2);
	assert_field(&packet, "eth.padding", "00000000000000000000000000000000");
	assert_field(&packet, "frame.len", "60");
	text_clear(&frame);
	build_frame("eth / ip / tcp flags=A", &frame);
	while (frame.length < 60)
		text_add_char(&frame, 0);
	packet_dissect((const uint8_t *)frame.data, frame.length, &packet);
	assert_field(&packet, "tcp.len", "0");
	cr_assert_eq(packet.payload_length, 0);
	text_clear(&frame);
	build_frame("eth / arp", &frame);
	while (frame.length < 60)
		text_add_char(&frame, 7);
	packet_dissect((const uint8_t *)frame.data, frame.length, &packet);
	cr_assert_eq(packet.payload_length, 0);
	assert_field(&packet, "eth.padding", "070707070707070707070707070707070707");
	text_free(&frame);
}

Test(dissect, only_the_first_fragment_has_a_transport_header)
{
	struct text frame = {0};
	struct dissection packet;

	dissect_line("eth / ip flags.mf=1 / udp length=3000 / payload the first part", &frame, &packet);
	assert_layers(&packet, "eth ip udp");
	cr_assert_eq(packet.payload_length, 14);
	text_clear(&frame);
	dissect_line("eth / ip frag_offset=185 proto=17 / payload 12345678the rest", &frame, &packet);
	assert_layers(&packet, "eth ip");
	assert_field(&packet, "udp.srcport", NULL);
	cr_assert_eq(packet.payload_length, 16);
	text_clear(&frame);
	dissect_line("eth / ipv6 / ipv6.fraghdr offset=185 nxt=17 / payload 12345678the rest", &frame, &packet);
	assert_layers(&packet, "eth ipv6 ipv6.fraghdr");
	text_clear(&frame);
	dissect_line("eth / ipv6 / ipv6.fraghdr more=1 / udp / payload 12345678", &frame, &packet);
	assert_layers(&packet, "eth ipv6 ipv6.fraghdr udp");
	text_free(&frame);
}

Test(dissect, an_error_quotes_the_packet_it_is_about)
{
	struct text frame = {0};
	struct dissection packet;

	dissect_line("eth / ip ttl=60 / icmp type=3 code=3 / ip dst=198.51.100.7 ttl=1 / udp srcport=5 dstport=6 / payload inner", &frame, &packet);
	assert_layers(&packet, "eth ip icmp ip udp");
	assert_field(&packet, "ip.ttl", "60");
	assert_field(&packet, "ip.ttl#1", "60");
	assert_field(&packet, "ip.ttl#2", "1");
	assert_field(&packet, "ip.ttl#3", NULL);
	assert_field(&packet, "udp.dstport", "6");
	/* RFC 792 asks for the first 8 bytes of the contents only. */
	frame.length = 14 + 20 + 8 + 20 + 8;
	packet_dissect((const uint8_t *)frame.data, frame.length, &packet);
	assert_layers(&packet, "eth ip icmp ip udp");
	cr_assert_null(packet.malformed, "%s", packet.malformed);
	frame.length -= 4;
	packet_dissect((const uint8_t *)frame.data, frame.length, &packet);
	assert_layers(&packet, "eth ip icmp ip");
	cr_assert_null(packet.malformed, "a quote may be cut anywhere");
	text_free(&frame);
}

Test(dissect, a_header_that_is_cut_or_lies_ends_it)
{
	static const struct {
		const char *line, *layers, *malformed;
		size_t keep;
	} cases[] = {
		{"eth / arp", "", "a header is cut short", 13},
		{"eth / arp", "eth", "a header is cut short", 41},
		{"eth / arp hw.size=8", "eth", "ARP for other addresses than MAC and IPv4", 0},
		{"eth / ip / udp", "eth", "a header is cut short", 33},
		{"eth / ip version=5 / udp", "eth", "IPv4 header with another version", 0},
		{"eth / ip hdr_len=16 / udp", "eth", "IPv4 header length below 20 bytes", 0},
		{"eth / ip hdr_len=60 / udp", "eth", "IPv4 header is cut short", 0},
		{"eth / ip len=19 / udp", "eth", "IPv4 total length below its header length", 0},
		{"eth / ip len=27 / udp", "eth ip", "a header is cut short", 0},
		{"eth / ip / udp length=7", "eth ip", "UDP length below 8 bytes", 0},
		{"eth / ip / tcp hdr_len=16", "eth ip", "TCP header length below 20 bytes", 0},
		{"eth / ip / tcp hdr_len=24", "eth ip", "TCP header is cut short", 0},
		{"eth / ipv6 version=4 / udp", "eth", "IPv6 header with another version", 0},
		{"eth / ipv6 plen=7 / udp", "eth ipv6", "a header is cut short", 0},
		{"eth / ipv6 / ipv6.dstopts len=9 / udp", "eth ipv6", "IPv6 extension header is cut short", 0},
		{"eth / ipv6 / icmpv6 type=134 ", "eth ipv6", "ICMPv6 message is cut short", 14 + 40 + 8},
		{"eth / ip / icmp type=13", "eth ip", "ICMP timestamp message is cut short", 14 + 20 + 12},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct text frame = {0};
		struct dissection packet;

		build_frame(cases[i].line, &frame);
		packet_dissect((const uint8_t *)frame.data, cases[i].keep ? cases[i].keep : frame.length, &packet);
		assert_layers(&packet, cases[i].layers);
		cr_assert_not_null(packet.malformed, "%s", cases[i].line);
		cr_assert_str_eq(packet.malformed, cases[i].malformed);
		text_free(&frame);
	}
}

Test(dissect, a_length_of_zero_is_a_segment_not_yet_cut)
{
	struct text frame = {0};
	struct dissection packet;

	dissect_line("eth / ip len=0 / tcp / payload much", &frame, &packet);
	cr_assert_null(packet.malformed);
	assert_field(&packet, "tcp.len", "4");
	text_clear(&frame);
	dissect_line("eth / ipv6 plen=0 / udp length=0 / payload much", &frame, &packet);
	cr_assert_eq(packet.payload_length, 4);
	text_free(&frame);
}

Test(dissect, nesting_has_an_end)
{
	struct text frame = {0};
	struct dissection packet;

	from_hex("020000000002 020000000001 8100", &frame);
	for (size_t i = 0; i < 100; i++)
		from_hex("0001 8100", &frame);
	packet_dissect((const uint8_t *)frame.data, frame.length, &packet);
	cr_assert_eq(packet.count, DISSECT_LAYERS_MAX);
	cr_assert_str_eq(packet.malformed, "more layers than can be told apart");
	text_free(&frame);
}

Test(dissect, what_a_port_promises_need_not_be_so)
{
	struct text frame = {0};
	struct dissection packet;

	dissect_line("eth / ip / udp dstport=53 / payload knock", &frame, &packet);
	assert_layers(&packet, "eth ip udp");
	cr_assert_null(packet.malformed);
	cr_assert_eq(packet.payload_length, 5);
	text_clear(&frame);
	dissect_line("eth / ip / udp dstport=67 / payload knock", &frame, &packet);
	assert_layers(&packet, "eth ip udp");
	cr_assert_null(packet.malformed);
	text_free(&frame);
}

Test(dissect, application_layers_leave_the_payload_as_it_was)
{
	struct text frame = {0};
	struct dissection packet;

	dissect_line("eth / ip src=0.0.0.0 dst=255.255.255.255 / udp srcport=68 dstport=67 / dhcp option.dhcp=discover", &frame, &packet);
	assert_layers(&packet, "eth ip udp dhcp");
	cr_assert_eq(packet.payload_length, 244);
	assert_field(&packet, "dhcp.option.dhcp", "1");
	assert_field(&packet, "dhcp.hw.mac_addr", "02:00:00:00:00:01");
	text_free(&frame);
}

Test(dissect, a_dns_name_that_points_at_itself_is_no_name)
{
	static const char *const names[] = {"c00c", "c00e c00c", "3f61", "40", "0161 c00c", "c0ff", "01"};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct text line = {0}, frame = {0}, summary = {0};
		struct dissection packet;

		text_addf(&line, "eth / ip / udp dstport=53 / payload 0x0001 0100 0001 0000 0000 0000 %s 0001 0001", names[i]);
		dissect_line(text_str(&line), &frame, &packet);
		assert_field(&packet, "dns.id", "0x0001");
		assert_field(&packet, "dns.qry.name", NULL);
		packet_summary(&packet, &summary);
		cr_assert(str_ends(text_str(&summary), "DNS query"), "%s", text_str(&summary));
		text_free(&line);
		text_free(&frame);
		text_free(&summary);
	}
}

/* Every frame cut at every place, in a buffer of just that size: ASan sees a byte read too many. */
Test(dissect, reads_nothing_outside_the_frame)
{
	static const char *const lines[] = {
		"eth / vlan / ip options='ra 0' / tcp options='mss 1, sack 1 2, timestamp 1 2' / payload x",
		"eth / ip / icmp type=3 code=4 / ip dst=198.51.100.7 / udp / payload inner",
		"eth / ipv6 / ipv6.hopopts options='ra 0, option 1' / ipv6.routing srh.addr=2001:db8::9 / ipv6.fraghdr / udp",
		"eth / ipv6 / icmpv6 type=134 opt.prefix=2001:db8:: opt.rdnss=2001:db8::53",
		"eth / ip / udp dstport=68 / dhcp option.dhcp=offer option.hostname=a option.router=192.0.2.1",
		"eth / ip / udp srcport=53 / payload 0x1234 8580 0001 0001 0000 0000 03777777 00 001c 0001 c00c 0005 0001 00000e10 0005 02686f c00c",
	};

	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		struct text frame = {0};

		build_frame(lines[i], &frame);
		for (size_t length = 0; length <= frame.length; length++) {
			uint8_t *copy = malloc(length ? length : 1);
			struct text out = {0};
			struct dissection packet;

			if (length)
				memcpy(copy, frame.data, length);
			packet_dissect(copy, length, &packet);
			packet_summary(&packet, &out);
			packet_details(&packet, &out);
			cr_assert_gt(out.length, 0);
			for (size_t k = 0; k < packet.count; k++) {
				const struct dissected_layer *at = &packet.layers[k];

				cr_assert(at->offset + at->length <= at->end && at->end <= length);
			}
			cr_assert_leq(packet.payload_offset + packet.payload_length, length);
			text_free(&out);
			free(copy);
		}
		text_free(&frame);
	}
}
