/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/base/clock.h"
#include "lab/packet/filter.h"
#include "tests/packet/packet_help.h"

static struct filter *compile(const char *expression)
{
	struct filter *filter = NULL;
	struct err err = {0};
	int r = filter_compile(expression, &filter, NULL, &err);

	if (r == -ENOPKG)
		cr_skip_test("%s", err.text);
	cr_assert_eq(r, 0, "%s: %s", expression, err.text);
	return filter;
}

static bool matches(const char *expression, const char *line)
{
	struct filter *filter = compile(expression);
	struct text frame = {0};

	build_frame(line, &frame);
	bool match = filter_matches(filter, (const uint8_t *)frame.data, frame.length, frame.length);

	text_free(&frame);
	filter_free(filter);
	return match;
}

static void expect_refused(const char *expression, size_t at, const char *message)
{
	struct filter *filter = NULL;
	struct err err = {0};
	size_t fault = 9999;

	cr_expect_eq(filter_compile(expression, &filter, &fault, &err), -EINVAL, "%s", expression);
	cr_expect_str_eq(err.text, message);
	cr_expect_eq(fault, at, "%s: the fault is at %zu, not %zu", expression, at, fault);
	filter_free(filter);
}

Test(filter, selects_what_it_says)
{
	static const char *const udp = "eth / ip / udp srcport=6881 dstport=80", *const tcp = "eth / ip / tcp flags=SA";

	cr_expect(matches("udp dst port 80", udp));
	cr_expect(!matches("udp dst port 81", udp));
	cr_expect(!matches("udp", tcp));
	cr_expect(matches("", udp));
	cr_expect(matches("   ", udp));
	cr_expect(matches("host 192.0.2.1 and not tcp", udp));
	cr_expect(matches("net 192.0.2.0/24", udp));
	cr_expect(matches("src net 192.0.2", udp));
	cr_expect(matches("net 192.0.2.0 mask 255.255.255.0", udp));
	cr_expect(matches("ether src 02:00:00:00:00:01", udp));
	cr_expect(matches("ether host 02-00-00-00-00-02", udp));
	cr_expect(matches("ether dst 0200.0000.0002", udp));
	cr_expect(matches("udp port 80 or 443", udp));
	cr_expect(matches("portrange 6000-7000", udp));
	cr_expect(matches("tcp[tcpflags] & (tcp-syn|tcp-ack) == (tcp-syn|tcp-ack)", tcp));
	cr_expect(matches("tcp[13] = 0x12 and ip[8] - 1 == 63", tcp));
	cr_expect(matches("ip proto \\udp", udp));
	cr_expect(matches("ip proto 17 && !(ip proto \\tcp)", udp));
	cr_expect(matches("ether proto \\ip", udp));
	cr_expect(matches("ether[12:2] == 0x0800", udp));
	cr_expect(matches("vlan 5 and ip and udp", "eth / vlan id=5 / ip / udp"));
	cr_expect(matches("icmp[icmptype] == icmp-unreach", "eth / ip / icmp type=3 / ip dst=198.51.100.1 / udp srcport=1 dstport=2"));
	cr_expect(matches("icmp6[icmp6type] == icmp6-neighborsolicit", "eth / ipv6 / icmpv6 type=135"));
	cr_expect(matches("host 2001:db8::1 and dst net 2001:db8::/32 and udp port 80", "eth / ipv6 / udp"));
	cr_expect(matches("ip6 proto \\icmp6", "eth / ipv6 / icmpv6"));
	cr_expect(matches("arp and arp[6:2] = 1", "eth / arp"));
	cr_expect(matches("len <= 42 and greater 42", "eth / arp"));
	cr_expect(matches("ether multicast or broadcast", "eth / arp"));
	struct filter *filter = compile(NULL);

	cr_expect(filter_matches(filter, (const uint8_t *)"", 0, 0), "no filter selects everything");
	filter_free(filter);
	filter_free(NULL);
}

Test(filter, the_length_on_the_wire_counts_not_what_was_kept)
{
	struct filter *filter = compile("greater 1000");
	struct text frame = {0};

	build_frame("eth / arp", &frame);
	cr_assert(filter_matches(filter, (const uint8_t *)frame.data, frame.length, 1514));
	cr_assert(!filter_matches(filter, (const uint8_t *)frame.data, frame.length, frame.length));
	text_free(&frame);
	filter_free(filter);
}

