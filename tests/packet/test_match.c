/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/packet/packet_help.h"

static struct text frame;
static struct dissection packet;

static void teardown(void)
{
	text_free(&frame);
}

TestSuite(match, .fini = teardown);

static void look_at(const char *line)
{
	text_clear(&frame);
	dissect_line(line, &frame, &packet);
}

static void expect_match(const char *name, const char *wanted, int outcome, const char *seen)
{
	struct text text = {0};
	struct err err = {0};

	cr_expect_eq(packet_field_matches(&packet, name, wanted, &text, &err), outcome, "%s: %s (%s)", name, wanted, err.text);
	if (seen)
		cr_expect_str_eq(text_str(&text), seen);
	text_free(&text);
}

static void expect_refused(const char *name, const char *wanted, int code, const char *message)
{
	struct err err = {0};

	cr_expect_eq(packet_field_check(name, wanted, &err), code, "%s: %s", name, wanted);
	cr_expect_str_eq(err.text, message);
}

Test(match, numbers_match_in_any_notation_and_in_ranges)
{
	look_at("eth / ip ttl=63 id=0x1234 / udp");
	expect_match("ip.ttl", "63", 1, "63");
	expect_match("ip.ttl", "0x3f", 1, NULL);
	expect_match("ip.ttl", "64", 0, "63");
	expect_match("ip.ttl", "60..64", 1, NULL);
	expect_match("ip.ttl", "63..63", 1, NULL);
	expect_match("ip.ttl", "64..", 0, NULL);
	expect_match("ip.ttl", "..63", 1, NULL);
	expect_match("ip.id", "4660", 1, "0x1234");
	expect_match("ip.proto", "udp", 1, "17");
	expect_match("ip.proto", "TCP", 0, NULL);
	expect_match("ip.hdr_len", "20", 1, "20");
	expect_match("frame.len", "42", 1, NULL);
}

Test(match, tcp_flags_are_all_flags_and_only_these)
{
	look_at("eth / ip / tcp flags=SA");
	expect_match("tcp.flags", "SA", 1, "SA");
	expect_match("tcp.flags", "AS", 1, NULL);
	expect_match("tcp.flags", "sa", 1, NULL);
	expect_match("tcp.flags", "S", 0, "SA");
	expect_match("tcp.flags", "0x12", 1, NULL);
	expect_match("tcp.flags", "0x02", 0, NULL);
	expect_match("tcp.flags.syn", "1", 1, "1");
	expect_match("tcp.flags.syn", "true", 1, NULL);
	expect_match("tcp.flags.fin", "unset", 1, "0");
	look_at("eth / ip / tcp flags=0");
	expect_match("tcp.flags", "0", 1, "0x0000");
	expect_match("tcp.flags", "S", 0, "0x0000");
}

Test(match, addresses_match_alone_or_by_prefix)
{
	look_at("eth / ip / udp");
	expect_match("ip.src", "192.0.2.1", 1, "192.0.2.1");
	expect_match("ip.src", "192.0.2.0/24", 1, NULL);
	expect_match("ip.src", "198.51.100.0/24", 0, NULL);
	expect_match("eth.src", "02-00-00-00-00-01", 1, "02:00:00:00:00:01");
	look_at("eth / ipv6 / udp");
	expect_match("ipv6.dst", "2001:db8:0::2", 1, "2001:db8::2");
	expect_match("ipv6.dst", "2001:db8::/32", 1, NULL);
}

Test(match, either_of_two_fields_is_enough)
{
	look_at("eth / ip / udp srcport=5 dstport=6");
	expect_match("ip.addr", "192.0.2.1", 1, "192.0.2.1,192.0.2.2");
	expect_match("ip.addr", "192.0.2.2", 1, NULL);
	expect_match("ip.addr", "192.0.2.3", 0, NULL);
	expect_match("udp.port", "6", 1, "5,6");
	expect_match("udp.port", "7", 0, "5,6");
	expect_match("eth.addr", "02:00:00:00:00:02", 1, NULL);
}

Test(match, options_match_as_words_and_field_by_field)
{
	look_at("eth / ip / tcp options='mss 1460, sackOK, timestamp 7 0, nop, wscale 7'");
	expect_match("tcp.options.mss_val", "1460", 1, "1460");
	expect_match("tcp.options.mss_val", "..1400", 0, NULL);
	expect_match("tcp.options.timestamp.tsval", "7", 1, NULL);
	expect_match("tcp.option_kind", "3", 1, "2,4,8,1,3");
	expect_match("tcp.option_kind", "5", 0, NULL);
	expect_match("tcp.options", "mss 1460, sackOK, timestamp 7 0, nop, wscale 7", 1, "mss 1460, sackOK, timestamp 7 0, nop, wscale 7");
	expect_match("tcp.options", "mss 1460", 0, NULL);
	look_at("eth / ip / tcp options='sack 1 2 3 4, option 254 aabb'");
	expect_match("tcp.options", "sack 1 2 3 4, option 254 aabb", 1, "sack 1 2 3 4, option 254 aabb, eol");
	expect_match("tcp.options.sack_re", "4", 1, "2,4");
	look_at("eth / ip / tcp options='hex 02ff0102'");
	expect_match("tcp.options", "hex 02ff0102", 1, "hex 02ff0102");
}

