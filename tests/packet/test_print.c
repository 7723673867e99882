/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/packet/packet_help.h"

static void assert_summary(const char *line, const char *summary)
{
	struct text frame = {0}, out = {0};
	struct dissection packet;

	dissect_line(line, &frame, &packet);
	packet_summary(&packet, &out);
	cr_expect_str_eq(text_str(&out), summary);
	text_free(&frame);
	text_free(&out);
}

Test(print, a_summary_says_what_a_person_would)
{
	assert_summary("eth / ip src=192.0.2.2 dst=198.51.100.2 / udp srcport=6881 dstport=80 / payload knock",
		       "192.0.2.2:6881 > 198.51.100.2:80 UDP, 5 bytes");
	assert_summary("eth / ip / udp srcport=1 dstport=2 / payload x", "192.0.2.1:1 > 192.0.2.2:2 UDP, 1 byte");
	assert_summary("eth / ip / tcp", "192.0.2.1:6881 > 192.0.2.2:80 TCP SYN");
	assert_summary("eth / ip / tcp flags=SA", "192.0.2.1:6881 > 192.0.2.2:80 TCP SYN+ACK");
	assert_summary("eth / ip / tcp flags=PA / payload hello", "192.0.2.1:6881 > 192.0.2.2:80 TCP PSH+ACK, 5 bytes");
	assert_summary("eth / ip / tcp flags=0", "192.0.2.1:6881 > 192.0.2.2:80 TCP without flags");
	assert_summary("eth / ipv6 / tcp flags=R", "[2001:db8::1]:6881 > [2001:db8::2]:80 TCP RST");
	assert_summary("eth / ipv6 / ipv6.dstopts / udp", "[2001:db8::1]:6881 > [2001:db8::2]:80 UDP, 0 bytes");
	assert_summary("eth / arp", "ARP who-has 192.0.2.2 tell 192.0.2.1");
	assert_summary("eth / arp opcode=2", "ARP reply 192.0.2.1 is-at 02:00:00:00:00:01");
	assert_summary("eth / vlan id=5 / arp", "vlan 5 ARP who-has 192.0.2.2 tell 192.0.2.1");
}

Test(print, icmp_says_what_is_wrong_and_with_what)
{
	assert_summary("eth / ip / icmp ident=7 seq=1", "192.0.2.1 > 192.0.2.2 ICMP echo request id 7 seq 1");
	assert_summary("eth / ip src=192.0.2.254 dst=192.0.2.1 / icmp type=3 code=4 mtu=1400 / ip dst=198.51.100.2 / udp srcport=1 dstport=2",
		       "192.0.2.254 > 192.0.2.1 ICMP frag needed, mtu 1400 for 192.0.2.1:1 > 198.51.100.2:2 UDP, 0 bytes");
	assert_summary("eth / ip / icmp type=11 / ip dst=198.51.100.2 / icmp ident=3",
		       "192.0.2.1 > 192.0.2.2 ICMP time exceeded for 192.0.2.2 > 198.51.100.2 ICMP echo request id 3 seq 0");
	assert_summary("eth / ip / icmp type=99 code=7", "192.0.2.1 > 192.0.2.2 ICMP type 99 code 7");
	assert_summary("eth / ipv6 / icmpv6 type=135 nd.ns.target_address=2001:db8::2", "2001:db8::1 > 2001:db8::2 ICMPv6 who-has 2001:db8::2");
	assert_summary("eth / ipv6 / icmpv6 type=136 nd.na.target_address=2001:db8::2 opt.target_linkaddr=02:00:00:00:00:02",
		       "2001:db8::1 > 2001:db8::2 ICMPv6 2001:db8::2 is-at 02:00:00:00:00:02");
	assert_summary("eth / ipv6 / icmpv6 type=136 nd.na.target_address=2001:db8::2",
		       "2001:db8::1 > 2001:db8::2 ICMPv6 2001:db8::2 is-at the sender's MAC");
	assert_summary("eth / ipv6 / icmpv6 type=2 mtu=1280", "2001:db8::1 > 2001:db8::2 ICMPv6 packet too big, mtu 1280");
}

Test(print, applications_are_named)
{
	assert_summary("eth / ip src=0.0.0.0 dst=255.255.255.255 / udp srcport=68 dstport=67 / dhcp option.dhcp=discover",
		       "0.0.0.0:68 > 255.255.255.255:67 DHCP Discover");
	assert_summary("eth / ip / udp srcport=67 dstport=68 / dhcp type=2 ip.your=192.0.2.50 option.dhcp=offer",
		       "192.0.2.1:67 > 192.0.2.2:68 DHCP Offer 192.0.2.50");
	assert_summary("eth / ip / udp srcport=67 dstport=68 / dhcp type=2", "192.0.2.1:67 > 192.0.2.2:68 DHCP reply (BOOTP)");
	assert_summary("eth / ip / udp srcport=1 dstport=53 / payload 0x1234 0100 0001 0000 0000 0000 03777777 07657861 6d706c65 036f7267 00 0001 0001",
		       "192.0.2.1:1 > 192.0.2.2:53 DNS A? www.example.org");
	assert_summary("eth / ip / udp srcport=53 dstport=1 / payload 0x1234 8180 0001 0001 0000 0000 03777777 00 0001 0001 c00c 0001 0001 00000001 0004 c0000250",
		       "192.0.2.1:53 > 192.0.2.2:1 DNS A www 192.0.2.80");
	assert_summary("eth / ip / udp srcport=53 dstport=1 / payload 0x1234 8183 0001 0000 0000 0000 03777777 00 0100 0001",
		       "192.0.2.1:53 > 192.0.2.2:1 DNS NXDOMAIN TYPE256 www");
}

