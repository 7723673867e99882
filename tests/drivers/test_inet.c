/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udp, tcp and raw over a wire, both families. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#include "drivers/options.h"
#include "lab/base/clock.h"
#include "lab/packet/layer.h"
#include "lab/scenario/tree.h"
#include "tests/drivers/lab.h"

static const struct {
	const char *near, *far;
} families[] = {{"192.0.2.1", "192.0.2.2"}, {"2001:db8::1", "2001:db8::2"}};

/* What a step that names no address leaves. */
static struct driver_open nothing(void)
{
	return (struct driver_open){.from_port = -1, .to_port = -1};
}

static struct driver_open from(const char *addr, int32_t port)
{
	struct driver_open how = nothing();

	if (addr)
		how.from = lab_addr(addr);
	how.from_port = port;
	return how;
}

static struct driver_open to(const char *addr, int32_t port)
{
	struct driver_open how = nothing();

	how.to = lab_addr(addr);
	how.to_port = port;
	return how;
}

static struct driver_message text_message(const char *text)
{
	return (struct driver_message){.data = (const uint8_t *)text, .length = strlen(text), .peer_port = -1};
}

static bool says(const struct driver_message *message, const char *text)
{
	return message->length == strlen(text) && memcmp(message->data, text, message->length) == 0;
}

static void close_socket(struct driver_socket *socket)
{
	socket->driver->close(socket, false);
}

/* --- udp --- */

LAB_TEST(udp, a_datagram_crosses_with_peer_port_and_stamp_and_is_answered)
{
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct driver_open listen = from(families[i].far, 53), call = to(families[i].far, 53);
		struct driver_message message, question = text_message("question");
		struct ip_addr near = lab_addr(families[i].near);
		struct driver_stats stats;
		struct err err;

		call.from = near;
		call.from_port = 6881;
		lab_enter(lab->far);
		struct driver_socket *server = lab_open("udp", &listen);
		lab_enter(lab->near);
		struct driver_socket *client = lab_open("udp", &call);
		int64_t before = clock_tape();
		lab_send(client, &question);
		CHECK_EQ(lab_receive(server, &message), DRIVER_DONE);
		CHECK(says(&message, "question"));
		CHECK(ip_addr_equal(&message.peer, &near));
		CHECK_EQ(message.peer_port, 6881);
		CHECK(message.stamp >= before && message.stamp <= clock_tape());
		CHECK_EQ(message.wire_length, 8);

		struct driver_message answer = text_message("answer");
		answer.peer = message.peer;
		answer.peer_port = message.peer_port;
		lab_send(server, &answer);
		CHECK_EQ(lab_receive(client, &message), DRIVER_DONE);
		CHECK(says(&message, "answer"));
		CHECK_OK(server->driver->stats(server, &stats, &err));
		CHECK(stats.packets == 2 && stats.bytes == 14 && stats.drops == 0 && stats.calls >= 2);
		close_socket(server);
		close_socket(client);
	}
}

LAB_TEST(udp, a_socket_on_a_port_alone_hears_and_answers_both_families)
{
	struct driver_open any = from(NULL, 53);

	lab_enter(lab->far);
	struct driver_socket *server = lab_open("udp", &any);
	lab_enter(lab->near);
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct driver_open call = to(families[i].far, 53);
		struct driver_message message, hello = text_message("hello");
		struct ip_addr near = lab_addr(families[i].near);
		struct driver_socket *client = lab_open("udp", &call);

		lab_send(client, &hello);
		CHECK_EQ(lab_receive(server, &message), DRIVER_DONE);
		CHECK(ip_addr_equal(&message.peer, &near));
		lab_send(server, &message); /* an echo: data, peer and port as received */
		CHECK_EQ(lab_receive(client, &message), DRIVER_DONE);
		CHECK(says(&message, "hello"));
		close_socket(client);
	}
	close_socket(server);
}

LAB_TEST(udp, link_local_addresses_work_through_the_interface)
{
	struct driver_open any = from(NULL, 53), call = to("ff02::1", 53);
	struct driver_message message, hello = text_message("hello");

	lab_enter(lab->far);
	struct driver_socket *server = lab_open("udp", &any);
	lab_enter(lab->near);
	call.interface = "end0";
	struct driver_socket *client = lab_open("udp", &call);
	lab_send(client, &hello);
	CHECK_EQ(lab_receive(server, &message), DRIVER_DONE);
	CHECK_EQ(message.peer.bytes[0], 0xfe);
	CHECK_EQ(message.peer.bytes[1], 0x80);
	lab_send(server, &message); /* back to fe80::…, through the interface it came by */
	close_socket(client);
	close_socket(server);
}

