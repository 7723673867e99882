/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lab/packet/layer_ops.h"
#include "lab/packet/payload.h"
#include "tests/packet/packet_help.h"

static void assert_bytes(const char *line, const char *hex)
{
	struct text frame = {0}, wanted = {0}, shown = {0};

	build_frame(line, &frame);
	from_hex(hex, &wanted);
	for (size_t i = 0; i < frame.length; i++)
		text_addf(&shown, "%02x", (unsigned char)frame.data[i]);
	cr_assert(frame.length == wanted.length && memcmp(frame.data, wanted.data, frame.length) == 0, "%s gives %s", line, text_str(&shown));
	text_free(&frame);
	text_free(&wanted);
	text_free(&shown);
}

static void assert_refused_with(const char *line, const struct build_defaults *defaults, int code, const char *message)
{
	struct text bytes = {0};
	struct err err = {0};

	text_add(&bytes, "before");
	cr_expect_eq(build_line(line, defaults, &bytes, &err), code, "%s", line);
	cr_expect_str_eq(err.text, message);
	cr_expect_str_eq(text_str(&bytes), "before", "a refused packet leaves the output alone");
	text_free(&bytes);
}

static void assert_refused(const char *line, const char *message)
{
	assert_refused_with(line, strstr(line, "ipv6") ? &two_hosts6 : &two_hosts, -EINVAL, message);
}

Test(build, a_datagram_is_complete_to_the_byte)
{
	/* Counted by hand from RFC 791 and RFC 768. */
	assert_bytes("eth / ip / udp srcport=1 dstport=2 / payload abc",
		     "020000000002 020000000001 0800"
		     "4500001f 00000000 4011f6ca c0000201 c0000202"
		     "0001 0002 000b b76e 616263");
}

Test(build, without_ethernet_it_is_a_bare_packet)
{
	assert_bytes("ip ttl=1 / icmp type=8 ident=1 seq=2", "4500001c 00000000 010135de c0000201 c0000202 0800 f7fc 0001 0002");
}

Test(build, a_frame_is_not_padded)
{
	struct text frame = {0};

	build_frame("eth / arp", &frame);
	cr_assert_eq(frame.length, 42);
	text_free(&frame);
}

Test(build, group_addresses_need_no_neighbour)
{
	struct build_defaults lonely = two_hosts;
	struct text frame = {0};

	memset(&lonely.eth_dst, 0, sizeof(lonely.eth_dst));
	cr_assert_eq(build_line("eth / ip dst=233.252.0.1 / udp", &lonely, &frame, NULL), 0);
	cr_assert_eq(memcmp(frame.data, "\x01\x00\x5e\x7c\x00\x01", 6), 0);
	text_clear(&frame);
	cr_assert_eq(build_line("eth / vlan id=5 / ip dst=255.255.255.255 / udp", &lonely, &frame, NULL), 0);
	cr_assert_eq(memcmp(frame.data, "\xff\xff\xff\xff\xff\xff", 6), 0);
	text_clear(&frame);
	cr_assert_eq(build_line("eth / arp", &lonely, &frame, NULL), 0);
	cr_assert_eq(memcmp(frame.data, "\xff\xff\xff\xff\xff\xff", 6), 0);
	text_free(&frame);
	assert_refused_with("eth / ip / udp", &lonely, -EINVAL, "eth.dst: the receiver's MAC address is not known: write it");
	assert_refused_with("eth / arp opcode=2 dst.proto_ipv4=192.0.2.9", &lonely, -EINVAL,
			    "eth.dst: the receiver's MAC address is not known: write it");
}

Test(build, nothing_is_guessed)
{
	assert_refused_with("eth / ip / udp srcport=1 dstport=2", NULL, -EINVAL, "ip.src: the source's IPv4 address is not known: write it");
	assert_refused_with("ip src=192.0.2.1 dst=192.0.2.2 / udp srcport=1", NULL, -EINVAL, "udp.dstport: the port is not known: write it");
	assert_refused("eth / payload x", "eth.type: what follows (payload) has no number here: write it");
	assert_refused("eth / ip", "ip.proto: nothing follows that would say it: write it");
	assert_refused("eth / ip / ip / udp", "ip.src#2: the source of an inner packet is not known: write it");
	assert_refused("eth / ip / icmp type=3 code=3 / ip / udp", "ip.dst#2: the destination of an inner packet is not known: write it");
	assert_refused("eth / ipv6 / udp / vxlan / eth / arp", "arp.src.proto_ipv4: the sender's IPv4 address is not known: write it");
}