Test(filter, names_that_only_the_host_could_explain_are_refused)
{
	expect_refused("host server", 5, "'server' is a name, and names are not resolved: write the address, or $(node:interface)");
	expect_refused("udp and src www.example.org", 12,
		       "'www.example.org' is a name, and names are not resolved: write the address, or $(node:interface)");
	expect_refused("net backbone", 4, "'backbone' is a name, and names are not resolved: write the address, or $(node:interface)");
	expect_refused("host \\tcp", 5, "'tcp' is a name, and names are not resolved: write the address, or $(node:interface)");
	expect_refused("ether host gate", 11, "'gate' is a name, and names are not resolved: write the address, or $(node:interface)");
	expect_refused("tcp port http", 9, "'http' is a name that only the host's /etc/services could explain: write the number");
	expect_refused("port 80 or https", 11, "'https' is a name that only the host's /etc/services could explain: write the number");
	expect_refused("portrange ftp-http", 10, "'ftp-http' is a name that only the host's /etc/services could explain: write the number");
	expect_refused("udp port 6000-6008", 9, "'6000-6008' is no port: write 'portrange 6000-6008' for a range");
	expect_refused("net 870.0.22c5", 4, "'870.0.22c5' is a name, and names are not resolved: write the address, or $(node:interface)");
	expect_refused("dst 02-00", 4, "'02-00' is a name, and names are not resolved: write the address, or $(node:interface)");
	expect_refused("ip proto \\egp", 9, "'egp' is a protocol name that only the host's /etc/protocols could explain: write the number");
	expect_refused("ether proto \\tcp", 12, "'tcp' is a protocol name that only the host's /etc/protocols could explain: write the number");
	expect_refused("server", 0, "'server' is no word of pcap-filter, and names are not resolved: write addresses and numbers");
	expect_refused("udpp port 53", 0, "'udpp' is no word of pcap-filter: did you mean 'udp'?");
	expect_refused("gateway router", 0, "'gateway' asks the host's files for names: write 'ether host MAC and not host ADDRESS'");
	expect_refused("udp and inbound", 8, "'inbound' matches nothing here: write 'dir: in' beside the filter");
	expect_refused("outbound", 0, "'outbound' matches nothing here: write 'dir: out' beside the filter");
	expect_refused("host 2001:db8::g", 5, "'2001:db8::g' is neither an IPv6 nor a MAC address");
	expect_refused("host 192.0.2.1.5", 5, "'192.0.2.1.5' is a name, and names are not resolved: write the address, or $(node:interface)");
	expect_refused("len-20 > 4", 0, "'len-20' reads as one word: put blanks around '-'");
	expect_refused("host $(x)", 5, "'$' has no place in a filter");
}

Test(filter, what_libpcap_refuses_comes_with_the_word_at_fault)
{
	expect_refused("udp dst", 4, "syntax error in the filter 'udp dst', at or after 'dst'");
	expect_refused("udp port 80 and", 12, "syntax error in the filter 'udp port 80 and', at or after 'and'");
	expect_refused("udp )", 4, "syntax error in the filter 'udp )', at or after ')'");
	expect_refused("port 70000", 0, "the filter 'port 70000' is refused: illegal port number 70000 > 65535");
	expect_refused("ip proto \\udp and port 70000", 14, "the filter 'ip proto \\udp and port 70000' is refused: illegal port number 70000 > 65535");
}

/* A word that libpcap does not know would be looked up as a host's name. */
Test(filter, no_keyword_of_ours_is_a_name_to_libpcap)
{
	static const char *const alone[] = {
		"ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp", "icmp", "icmp6", "igmp", "igrp", "pim", "vrrp", "carp", "ah", "esp", "atalk", "aarp",
		"decnet", "lat", "sca", "moprc", "mopdl", "iso", "esis", "isis", "clnp", "stp", "ipx", "netbeui", "vlan", "mpls", "pppoed",
		"pppoes", "geneve", "llc", "multicast", "ether broadcast", "less 5", "greater 5", "len > 3", "length > 3", "link host 02:00:00:00:00:01",
		"ip protochain 6", "net 192.0.2.0 mask 255.255.255.0",
	};
	static const char *const values[] = {
		"icmp-echoreply", "icmp-unreach", "icmp-sourcequench", "icmp-redirect", "icmp-echo", "icmp-routeradvert", "icmp-routersolicit",
		"icmp-timxceed", "icmp-paramprob", "icmp-tstamp", "icmp-tstampreply", "icmp-ireq", "icmp-ireqreply", "icmp-maskreq",
		"icmp-maskreply", "icmp6-destinationunreach", "icmp6-packettoobig", "icmp6-timeexceeded", "icmp6-parameterproblem",
		"icmp6-echo", "icmp6-echoreply", "icmp6-multicastlistenerquery", "icmp6-multicastlistenerreportv1",
		"icmp6-multicastlistenerdone", "icmp6-routersolicit", "icmp6-routeradvert", "icmp6-neighborsolicit", "icmp6-neighboradvert",
		"icmp6-redirect", "icmp6-multicastlistenerreportv2", "tcp-fin", "tcp-syn", "tcp-rst", "tcp-push", "tcp-ack", "tcp-urg", "tcp-ece",
		"tcp-cwr", "icmptype", "icmpcode", "icmp6type", "icmp6code", "tcpflags",
	};

	for (size_t i = 0; i < COUNT_OF(alone); i++)
		filter_free(compile(alone[i]));
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		char expression[128];

		snprintf(expression, sizeof(expression), "icmp[0] == %s", values[i]);
		filter_free(compile(expression));
	}
}