LAB_TEST(udp, an_unconnected_socket_sends_to_each_messages_peer)
{
	struct driver_open a = from("192.0.2.2", 1001), b = from("192.0.2.2", 1002), unbound = nothing();
	struct driver_message message;

	lab_enter(lab->far);
	struct driver_socket *first = lab_open("udp", &a), *second = lab_open("udp", &b);
	lab_enter(lab->near);
	struct driver_socket *client = lab_open("udp", &unbound);
	for (int port = 1001; port <= 1002; port++) {
		struct driver_message hello = text_message(port == 1001 ? "first" : "second");

		hello.peer = lab_addr("192.0.2.2");
		hello.peer_port = port;
		lab_send(client, &hello);
	}
	CHECK_EQ(lab_receive(first, &message), DRIVER_DONE);
	CHECK(says(&message, "first"));
	CHECK_EQ(lab_receive(second, &message), DRIVER_DONE);
	CHECK(says(&message, "second"));
	close_socket(first);
	close_socket(second);
	close_socket(client);
}

LAB_TEST(udp, a_peer_without_a_port_narrows_who_is_heard)
{
	struct driver_open only = from("192.0.2.2", 53), call = to("192.0.2.2", 53);
	struct driver_message message, hello = text_message("from near");
	struct driver_failure failure;
	struct err err;

	only.to = lab_addr("192.0.2.77");
	lab_enter(lab->far);
	struct driver_socket *strict = lab_open("udp", &only);
	lab_enter(lab->near);
	struct driver_socket *client = lab_open("udp", &call);
	lab_send(client, &hello);
	/* A datagram has crossed the wire by the time sendto() returns. */
	CHECK_IS(DRIVER_AGAIN, strict->driver->receive(strict, &message, &failure, &err));
	close_socket(strict);
	only.to = lab_addr("192.0.2.1");
	lab_enter(lab->far);
	strict = lab_open("udp", &only);
	lab_send(client, &hello);
	CHECK_EQ(lab_receive(strict, &message), DRIVER_DONE);
	close_socket(strict);
	close_socket(client);
}

/* What the next call of a socket fails with. */
static void expect_send_failure(struct driver_socket *socket, const struct driver_message *message, const char *call, int errno_value)
{
	struct driver_failure failure = {0};
	size_t sent = 7;
	struct err err = {0};
	int r = socket->driver->send(socket, message, 1, &sent, &failure, &err);

	CHECK_EQ(r, -errno_value);
	CHECK_EQ(failure.errno_value, errno_value);
	CHECK(strcmp(failure.call, call) == 0);
	CHECK_EQ(sent, 0);
	CHECK(strstr(err.text, call));
}

LAB_TEST(udp, an_icmp_error_is_the_result_of_the_next_call)
{
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct driver_open call = to(families[i].far, 9);
		struct driver_message message, hello = text_message("anybody?");
		struct driver_socket *client = lab_open("udp", &call);
		struct driver_failure failure = {0};
		struct err err = {0};

		lab_send(client, &hello);
		CHECK(lab_poll(client->driver->poll(client, false)) & POLLERR);
		expect_send_failure(client, &hello, "sendto", ECONNREFUSED);
		lab_send(client, &hello);
		CHECK(lab_poll(client->driver->poll(client, false)) & POLLERR);
		CHECK_IS(-ECONNREFUSED, client->driver->receive(client, &message, &failure, &err));
		CHECK(strcmp(failure.call, "recvmsg") == 0 && failure.errno_value == ECONNREFUSED);
		close_socket(client);
	}
}

LAB_TEST(udp, what_is_too_long_is_emsgsize)
{
	static const uint8_t zeros[65536];
	struct driver_setsockopt whole = {"IP_MTU_DISCOVER", "IP_PMTUDISC_DO"};
	struct driver_open call = to("192.0.2.2", 9);
	struct driver_message message = {.data = zeros, .length = sizeof(zeros), .peer_port = -1};
	struct driver_socket *client = lab_open("udp", &call);

	expect_send_failure(client, &message, "sendto", EMSGSIZE);
	close_socket(client);
	call.setsockopts = &whole;
	call.setsockopt_count = 1;
	client = lab_open("udp", &call);
	message.length = 1473; /* 1500 - 20 - 8 + 1 */
	expect_send_failure(client, &message, "sendto", EMSGSIZE);
	message.length = 1472;
	lab_send(client, &message);
	close_socket(client);
}