Test(build, what_is_written_stands_wrong_values_too)
{
	assert_bytes("eth dst=02:00:00:00:00:03 type=0x1234 / ip version=5 hdr_len=24 len=9 ttl=0 proto=99 checksum=0xbeef / payload x",
		     "020000000003 020000000001 1234 56000009 00000000 0063beef c0000201 c0000202 78");
	assert_bytes("ip / udp srcport=1 dstport=2 length=3 checksum=0 / payload x",
		     "4500001d 00000000 4011f6cc c0000201 c0000202 0001 0002 0003 0000 78");
}

Test(build, a_checksum_can_be_bad_or_partial)
{
	static const struct {
		const char *good, *bad, *partial;
		size_t transport, checksum;
	} cases[] = {
		{"ip / tcp / payload ab", "ip / tcp checksum=bad / payload ab", "ip / tcp checksum=partial / payload ab", 20, 36},
		{"ip / udp / payload ab", "ip / udp checksum=bad / payload ab", "ip / udp checksum=partial / payload ab", 20, 26},
		{"ipv6 / udp / payload ab", "ipv6 / udp checksum=bad / payload ab", "ipv6 / udp checksum=partial / payload ab", 40, 46},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct text good = {0}, bad = {0}, partial = {0};
		size_t at = cases[i].checksum;

		build_frame(cases[i].good, &good);
		build_frame(cases[i].bad, &bad);
		build_frame(cases[i].partial, &partial);
		const uint8_t *g = (const uint8_t *)good.data, *p = (const uint8_t *)partial.data;

		cr_assert_neq(memcmp(good.data + at, bad.data + at, 2), 0);
		/* What a device does with a partial checksum: sum the segment, the field included, and complement. */
		uint16_t finished = checksum_finish(checksum_add(0, p + cases[i].transport, partial.length - cases[i].transport));

		cr_assert_eq(finished, g[at] << 8 | g[at + 1], "%s", cases[i].partial);
		text_free(&good);
		text_free(&bad);
		text_free(&partial);
	}
}

Test(build, a_udp_checksum_of_zero_is_sent_as_all_ones)
{
	struct text frame = {0};
	struct dissection packet;

	/* The source port is chosen so that the sum comes out as 0. */
	for (unsigned port = 1; port < 65536; port++) {
		char line[64];

		text_clear(&frame);
		snprintf(line, sizeof(line), "eth / ip / udp srcport=%u dstport=1", port);
		build_frame(line, &frame);
		packet_dissect((const uint8_t *)frame.data, frame.length, &packet);
		if (packet_field_matches(&packet, "udp.checksum", "0xffff", NULL, NULL) == 1) {
			text_free(&frame);
			return;
		}
		cr_assert_neq(packet_field_matches(&packet, "udp.checksum", "0", NULL, NULL), 1, "0 would say that there is none");
	}
	cr_assert_fail("some port gives a sum of zero");
}

Test(build, tcp_options_can_be_words_or_fields)
{
	struct text words = {0}, fields = {0};

	build_frame("ip / tcp options='mss 1460, nop, wscale 7, sackOK, timestamp 1 0'", &words);
	build_frame("ip / tcp options.mss_val=1460 options='nop' options.wscale.shift=7", &fields);
	cr_assert_eq(words.data[32], (char)0xa0, "40 bytes of header");
	cr_assert_eq(memcmp(words.data + 40, "\x02\x04\x05\xb4\x01\x03\x03\x07\x04\x02\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x00", 20), 0);
	cr_assert_eq(memcmp(fields.data + 40, "\x02\x04\x05\xb4\x01\x03\x03\x07", 8), 0, "in the order written");
	cr_assert_eq(fields.data[32], 0x70);
	text_free(&words);
	text_free(&fields);
}

