/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udp over a wire, both families. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "drivers/options.h"
#include "lab/base/clock.h"
#include "lab/scenario/tree.h"
#include "tests/drivers/inet_lab.h"

LAB_TEST(udp, a_datagram_crosses_with_peer_port_and_stamp_and_is_answered)
{
	for (size_t i = 0; i < INET_FAMILIES; i++) {
		struct driver_open listen = inet_from(inet_families[i].far, 53), call = inet_to(inet_families[i].far, 53);
		struct driver_message message, question = inet_text("question");
		struct ip_addr near = lab_addr(inet_families[i].near);
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
		CHECK(inet_says(&message, "question"));
		CHECK(ip_addr_equal(&message.peer, &near));
		CHECK_EQ(message.peer_port, 6881);
		CHECK(message.stamp >= before && message.stamp <= clock_tape());
		CHECK_EQ(message.wire_length, 8);

		struct driver_message answer = inet_text("answer");
		answer.peer = message.peer;
		answer.peer_port = message.peer_port;
		lab_send(server, &answer);
		CHECK_EQ(lab_receive(client, &message), DRIVER_DONE);
		CHECK(inet_says(&message, "answer"));
		CHECK_OK(server->driver->stats(server, &stats, &err));
		CHECK(stats.packets == 2 && stats.bytes == 14 && stats.drops == 0 && stats.calls >= 2);
		inet_close(server);
		inet_close(client);
	}
}

LAB_TEST(udp, a_socket_on_a_port_alone_hears_and_answers_both_inet_families)
{
	struct driver_open any = inet_from(NULL, 53);

	lab_enter(lab->far);
	struct driver_socket *server = lab_open("udp", &any);
	lab_enter(lab->near);
	for (size_t i = 0; i < INET_FAMILIES; i++) {
		struct driver_open call = inet_to(inet_families[i].far, 53);
		struct driver_message message, hello = inet_text("hello");
		struct ip_addr near = lab_addr(inet_families[i].near);
		struct driver_socket *client = lab_open("udp", &call);

		lab_send(client, &hello);
		CHECK_EQ(lab_receive(server, &message), DRIVER_DONE);
		CHECK(ip_addr_equal(&message.peer, &near));
		lab_send(server, &message); /* an echo: data, peer and port as received */
		CHECK_EQ(lab_receive(client, &message), DRIVER_DONE);
		CHECK(inet_says(&message, "hello"));
		inet_close(client);
	}
	inet_close(server);
}

LAB_TEST(udp, link_local_addresses_work_through_the_interface)
{
	struct driver_open any = inet_from(NULL, 53), call = inet_to("ff02::1", 53);
	struct driver_message message, hello = inet_text("hello");
	struct ip_prefix own;
	struct err err;

	/* Given, since the kernel's own comes when a work queue gets round to it. */
	CHECK_OK(ip_prefix_parse("fe80::1/64", &own, &err));
	CHECK_OK(rtnl_add_address(lab->near_rtnl, LAB_IFINDEX, &own, &err));
	CHECK_OK(rtnl_commit(lab->near_rtnl, &err));
	call.from = own.addr;
	call.from_port = 6881;
	call.interface = "end0";
	lab_enter(lab->far);
	struct driver_socket *server = lab_open("udp", &any);
	lab_enter(lab->near);
	struct driver_socket *client = lab_open("udp", &call);
	lab_send(client, &hello);
	CHECK_EQ(lab_receive(server, &message), DRIVER_DONE);
	CHECK(ip_addr_equal(&message.peer, &own.addr));
	lab_send(server, &message); /* back to fe80::1, through the interface it came by; its own address is the kernel's choice */
	inet_close(client);
	inet_close(server);
	call.interface = NULL;
	lab_open_fails("udp", &call, "bind", EINVAL);
}

LAB_TEST(udp, an_unconnected_socket_sends_to_each_messages_peer)
{
	struct driver_open a = inet_from("192.0.2.2", 1001), b = inet_from("192.0.2.2", 1002), unbound = inet_nothing();
	struct driver_message message;

	lab_enter(lab->far);
	struct driver_socket *first = lab_open("udp", &a), *second = lab_open("udp", &b);
	lab_enter(lab->near);
	struct driver_socket *client = lab_open("udp", &unbound);
	for (int port = 1001; port <= 1002; port++) {
		struct driver_message hello = inet_text(port == 1001 ? "first" : "second");

		hello.peer = lab_addr("192.0.2.2");
		hello.peer_port = port;
		lab_send(client, &hello);
	}
	CHECK_EQ(lab_receive(first, &message), DRIVER_DONE);
	CHECK(inet_says(&message, "first"));
	CHECK_EQ(lab_receive(second, &message), DRIVER_DONE);
	CHECK(inet_says(&message, "second"));
	inet_close(first);
	inet_close(second);
	inet_close(client);
}