Test(filter, the_program_is_one_that_the_kernel_takes)
{
	struct filter *filter = compile("udp dst port 6881");
	struct sock_fprog program = filter_program(filter);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	cr_assert_gt(program.len, 5);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0, "%s", strerror(errno));
	close(fd);
	filter_free(filter);
}

/* --- capture files --- */

static struct capture_file *open_capture(const char *path)
{
	struct capture_file *file = NULL;
	struct err err = {0};
	int r = capture_open(path, &file, &err);

	if (r == -ENOPKG)
		cr_skip_test("%s", err.text);
	cr_assert_eq(r, 0, "%s", err.text);
	return file;
}

Test(capture, frames_come_back_with_nanoseconds)
{
	struct text frames[3] = {0};
	struct capture_frame frame;

	build_frame("eth / arp", &frames[0]);
	build_frame("eth / ip / udp / payload knock", &frames[1]);
	build_frame("eth / ipv6 / tcp", &frames[2]);
	char *path = write_pcap(frames, 3);
	struct capture_file *file = open_capture(path);

	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(capture_next(file, &frame, NULL), 1);
		cr_assert_eq(frame.stamp, NS_PER_S + (int64_t)i);
		cr_assert_eq(frame.length, frames[i].length);
		cr_assert_eq(frame.wire_length, frames[i].length);
		cr_assert_eq(memcmp(frame.data, frames[i].data, frame.length), 0);
		text_free(&frames[i]);
	}
	cr_assert_eq(capture_next(file, &frame, NULL), 0);
	cr_assert_eq(capture_next(file, &frame, NULL), 0, "the end stays the end");
	capture_close(file);
	capture_close(NULL);
	remove_pcap(path);
}

/* A section, an interface with nanosecond stamps, one packet: written by hand from the pcapng draft. */
Test(capture, pcapng_is_read_too)
{
	static const uint32_t blocks[] = {
		0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28,
		1, 32, 1, 0, 9 | 1 << 16, 9, 0, 32, /* if_tsresol 9: nanoseconds */
		6, 36, 0, 0x0de0b6b3, 0xa7640001, 4, 4, 0x04030201, 36,
	};
	struct text none[1] = {0};
	char *path = write_pcap(none, 0);
	FILE *stream = fopen(path, "we");
	struct capture_frame frame;

	cr_assert(stream && fwrite(blocks, 1, sizeof(blocks), stream) == sizeof(blocks) && fclose(stream) == 0);
	struct capture_file *file = open_capture(path);
	struct err err = {0};

	cr_assert_eq(capture_next(file, &frame, &err), 1, "%s", err.text);
	cr_assert_eq(frame.stamp, INT64_C(0x0de0b6b3a7640001));
	cr_assert_eq(frame.length, 4);
	cr_assert_eq(memcmp(frame.data, "\1\2\3\4", 4), 0);
	cr_assert_eq(capture_next(file, &frame, NULL), 0);
	capture_close(file);
	remove_pcap(path);
}

static void expect_open_refused(const char *path, const void *content, size_t length, const char *message)
{
	FILE *stream = fopen(path, "we");
	struct capture_file *file = NULL;
	struct text wanted = {0};
	struct err err = {0};

	cr_assert(stream && fwrite(content, 1, length, stream) == length && fclose(stream) == 0);
	int r = capture_open(path, &file, &err);

	if (r == -ENOPKG)
		cr_skip_test("%s", err.text);
	cr_assert_eq(r, -EINVAL);
	text_addf(&wanted, "%s %s", path, message);
	cr_assert(str_starts(err.text, text_str(&wanted)), "%s", err.text);
	text_free(&wanted);
}

Test(capture, what_is_no_capture_of_ethernet_is_refused)
{
	static const uint32_t raw_ip[] = {0xa1b2c3d4, 4u << 16 | 2, 0, 0, 262144, 101};
	struct text frames[1] = {0};
	struct capture_frame frame;
	struct err err = {0};

	build_frame("eth / arp", &frames[0]);
	char *path = write_pcap(frames, 1);

	cr_assert_eq(truncate(path, 24 + 16 + 20), 0);
	struct capture_file *file = open_capture(path);

	cr_assert_eq(capture_next(file, &frame, &err), -EINVAL);
	cr_assert(strstr(err.text, "is damaged: truncated"), "%s", err.text);
	capture_close(file);
	expect_open_refused(path, "no capture at all, just text that is long enough", 48, "is no pcap or pcapng file: unknown file format");
	expect_open_refused(path, "", 0, "is no pcap or pcapng file: truncated");
	expect_open_refused(path, raw_ip, sizeof(raw_ip), "holds no Ethernet frames but RAW");
	text_free(&frames[0]);
	remove_pcap(path);
	cr_assert_eq(capture_open("/nonexistent/x.pcap", &file, &err), -ENOENT);
	cr_assert_str_eq(err.text, "cannot read /nonexistent/x.pcap: No such file or directory");
}