LAB_TEST(udp, what_open_cannot_do_names_the_call)
{
	struct driver_setsockopt no_ttl = {"IP_TTL", "256"}, unknown = {"IP_TLL", "3"};
	struct driver_open elsewhere = from("192.0.2.99", 53), nowhere = to("198.51.100.1", 9), bad = from("192.0.2.1", 53);

	lab_open_fails("udp", &elsewhere, "bind", EADDRNOTAVAIL);
	lab_open_fails("udp", &nowhere, "connect", ENETUNREACH);
	bad.setsockopts = &no_ttl;
	bad.setsockopt_count = 1;
	lab_open_fails("udp", &bad, "setsockopt", EINVAL);
	bad.setsockopts = &unknown;
	lab_open_fails("udp", &bad, "setsockopt", EINVAL);
	bad = from("192.0.2.1", 53);
	struct driver_socket *first = lab_open("udp", &bad);
	lab_open_fails("udp", &bad, "bind", EADDRINUSE);
	close_socket(first);
}

LAB_TEST(udp, options_beside_the_step_are_set)
{
	struct setting_node ttl = {.node = {.name = "IP_TTL"}, .value = "3"}, broken = {.node = {.name = "IP_TTL"}, .value = "256"};
	struct node *list[] = {&ttl.node};
	struct socket_options *options = (struct socket_options *)(uintptr_t)lab_options(lab, &kind_udp, NULL);
	struct driver_open call = to("192.0.2.2", 9);
	int value = 0;
	socklen_t length = sizeof(value);

	options->setsockopt = (struct node_list){.items = list, .count = 1};
	call.options = &options->node;
	struct driver_socket *client = lab_open("udp", &call);
	CHECK_EQ(getsockopt(client->driver->poll(client, true).fd, IPPROTO_IP, IP_TTL, &value, &length), 0);
	CHECK_EQ(value, 3);
	close_socket(client);
	list[0] = &broken.node;
	lab_open_fails("udp", &call, "setsockopt", EINVAL);
}

LAB_TEST(udp, datagrams_that_find_no_room_are_counted)
{
	struct driver_setsockopt small = {"SO_RCVBUF", "2304"};
	struct driver_open listen = from("192.0.2.2", 53), call = to("192.0.2.2", 53);
	struct driver_message message, hello = text_message("hello");
	struct driver_failure failure;
	struct driver_stats stats;
	unsigned received = 0;
	struct err err;

	listen.setsockopts = &small;
	listen.setsockopt_count = 1;
	lab_enter(lab->far);
	struct driver_socket *server = lab_open("udp", &listen);
	lab_enter(lab->near);
	struct driver_socket *client = lab_open("udp", &call);
	for (int i = 0; i < 100; i++)
		lab_send(client, &hello);
	while (server->driver->receive(server, &message, &failure, &err) == DRIVER_DONE)
		received++;
	CHECK_OK(server->driver->stats(server, &stats, &err));
	CHECK(stats.drops > 0);
	CHECK_EQ(stats.drops + received, 100);
	close_socket(server);
	close_socket(client);
}

/* --- tcp --- */

static void connect_pair(struct lab *lab, const char *addr, struct driver_socket **ret_listener, struct driver_socket **ret_client,
			 struct driver_socket **ret_server)
{
	struct driver_open listen = from(addr, 80), call = to(addr ? addr : "192.0.2.2", 80);

	listen.listen = true;
	lab_enter(lab->far);
	*ret_listener = lab_open("tcp", &listen);
	lab_enter(lab->near);
	*ret_client = lab_open("tcp", &call);
	*ret_server = lab_accept(*ret_listener);
}

LAB_TEST(tcp, a_stream_goes_both_ways_and_ends)
{
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct driver_socket *listener, *client, *server;
		struct driver_message message, hello = text_message("hello"), answer = text_message("answer");
		struct ip_addr near = lab_addr(families[i].near);

		connect_pair(lab, families[i].far, &listener, &client, &server);
		lab_send(client, &hello);
		CHECK_EQ(lab_receive(server, &message), DRIVER_DONE);
		CHECK(says(&message, "hello"));
		CHECK(ip_addr_equal(&message.peer, &near));
		CHECK(message.peer_port > 0);
		lab_send(server, &answer);
		CHECK_EQ(lab_receive(client, &message), DRIVER_DONE);
		CHECK(says(&message, "answer"));
		close_socket(client);
		CHECK_EQ(lab_receive(server, &message), DRIVER_END);
		close_socket(server);
		close_socket(listener);
	}
}