Test(print, fragments_tunnels_and_strangers_are_told_apart)
{
	assert_summary("eth / ip flags.mf=1 frag_offset=185 proto=17 / payload 12345678",
		       "192.0.2.1 > 192.0.2.2 fragment at 1480, 8 bytes, more follow");
	assert_summary("eth / ip flags.mf=1 / udp / payload x",
		       "192.0.2.1:6881 > 192.0.2.2:80 fragment at 0, 9 bytes, more follow of UDP, 1 byte");
	assert_summary("eth / ip proto=99 / payload xy", "192.0.2.1 > 192.0.2.2 IP protocol 99, 2 bytes");
	assert_summary("eth / ip / ip src=198.51.100.1 dst=198.51.100.2 / udp srcport=1 dstport=2",
		       "192.0.2.1 > 192.0.2.2 carries 198.51.100.1:1 > 198.51.100.2:2 UDP, 0 bytes");
	assert_summary("eth type=0x88b6 / payload abc", "02:00:00:00:00:01 > 02:00:00:00:00:02 type 0x88b6, 3 bytes");
	assert_summary("eth / vlan id=7 etype=0x88b6 / payload abc", "02:00:00:00:00:01 > 02:00:00:00:00:02 vlan 7 type 0x88b6, 3 bytes");
	assert_summary("eth type=3 / payload abc", "02:00:00:00:00:01 > 02:00:00:00:00:02 IEEE 802.3, 3 bytes");
	assert_summary("eth / ip dst=233.252.0.1 / igmp maddr=233.252.0.1", "192.0.2.1 > 233.252.0.1 IGMP report 233.252.0.1");
	assert_summary("eth / ip / tcp hdr_len=60", "192.0.2.1 > 192.0.2.2 IP protocol 6, 20 bytes [malformed: TCP header is cut short]");
	assert_summary("payload abc", "3 bytes without an Ethernet header");
}

Test(print, details_use_the_names_that_expectations_use)
{
	struct text frame = {0}, out = {0};
	struct dissection packet;

	dissect_line("eth / ip ttl=63 / tcp flags=S seq=7 options='mss 1460' / payload hello world, 15", &frame, &packet);
	packet_details(&packet, &out);
	cr_assert_str_eq(text_str(&out),
			 "Frame, 73 bytes\n"
			 "Ethernet, 14 bytes\n"
			 "  eth.dst: 02:00:00:00:00:02\n"
			 "  eth.src: 02:00:00:00:00:01\n"
			 "  eth.type: 0x0800 (ip)\n"
			 "  eth.dst.ig: 0\n"
			 "  eth.src.lg: 1\n"
			 "Internet Protocol version 4, 20 bytes\n"
			 "  ip.version: 4\n"
			 "  ip.hdr_len: 20\n"
			 "  ip.dsfield: 0x00\n"
			 "  ip.dsfield.dscp: 0\n"
			 "  ip.dsfield.ecn: 0\n"
			 "  ip.len: 59\n"
			 "  ip.id: 0x0000\n"
			 "  ip.flags: 0x00\n"
			 "  ip.flags.rb: 0\n"
			 "  ip.flags.df: 0\n"
			 "  ip.flags.mf: 0\n"
			 "  ip.frag_offset: 0\n"
			 "  ip.ttl: 63\n"
			 "  ip.proto: 6 (tcp)\n"
			 "  ip.checksum: 0xf7b9\n"
			 "  ip.src: 192.0.2.1\n"
			 "  ip.dst: 192.0.2.2\n"
			 "Transmission Control Protocol, 24 bytes\n"
			 "  tcp.srcport: 6881\n"
			 "  tcp.dstport: 80\n"
			 "  tcp.seq: 7\n"
			 "  tcp.ack: 0\n"
			 "  tcp.hdr_len: 24\n"
			 "  tcp.flags: S\n"
			 "  tcp.flags.ae: 0\n"
			 "  tcp.flags.cwr: 0\n"
			 "  tcp.flags.ece: 0\n"
			 "  tcp.flags.urg: 0\n"
			 "  tcp.flags.ack: 0\n"
			 "  tcp.flags.push: 0\n"
			 "  tcp.flags.reset: 0\n"
			 "  tcp.flags.syn: 1\n"
			 "  tcp.flags.fin: 0\n"
			 "  tcp.window_size_value: 65535\n"
			 "  tcp.checksum: 0x11b0\n"
			 "  tcp.urgent_pointer: 0\n"
			 "  tcp.len: 15\n"
			 "  tcp.options: mss 1460\n"
			 "  tcp.option_kind: 2\n"
			 "  tcp.options.mss_val: 1460\n"
			 "Payload, 15 bytes\n"
			 "  0000  68 65 6c 6c 6f 20 77 6f 72 6c 64 2c 20 31 35     hello world, 15\n");
	text_free(&frame);
	text_free(&out);
}

Test(print, inner_layers_carry_their_number_and_long_payloads_are_cut)
{
	struct text frame = {0}, out = {0}, line = {0};
	struct dissection packet;

	text_add(&line, "eth / ip / icmp type=3 / ip dst=198.51.100.1 ttl=9 / udp srcport=1 dstport=2 / payload ");
	for (size_t i = 0; i < 300; i++)
		text_add_char(&line, 'x');
	dissect_line(text_str(&line), &frame, &packet);
	packet_details(&packet, &out);
	cr_assert(strstr(text_str(&out), "  ip.ttl#2: 9\n"));
	cr_assert(strstr(text_str(&out), "  ip.ttl: 64\n"));
	cr_assert(str_ends(text_str(&out), "  … 44 bytes more\n"), "%s", text_str(&out));
	text_free(&frame);
	text_free(&out);
	text_free(&line);
}