Test(build, options_repeat_and_grow)
{
	assert_bytes("ip / tcp srcport=1 dstport=2 flags=A options.sack_le=1 options.sack_re=2 options.sack_le=3 options.sack_re=4",
		     "4500003c 00000000 4006f6b8 c0000201 c0000202 0001 0002 00000000 00000000 a010 ffff d69d 0000"
		     "0512 00000001 00000002 00000003 00000004 0000");
	struct text frame = {0};
	struct dissection packet;
	struct text seen = {0};

	dissect_line("eth / ip / tcp options.mss_val=1 options.mss_val=2", &frame, &packet);
	cr_assert_eq(packet_field_text(&packet, "tcp.options.mss_val", &seen), 1);
	cr_assert_str_eq(text_str(&seen), "1,2", "a field that does not repeat inside an option makes another");
	text_free(&seen);
	text_free(&frame);
}

Test(build, neighbour_discovery_is_believed)
{
	struct text frame = {0};
	struct dissection packet;

	dissect_line("eth / ipv6 / icmpv6 type=135 nd.ns.target_address=2001:db8::2", &frame, &packet);
	cr_assert_eq(packet_field_matches(&packet, "ipv6.hlim", "255", NULL, NULL), 1, "RFC 4861 wants 255");
	text_clear(&frame);
	dissect_line("eth / ipv6 hlim=254 / icmpv6 type=135 nd.ns.target_address=2001:db8::2", &frame, &packet);
	cr_assert_eq(packet_field_matches(&packet, "ipv6.hlim", "254", NULL, NULL), 1, "what is written stands");
	text_free(&frame);
}

Test(build, a_routing_header_changes_the_address_that_is_summed)
{
	struct text direct = {0}, routed = {0};

	build_frame("ipv6 dst=2001:db8::99 / udp / payload x", &direct);
	build_frame("ipv6 dst=2001:db8::2 / ipv6.routing segleft=1 srh.addr=2001:db8::99 / udp / payload x", &routed);
	cr_assert_eq(memcmp(direct.data + 46, routed.data + 40 + 24 + 6, 2), 0);
	text_free(&direct);
	text_free(&routed);
}

Test(build, mistakes_are_named_with_layer_and_field)
{
	assert_refused("eth / ip tll=3 / udp", "ip: has no field 'tll': did you mean 'ttl'?");
	assert_refused("eth / ip zzzzzzzz=3 / udp", "ip: has no field 'zzzzzzzz'");
	assert_refused("eth / ip ttl=256 / udp", "ip.ttl: '256' is outside 0 to 255");
	assert_refused("eth / ip ttl=x / udp", "ip.ttl: 'x' is no number");
	assert_refused("eth / ip ttl=-1 / udp", "ip.ttl: '-1' is no number");
	assert_refused("eth / ip src=2001:db8::1 / udp", "ip.src: '2001:db8::1' is no IPv4 address");
	assert_refused("eth / ip src=192.0.2.0/24 / udp", "ip.src: '192.0.2.0/24' is no address: leave the prefix length away");
	assert_refused("eth / ip ttl=1 ttl=2 / udp", "ip.ttl: is written twice");
	assert_refused("eth / ip addr=192.0.2.1 / udp", "ip.addr: stands for two fields: write src or dst");
	assert_refused("eth / ip opt.type=3 / udp", "ip.opt.type: follows from the rest of the packet and cannot be written");
	assert_refused("eth / ip / udp payload=00", "udp.payload: follows from the rest of the packet and cannot be written");
	assert_refused("eth / ip / icmp type=8 redir_gw=192.0.2.1", "icmp.redir_gw: is part of messages of type 5 only");
	assert_refused("eth / ip / icmp mtu=3", "icmp.mtu: is part of messages of type 3, code 4 only");
	assert_refused("eth / ip / icmp type=3 ident=3", "icmp.ident: is part of messages of type 0, 8, 13, 14, 15, 16, 17 or 18 only");
	assert_refused("eth / ip hdr_len=21 / udp", "ip.hdr_len: '21' is no multiple of 4");
	assert_refused("eth / ip hdr_len=64 / udp", "ip.hdr_len: '64' is outside 0 to 60");
	assert_refused("eth / ip flags.df=maybe / udp", "ip.flags.df: 'maybe' is neither 0 nor 1");
	assert_refused("eth / ip / tcp flags=SX", "tcp.flags: 'SX' is no number and no letters of FSRPAUECN, such as SA");
	assert_refused("eth / ip / tcp options='mms 3'",
		       "tcp.options: 'mms' is no option: write eol, nop, mss, wscale, sackOK, sack, timestamp, option KIND HEX, or hex HEX");
	assert_refused("eth / ip / tcp options='mss'", "tcp.options: option 'mss' wants 1 number after it");
	assert_refused("eth / ip / tcp options='mss 70000'", "tcp.options: option 'mss': '70000' is no number of 16 bits");
	assert_refused("eth / ip / tcp options='nop,,nop'", "tcp.options: an option is missing between two commas");
	assert_refused("eth / ip / udp / dns id=3", "dns: this layer can be looked at, but not built");
	assert_refused("eth / arp opcode=requset", "arp.opcode: 'requset' is no number: did you mean 'request'?");
	assert_refused("eth / ipv6 / icmpv6 type=neighbour-solicitation opt.src_linkaddr=02:00",
		       "icmpv6.opt.src_linkaddr: '02:00' is no MAC address, such as 02:00:00:00:00:01");
}