LAB_TEST(tcp, a_listener_on_a_port_alone_takes_both_families)
{
	struct driver_open any = from(NULL, 80);

	any.listen = true;
	lab_enter(lab->far);
	struct driver_socket *listener = lab_open("tcp", &any);
	lab_enter(lab->near);
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct driver_open call = to(families[i].far, 80);
		struct driver_message message, hello = text_message("hello");
		struct ip_addr near = lab_addr(families[i].near);
		struct driver_socket *client = lab_open("tcp", &call), *server = lab_accept(listener);

		lab_send(client, &hello);
		CHECK_EQ(lab_receive(server, &message), DRIVER_DONE);
		CHECK(ip_addr_equal(&message.peer, &near));
		close_socket(client);
		close_socket(server);
	}
	close_socket(listener);
}

LAB_TEST(tcp, a_refused_connection_is_a_failure_of_connect)
{
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct driver_open call = to(families[i].far, 81);
		struct driver_socket *client = lab_open("tcp", &call);
		struct driver_message hello = text_message("hello");
		struct driver_failure failure = {0};
		struct err err = {0};

		lab_poll(client->driver->poll(client, true));
		CHECK_IS(-ECONNREFUSED, client->driver->flush(client, &failure, &err));
		CHECK(strcmp(failure.call, "connect") == 0 && failure.errno_value == ECONNREFUSED);
		CHECK(strstr(err.text, families[i].far));
		close_socket(client);
		client = lab_open("tcp", &call);
		lab_poll(client->driver->poll(client, false));
		expect_send_failure(client, &hello, "connect", ECONNREFUSED);
		close_socket(client);
	}
}

LAB_TEST(tcp, nothing_is_sent_before_the_connection_stands_and_flush_tells_when)
{
	struct driver_open call = to("192.0.2.77", 80); /* nobody has this address: ARP goes unanswered */
	struct driver_socket *client = lab_open("tcp", &call);
	struct driver_message message, hello = text_message("hello");
	struct driver_failure failure;
	size_t sent = 7;
	struct err err;

	CHECK_IS(DRIVER_AGAIN, client->driver->flush(client, &failure, &err));
	CHECK_IS(DRIVER_AGAIN, client->driver->send(client, &hello, 1, &sent, &failure, &err));
	CHECK_EQ(sent, 0);
	CHECK_IS(DRIVER_AGAIN, client->driver->receive(client, &message, &failure, &err));
	CHECK_EQ(client->driver->poll(client, false).events, POLLOUT);
	client->driver->close(client, true);
}

LAB_TEST(tcp, a_message_larger_than_the_buffers_is_kept_and_arrives_whole)
{
	const size_t total = 8u << 20;
	struct driver_socket *listener, *client, *server;
	struct driver_failure failure;
	struct driver_message message;
	uint8_t *data = arena_alloc(lab->arena, total);
	size_t got = 0, sent = 0;
	struct err err;
	int r;

	for (size_t i = 0; i < total; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8));
	connect_pair(lab, "192.0.2.2", &listener, &client, &server);
	struct driver_message big = {.data = data, .length = total, .peer_port = -1};
	while ((r = client->driver->send(client, &big, 1, &sent, &failure, &err)) == DRIVER_AGAIN && !sent)
		lab_poll(client->driver->poll(client, true));
	CHECK_EQ(sent, 1);
	CHECK_IS(DRIVER_AGAIN, client->driver->flush(client, &failure, &err)); /* the buffers do not hold all of it */
	memset(data, 0, total); /* what was accepted is the driver's own copy */
	while (got < total) {
		r = server->driver->receive(server, &message, &failure, &err);
		CHECK(r == DRIVER_DONE || r == DRIVER_AGAIN);
		if (r == DRIVER_DONE)
			for (size_t i = 0; i < message.length; i++, got++)
				CHECK(message.data[i] == (uint8_t)(got * 7 + (got >> 8)));
		else if (client->driver->flush(client, &failure, &err) == DRIVER_DONE)
			lab_poll(server->driver->poll(server, false));
	}
	CHECK_IS(DRIVER_DONE, client->driver->flush(client, &failure, &err));
	client->driver->close(client, true);
	server->driver->close(server, true);
	close_socket(listener);
}