Test(match, an_absent_field_says_so)
{
	look_at("eth / ip / udp");
	expect_match("tcp.flags", "S", 0, "absent");
	expect_match("ip.ttl#2", "63", 0, "absent");
	expect_match("vlan.id", "absent", 1, "absent");
	expect_match("vlan", "absent", 1, "absent");
	expect_match("udp", "present", 1, "present");
	expect_match("udp", "absent", 0, "present");
	expect_match("ip.ttl", "present", 1, NULL);
}

Test(match, text_and_bytes_match_whole)
{
	look_at("eth / ip / udp dstport=67 / dhcp option.hostname=client option.dhcp=request");
	expect_match("dhcp.option.hostname", "client", 1, "client");
	expect_match("dhcp.option.hostname", "clien", 0, "client");
	expect_match("dhcp.option.dhcp", "Request", 1, "3");
	look_at("eth / ip / udp / payload ab");
	expect_match("udp.payload", "61:62", 1, "6162");
	expect_match("udp.payload", "61", 0, NULL);
}

Test(match, what_can_never_match_is_refused_beforehand)
{
	expect_refused("ip.tll", "3", -ENOENT, "no field is called 'ip.tll': did you mean 'ip.ttl'?");
	expect_refused("ipp.ttl", "3", -ENOENT, "no field is called 'ipp.ttl': did you mean 'ip.ttl'?");
	expect_refused("nonsense", "3", -ENOENT, "no field is called 'nonsense': write it as Wireshark does, such as 'ip.ttl'");
	expect_refused("ip.ttl#0", "3", -ENOENT, "'ip.ttl#0': after '#' stands which layer of that name is meant, counted from 1");
	expect_refused("ip.ttl#x", "3", -ENOENT, "'ip.ttl#x': after '#' stands which layer of that name is meant, counted from 1");
	expect_refused("ip.ttl", "x", -EINVAL, "ip.ttl: 'x' is no number");
	expect_refused("ip.ttl", "300", -EINVAL, "ip.ttl: '300' is outside 0 to 255");
	expect_refused("ip.ttl", "5..3", -EINVAL, "ip.ttl: '5..3' is an empty range: the smaller number comes first");
	expect_refused("ip.ttl", "..", -EINVAL, "ip.ttl: '..' is no range: write a..b, a.. or ..b");
	expect_refused("ip.src", "2001:db8::1", -EINVAL, "ip.src: '2001:db8::1' is no IPv4 address");
	expect_refused("ip", "63", -EINVAL, "'ip' is a layer: write present or absent, or name a field of it, such as ip.version");
	expect_refused("payload", "x", -EINVAL, "'payload' is a layer without fields");
	expect_refused("tcp.flags", "Z", -EINVAL, "tcp.flags: 'Z' is no number and no letters of FSRPAUECN, such as SA");
	expect_refused("tcp.flags", "SS", -EINVAL, "tcp.flags: 'SS' is no number and no letters of FSRPAUECN, such as SA");
	expect_refused("eth.dst", "02:00", -EINVAL, "eth.dst: '02:00' is no MAC address, such as 02:00:00:00:00:01");
	cr_assert_eq(packet_field_check("ipv6.fraghdr.more", "1", NULL), 0, "the layer with the longest name is meant");
	cr_assert_eq(packet_field_check("ipv6.hlim", "1..5", NULL), 0);
}

Test(match, a_name_of_any_length_is_refused)
{
	char name[400];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	cr_assert_eq(packet_field_check(name, "1", NULL), -ENOENT);
}

Test(match, every_value_that_is_printed_matches_itself)
{
	static const char *const lines[] = {
		"eth / vlan id=3 / ip options='ra 7' flags.df=1 / tcp flags=SA options='mss 1, wscale 2, sack 1 2, timestamp 3 4'",
		"eth / ip / icmp type=3 code=4 mtu=1400 / ip dst=198.51.100.1 / udp",
		"eth / ipv6 / ipv6.hopopts options='ra 0' / icmpv6 type=134 opt.prefix=2001:db8:: opt.mtu=1400 opt.src_linkaddr=02:00:00:00:00:01",
		"eth / ip / udp dstport=67 / dhcp id=7 option.dhcp=ack option.hostname=a option.router=192.0.2.1",
		"eth / ip / udp dstport=53 / payload 0x1234 0100 0001 0000 0000 0000 03777777 00 0001 0001",
		"eth / arp",
	};
	size_t count = 0;

	for (size_t l = 0; l < COUNT_OF(lines); l++) {
		look_at(lines[l]);
		for (size_t i = 0; layers[i]; i++)
			for (size_t k = 0; k < layers[i]->field_count; k++) {
				struct text name = {0}, value = {0};
				struct err err = {0};

				text_addf(&name, "%s.%s", layers[i]->name, layers[i]->fields[k].name);
				if (packet_field_text(&packet, text_str(&name), &value) &&
				    (layers[i]->fields[k].type == LAYER_OPTIONS || !strchr(text_str(&value), ','))) {
					cr_expect_eq(packet_field_matches(&packet, text_str(&name), text_str(&value), NULL, &err), 1, "%s: %s %s",
						     text_str(&name), text_str(&value), err.text);
					count++;
				}
				text_free(&name);
				text_free(&value);
			}
	}
	cr_assert_gt(count, 150);
}