Test(build, names_may_stand_for_numbers)
{
	struct text frame = {0};
	struct dissection packet;

	dissect_line("eth / ip flags.df=yes proto=GRE / payload x", &frame, &packet);
	cr_assert_eq(packet_field_matches(&packet, "ip.proto", "47", NULL, NULL), 1);
	cr_assert_eq(packet_field_matches(&packet, "ip.flags.df", "set", NULL, NULL), 1);
	text_free(&frame);
}

Test(build, lengths_that_do_not_fit_are_refused_unless_written)
{
	struct build_layer parts[] = {{.layer = layer_find("ip")}, {.layer = layer_find("udp")}, {.layer = layer_find("payload")}};
	struct build_value wrong = {"len", "7"}, length = {"length", "7"};
	uint8_t *data = mem_alloc(PACKET_SIZE_MAX + 1);
	struct text bytes = {0};
	struct err err = {0};

	parts[2].data = data;
	parts[2].data_length = 65535 - 28;
	cr_assert_eq(packet_build(parts, 3, &two_hosts, &bytes, &err), 0, "%s", err.text);
	cr_assert_eq(bytes.length, 65535);
	text_clear(&bytes);
	parts[2].data_length++;
	cr_assert_eq(packet_build(parts, 3, &two_hosts, &bytes, &err), -EMSGSIZE);
	cr_assert_str_eq(err.text, "ip.len: 65536 bytes do not fit, the field holds 65535: write it to set it wrong on purpose");
	cr_assert_eq(packet_build(parts, 3, &two_hosts, &bytes, NULL), -EMSGSIZE);
	parts[0].values = &wrong;
	parts[1].values = &length;
	parts[0].value_count = parts[1].value_count = 1;
	cr_assert_eq(packet_build(parts, 3, &two_hosts, &bytes, NULL), 0);
	text_clear(&bytes);
	parts[2].data_length = PACKET_SIZE_MAX - 27;
	cr_assert_eq(packet_build(parts, 3, &two_hosts, &bytes, &err), -EMSGSIZE);
	parts[2].data_length = PACKET_SIZE_MAX + 1;
	cr_assert_eq(packet_build(parts, 3, &two_hosts, &bytes, &err), -EMSGSIZE);
	free(data);
	text_free(&bytes);
}

Test(build, an_empty_packet_and_one_of_too_many_layers_are_refused)
{
	struct build_layer parts[DISSECT_LAYERS_MAX + 1] = {0};
	struct text bytes = {0};

	cr_assert_eq(packet_build(parts, 0, &two_hosts, &bytes, NULL), -EINVAL);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		parts[i].layer = layer_find("vlan");
	cr_assert_eq(packet_build(parts, COUNT_OF(parts), &two_hosts, &bytes, NULL), -EINVAL);
	text_free(&bytes);
}