LAB_TEST(tcp, closing_by_reset_is_seen_as_one)
{
	struct driver_socket *listener, *client, *server;
	struct driver_failure failure = {0};
	struct driver_message message;
	struct err err = {0};

	connect_pair(lab, "192.0.2.2", &listener, &client, &server);
	lab_poll(client->driver->poll(client, true));
	client->driver->close(client, true);
	lab_poll(server->driver->poll(server, false));
	CHECK_IS(-ECONNRESET, server->driver->receive(server, &message, &failure, &err));
	CHECK(strcmp(failure.call, "recvfrom") == 0);
	close_socket(server);
	/* SO_REUSEADDR: the port can be listened on again at once. */
	close_socket(listener);
	struct driver_open listen = from("192.0.2.2", 80);
	listen.listen = true;
	lab_enter(lab->far);
	close_socket(lab_open("tcp", &listen));
	listen.from = lab_addr("192.0.2.99");
	lab_open_fails("tcp", &listen, "bind", EADDRNOTAVAIL);
}

/* --- raw --- */

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
	struct driver_open how = from(addr, -1);

	how.options = lab_options(lab, &kind_raw_receive, "protocol", protocol, NULL);
	lab_enter(lab->far);
	struct driver_socket *socket = lab_open("raw", &how);
	lab_enter(lab->near);
	return socket;
}

LAB_TEST(raw, a_packet_with_its_header_goes_where_the_header_says)
{
	struct driver_open how = nothing();
	struct driver_message message;
	uint8_t packet[64];

	how.ip_header = true;
	struct driver_socket *sender = lab_open("raw", &how);
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct driver_socket *receiver = listen_raw(lab, families[i].far, "253");
		struct ip_addr near = lab_addr(families[i].near);
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
		close_socket(receiver);
	}
	close_socket(sender);
}

LAB_TEST(raw, the_kernel_makes_the_header_where_it_is_not_included)
{
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct driver_open how = to(families[i].far, -1);
		struct driver_socket *receiver = listen_raw(lab, families[i].far, "253");
		struct driver_message message, hello = text_message("hello");

		how.options = lab_options(lab, &kind_raw_send, "protocol", "253", NULL);
		struct driver_socket *sender = lab_open("raw", &how);
		lab_send(sender, &hello);
		CHECK_EQ(lab_receive(receiver, &message), DRIVER_DONE);
		CHECK_EQ(message.length, 5 + (message.peer.family == AF_INET ? sizeof(struct iphdr) : 0));
		close_socket(sender);
		close_socket(receiver);
	}
}

LAB_TEST(raw, an_echo_request_built_by_hand_is_answered_by_the_kernel)
{
	uint8_t request[8] = {8, 0, 0, 0, 0x12, 0x34, 0, 1};
	uint16_t sum = htons(checksum_finish(checksum_add(0, request, sizeof(request))));
	struct driver_open how = to("192.0.2.2", -1);
	struct driver_message message, ping = {.data = request, .length = sizeof(request), .peer_port = -1};

	memcpy(request + 2, &sum, sizeof(sum));
	how.options = lab_options(lab, &kind_raw_open, "protocol", "icmp", NULL);
	struct driver_socket *socket = lab_open("raw", &how);
	lab_send(socket, &ping);
	CHECK_EQ(lab_receive(socket, &message), DRIVER_DONE);
	CHECK_EQ(message.length, sizeof(struct iphdr) + 8);
	CHECK_EQ(message.data[sizeof(struct iphdr)], 0); /* echo reply */
	CHECK(message.stamp > 0);
	close_socket(socket);
}

LAB_TEST(raw, what_the_kernel_refuses_names_the_call)
{
	struct driver_open nowhere = nothing(), elsewhere = from("192.0.2.99", -1);
	struct driver_message hello = text_message("no header at all");

	lab_open_fails("raw", &elsewhere, "bind", EADDRNOTAVAIL);
	nowhere.options = lab_options(lab, &kind_raw_send, "protocol", "253", NULL);
	struct driver_socket *sender = lab_open("raw", &nowhere);
	expect_send_failure(sender, &hello, "sendto", EDESTADDRREQ);
	close_socket(sender);
	nowhere = to("192.0.2.2", -1);
	nowhere.ip_header = true;
	sender = lab_open("raw", &nowhere);
	hello.length = 10;
	expect_send_failure(sender, &hello, "sendto", EINVAL);
	close_socket(sender);
}

LAB_TEST(probe, everything_that_works_here_says_so)
{
	for (size_t i = 0; drivers[i]; i++) {
		struct err err = {0};

		CHECK_OK(drivers[i]->probe(&err));
	}
}
