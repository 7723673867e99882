/* SPDX-License-Identifier: GPL-2.0-or-later */
/* raw over a wire, both families; and what every driver says to being probed. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#include "drivers/options.h"
#include "lab/packet/layer.h"
#include "tests/drivers/inet_lab.h"

/* An IPv4 or IPv6 packet from near to far, protocol 253 (for experiments, RFC 3692), payload "raw". */
static size_t raw_packet(uint8_t packet[64], int family)
{
	memset(packet, 0, 64);
	if (family == AF_INET) {
		struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 9, .protocol = 253};

		inet_pton(AF_INET, "192.0.2.1", &ip.saddr);
		inet_pton(AF_INET, "192.0.2.2", &ip.daddr);
		memcpy(packet, &ip, sizeof(ip));
		memcpy(packet + sizeof(ip), "raw", 3);
		return sizeof(ip) + 3;
	}
	struct ip6_hdr ip6 = {.ip6_flow = htonl(6u << 28), .ip6_plen = htons(3), .ip6_nxt = 253, .ip6_hlim = 9};
	inet_pton(AF_INET6, "2001:db8::1", &ip6.ip6_src);
	inet_pton(AF_INET6, "2001:db8::2", &ip6.ip6_dst);
	memcpy(packet, &ip6, sizeof(ip6));
	memcpy(packet + sizeof(ip6), "raw", 3);
	return sizeof(ip6) + 3;
}

static struct driver_socket *listen_raw(struct lab *lab, const char *addr, const char *protocol)
{
	struct driver_open how = inet_from(addr, -1);

	how.options = lab_options(lab, &kind_raw_receive, "protocol", protocol, NULL);
	lab_enter(lab->far);
	struct driver_socket *socket = lab_open("raw", &how);
	lab_enter(lab->near);
	return socket;
}

LAB_TEST(raw, a_packet_with_its_header_goes_where_the_header_says)
{
	struct driver_open how = inet_nothing();
	struct driver_message message;
	uint8_t packet[64];

	how.ip_header = true;
	struct driver_socket *sender = lab_open("raw", &how);
	for (size_t i = 0; i < INET_FAMILIES; i++) {
		struct driver_socket *receiver = listen_raw(lab, inet_families[i].far, "253");
		struct ip_addr near = lab_addr(inet_families[i].near);
		size_t header = near.family == AF_INET ? sizeof(struct iphdr) : 0;
		struct driver_message sent = {.data = packet, .length = raw_packet(packet, near.family), .peer_port = -1};

		lab_send(sender, &sent);
		CHECK_EQ(lab_receive(receiver, &message), DRIVER_DONE);
		CHECK(ip_addr_equal(&message.peer, &near));
		CHECK_EQ(message.length, header + 3);
		CHECK(memcmp(message.data + header, "raw", 3) == 0);
		if (header) {
			CHECK_EQ(message.data[8], 9); /* the TTL by hand */
			CHECK_EQ(checksum_finish(checksum_add(0, message.data, header)), 0);
		}
		inet_close(receiver);
	}
	inet_close(sender);
}

LAB_TEST(raw, the_kernel_makes_the_header_where_it_is_not_included)
{
	for (size_t i = 0; i < INET_FAMILIES; i++) {
		struct driver_open how = inet_to(inet_families[i].far, -1);
		struct driver_socket *receiver = listen_raw(lab, inet_families[i].far, "253");
		struct driver_message message, hello = inet_text("hello");

		how.options = lab_options(lab, &kind_raw_send, "protocol", "253", NULL);
		struct driver_socket *sender = lab_open("raw", &how);
		lab_send(sender, &hello);
		CHECK_EQ(lab_receive(receiver, &message), DRIVER_DONE);
		CHECK_EQ(message.length, 5 + (message.peer.family == AF_INET ? sizeof(struct iphdr) : 0));
		inet_close(sender);
		inet_close(receiver);
	}
}

LAB_TEST(raw, an_echo_request_built_by_hand_is_answered_by_the_kernel)
{
	uint8_t request[8] = {8, 0, 0, 0, 0x12, 0x34, 0, 1};
	uint16_t sum = htons(checksum_finish(checksum_add(0, request, sizeof(request))));
	struct driver_open how = inet_to("192.0.2.2", -1);
	struct driver_message message, ping = {.data = request, .length = sizeof(request), .peer_port = -1};

	memcpy(request + 2, &sum, sizeof(sum));
	how.options = lab_options(lab, &kind_raw_open, "protocol", "icmp", NULL);
	struct driver_socket *socket = lab_open("raw", &how);
	lab_send(socket, &ping);
	CHECK_EQ(lab_receive(socket, &message), DRIVER_DONE);
	CHECK_EQ(message.length, sizeof(struct iphdr) + 8);
	CHECK_EQ(message.data[sizeof(struct iphdr)], 0); /* echo reply */
	CHECK(message.stamp > 0);
	inet_close(socket);
}

LAB_TEST(raw, what_the_kernel_refuses_names_the_call)
{
	struct driver_open nowhere = inet_nothing(), elsewhere = inet_from("192.0.2.99", -1);
	struct driver_message hello = inet_text("no header at all");

	lab_open_fails("raw", &elsewhere, "bind", EADDRNOTAVAIL);
	nowhere.options = lab_options(lab, &kind_raw_send, "protocol", "253", NULL);
	struct driver_socket *sender = lab_open("raw", &nowhere);
	inet_expect_send_failure(sender, &hello, "sendto", EDESTADDRREQ);
	inet_close(sender);
	nowhere = inet_to("192.0.2.2", -1);
	nowhere.ip_header = true;
	sender = lab_open("raw", &nowhere);
	hello.length = 10;
	inet_expect_send_failure(sender, &hello, "sendto", EINVAL);
	inet_close(sender);
}

LAB_TEST(probe, everything_that_works_here_says_so)
{
	for (size_t i = 0; drivers[i]; i++) {
		struct err err = {0};

		CHECK_OK(drivers[i]->probe(&err));
	}
}