Test(build, every_table_is_sound)
{
	for (size_t i = 0; layers[i]; i++) {
		const struct layer *layer = layers[i];

		cr_assert(layer->title && layer->source, "%s", layer->name);
		cr_assert_leq(layer->field_count, 64, "%s: the builder notes what was given in 64 bits", layer->name);
		for (size_t k = 0; k < layer->field_count; k++) {
			const struct layer_field *field = &layer->fields[k];
			struct err err = {0};
			const char *value = field->example ? strchr(field->example, ':') : NULL;

			cr_expect(field->doc, "%s.%s has a doc", layer->name, field->name);
			cr_expect_eq(layer_field_find(layer, field->name), field, "%s.%s is there once", layer->name, field->name);
			if (field->place == PLACE_HEADER && !field->stride && !field->when)
				cr_expect_leq(field->bit + field->bits, layer->minimum * 8, "%s.%s", layer->name, field->name);
			if (field->place == PLACE_OPTION || field->place == PLACE_ANY_OPTION)
				cr_expect(layer->ops->options, "%s.%s", layer->name, field->name);
			if (field->place == PLACE_CODE)
				cr_expect(layer->ops->locate || field->type == LAYER_OPTIONS, "%s.%s", layer->name, field->name);
			if (field->place == PLACE_EITHER)
				cr_expect(layer_field_find(layer, field->either[0]) && layer_field_find(layer, field->either[1]));
			/* "name: value", the name with or without its layer; the value is one that the field takes. */
			if (value && !str_eq(value + 2, "bad")) {
				struct text name = {0}, example = {0};

				text_addf(&name, "%s.%s", layer->name, field->name);
				text_add_bytes(&example, field->example, (size_t)(value - field->example));
				cr_expect(str_eq(text_str(&example), field->name) || str_eq(text_str(&example), text_str(&name)), "%s", field->example);
				cr_expect_eq(packet_field_check(text_str(&name), value + 2, &err), 0, "%s", err.text);
				text_free(&name);
				text_free(&example);
			}
		}
	}
}

Test(payload, bytes_are_made_by_rule)
{
	struct text out = {0}, again = {0}, other = {0};
	struct err err = {0};

	cr_assert_eq(payload_add_hex("00 ff\n0a:0B", &out, &err), 0);
	cr_assert(out.length == 4 && memcmp(out.data, "\x00\xff\x0a\x0b", 4) == 0);
	cr_assert_eq(payload_add_hex("0", &out, &err), -EINVAL);
	cr_assert_str_eq(err.text, "'0' is no hexadecimal: half a byte at position 1");
	cr_assert_eq(payload_add_hex("00 0x", &out, &err), -EINVAL);
	cr_assert_eq(out.length, 4, "nothing is added on failure");
	cr_assert_eq(payload_add_hex("", &out, NULL), 0);
	text_clear(&out);
	payload_add_counter(258, &out);
	cr_assert(out.length == 258 && out.data[255] == (char)255 && out.data[256] == 0 && out.data[257] == 1);
	text_clear(&out);
	payload_add_random(7, "step", 1000, &out);
	payload_add_random(7, "step", 1000, &again);
	payload_add_random(8, "step", 1000, &other);
	cr_assert_eq(out.length, 1000);
	cr_assert_eq(memcmp(out.data, again.data, 1000), 0);
	cr_assert_neq(memcmp(out.data, other.data, 1000), 0);
	text_clear(&other);
	payload_add_random(7, "other step", 1000, &other);
	cr_assert_neq(memcmp(out.data, other.data, 1000), 0);
	text_clear(&other);
	payload_add_random(7, "step", 100, &other);
	cr_assert_eq(memcmp(out.data, other.data, 100), 0, "a shorter one is the beginning of the longer");
	text_free(&out);
	text_free(&again);
	text_free(&other);
}
