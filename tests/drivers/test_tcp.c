/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tcp over a wire, both families. */
#include <errno.h>
#include <string.h>

#include "tests/drivers/inet_lab.h"

static void connect_pair(struct lab *lab, const char *addr, struct driver_socket **ret_listener, struct driver_socket **ret_client,
			 struct driver_socket **ret_server)
{
	struct driver_open listen = inet_from(addr, 80), call = inet_to(addr ? addr : "192.0.2.2", 80);

	listen.listen = true;
	lab_enter(lab->far);
	*ret_listener = lab_open("tcp", &listen);
	lab_enter(lab->near);
	*ret_client = lab_open("tcp", &call);
	*ret_server = lab_accept(*ret_listener);
}

LAB_TEST(tcp, a_stream_goes_both_ways_and_ends)
{
	for (size_t i = 0; i < INET_FAMILIES; i++) {
		struct driver_socket *listener, *client, *server;
		struct driver_message message, hello = inet_text("hello"), answer = inet_text("answer");
		struct ip_addr near = lab_addr(inet_families[i].near);

		connect_pair(lab, inet_families[i].far, &listener, &client, &server);
		lab_send(client, &hello);
		CHECK_EQ(lab_receive(server, &message), DRIVER_DONE);
		CHECK(inet_says(&message, "hello"));
		CHECK(ip_addr_equal(&message.peer, &near));
		CHECK(message.peer_port > 0);
		lab_send(server, &answer);
		CHECK_EQ(lab_receive(client, &message), DRIVER_DONE);
		CHECK(inet_says(&message, "answer"));
		inet_close(client);
		CHECK_EQ(lab_receive(server, &message), DRIVER_END);
		inet_close(server);
		inet_close(listener);
	}
}

LAB_TEST(tcp, a_listener_on_a_port_alone_takes_both_inet_families)
{
	struct driver_open any = inet_from(NULL, 80);

	any.listen = true;
	lab_enter(lab->far);
	struct driver_socket *listener = lab_open("tcp", &any);
	lab_enter(lab->near);
	for (size_t i = 0; i < INET_FAMILIES; i++) {
		struct driver_open call = inet_to(inet_families[i].far, 80);
		struct driver_message message, hello = inet_text("hello");
		struct ip_addr near = lab_addr(inet_families[i].near);
		struct driver_socket *client = lab_open("tcp", &call), *server = lab_accept(listener);

		lab_send(client, &hello);
		CHECK_EQ(lab_receive(server, &message), DRIVER_DONE);
		CHECK(ip_addr_equal(&message.peer, &near));
		inet_close(client);
		inet_close(server);
	}
	inet_close(listener);
}

LAB_TEST(tcp, a_refused_connection_is_a_failure_of_connect)
{
	for (size_t i = 0; i < INET_FAMILIES; i++) {
		struct driver_open call = inet_to(inet_families[i].far, 81);
		struct driver_socket *client = lab_open("tcp", &call);
		struct driver_message hello = inet_text("hello");
		struct driver_failure failure = {0};
		struct err err = {0};

		lab_poll(client->driver->poll(client, true));
		CHECK_IS(-ECONNREFUSED, client->driver->flush(client, &failure, &err));
		CHECK(strcmp(failure.call, "connect") == 0 && failure.errno_value == ECONNREFUSED);
		CHECK(strstr(err.text, inet_families[i].far));
		inet_close(client);
		client = lab_open("tcp", &call);
		lab_poll(client->driver->poll(client, false));
		inet_expect_send_failure(client, &hello, "connect", ECONNREFUSED);
		inet_close(client);
	}
}

LAB_TEST(tcp, nothing_is_sent_before_the_connection_stands_and_flush_tells_when)
{
	struct driver_open call = inet_to("192.0.2.77", 80); /* nobody has this address: ARP goes unanswered */
	struct driver_socket *client = lab_open("tcp", &call);
	struct driver_message message, hello = inet_text("hello");
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
	inet_close(listener);
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
	inet_close(server);
	/* SO_REUSEADDR: the port can be listened on again at once. */
	inet_close(listener);
	struct driver_open listen = inet_from("192.0.2.2", 80);
	listen.listen = true;
	lab_enter(lab->far);
	inet_close(lab_open("tcp", &listen));
	listen.from = lab_addr("192.0.2.99");
	lab_open_fails("tcp", &listen, "bind", EADDRNOTAVAIL);
}