LAB_TEST(udp, a_peer_without_a_port_narrows_who_is_heard)
{
	struct driver_open only = inet_from("192.0.2.2", 53), call = inet_to("192.0.2.2", 53);
	struct driver_message message, hello = inet_text("from near");
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
	inet_close(strict);
	only.to = lab_addr("192.0.2.1");
	lab_enter(lab->far);
	strict = lab_open("udp", &only);
	lab_send(client, &hello);
	CHECK_EQ(lab_receive(strict, &message), DRIVER_DONE);
	inet_close(strict);
	inet_close(client);
}

LAB_TEST(udp, an_icmp_error_is_the_result_of_the_next_call)
{
	for (size_t i = 0; i < INET_FAMILIES; i++) {
		struct driver_open call = inet_to(inet_families[i].far, 9);
		struct driver_message message, hello = inet_text("anybody?");
		struct driver_socket *client = lab_open("udp", &call);
		struct driver_failure failure = {0};
		struct err err = {0};

		lab_send(client, &hello);
		CHECK(lab_poll(client->driver->poll(client, false)) & POLLERR);
		inet_expect_send_failure(client, &hello, "sendto", ECONNREFUSED);
		lab_send(client, &hello);
		CHECK(lab_poll(client->driver->poll(client, false)) & POLLERR);
		CHECK_IS(-ECONNREFUSED, client->driver->receive(client, &message, &failure, &err));
		CHECK(strcmp(failure.call, "recvmsg") == 0 && failure.errno_value == ECONNREFUSED);
		inet_close(client);
	}
}

LAB_TEST(udp, what_is_too_long_is_emsgsize)
{
	static const uint8_t zeros[65536];
	struct driver_setsockopt whole = {"IP_MTU_DISCOVER", "IP_PMTUDISC_DO"};
	struct driver_open call = inet_to("192.0.2.2", 9);
	struct driver_message message = {.data = zeros, .length = sizeof(zeros), .peer_port = -1};
	struct driver_socket *client = lab_open("udp", &call);

	inet_expect_send_failure(client, &message, "sendto", EMSGSIZE);
	inet_close(client);
	call.setsockopts = &whole;
	call.setsockopt_count = 1;
	client = lab_open("udp", &call);
	message.length = 1473; /* 1500 - 20 - 8 + 1 */
	inet_expect_send_failure(client, &message, "sendto", EMSGSIZE);
	message.length = 1472;
	lab_send(client, &message);
	inet_close(client);
}

LAB_TEST(udp, what_open_cannot_do_names_the_call)
{
	struct driver_setsockopt no_ttl = {"IP_TTL", "256"}, unknown = {"IP_TLL", "3"};
	struct driver_open elsewhere = inet_from("192.0.2.99", 53), nowhere = inet_to("198.51.100.1", 9), bad = inet_from("192.0.2.1", 53);

	lab_open_fails("udp", &elsewhere, "bind", EADDRNOTAVAIL);
	lab_open_fails("udp", &nowhere, "connect", ENETUNREACH);
	bad.setsockopts = &no_ttl;
	bad.setsockopt_count = 1;
	lab_open_fails("udp", &bad, "setsockopt", EINVAL);
	bad.setsockopts = &unknown;
	lab_open_fails("udp", &bad, "setsockopt", EINVAL);
	bad = inet_from("192.0.2.1", 53);
	struct driver_socket *first = lab_open("udp", &bad);
	lab_open_fails("udp", &bad, "bind", EADDRINUSE);
	inet_close(first);
}

LAB_TEST(udp, options_beside_the_step_are_set)
{
	struct setting_node ttl = {.node = {.name = "IP_TTL"}, .value = "3"}, broken = {.node = {.name = "IP_TTL"}, .value = "256"};
	struct node *list[] = {&ttl.node};
	struct socket_options *options = (struct socket_options *)(uintptr_t)lab_options(lab, &kind_udp, NULL);
	struct driver_open call = inet_to("192.0.2.2", 9);
	int value = 0;
	socklen_t length = sizeof(value);

	options->setsockopt = (struct node_list){.items = list, .count = 1};
	call.options = &options->node;
	struct driver_socket *client = lab_open("udp", &call);
	CHECK_EQ(getsockopt(client->driver->poll(client, true).fd, IPPROTO_IP, IP_TTL, &value, &length), 0);
	CHECK_EQ(value, 3);
	inet_close(client);
	list[0] = &broken.node;
	lab_open_fails("udp", &call, "setsockopt", EINVAL);
}

LAB_TEST(udp, datagrams_that_find_no_room_are_counted)
{
	struct driver_setsockopt small = {"SO_RCVBUF", "2304"};
	struct driver_open listen = inet_from("192.0.2.2", 53), call = inet_to("192.0.2.2", 53);
	struct driver_message message, hello = inet_text("hello");
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
	inet_close(server);
	inet_close(client);
}
