/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and messages for the tests of udp, tcp and raw. */
#include "tests/drivers/inet_lab.h"

#include <string.h>

const struct inet_family inet_families[INET_FAMILIES] = {{"192.0.2.1", "192.0.2.2"}, {"2001:db8::1", "2001:db8::2"}};

struct driver_open inet_nothing(void)
{
	return (struct driver_open){.from_port = -1, .to_port = -1};
}

struct driver_open inet_from(const char *addr, int32_t port)
{
	struct driver_open how = inet_nothing();

	if (addr)
		how.from = lab_addr(addr);
	how.from_port = port;
	return how;
}

struct driver_open inet_to(const char *addr, int32_t port)
{
	struct driver_open how = inet_nothing();

	how.to = lab_addr(addr);
	how.to_port = port;
	return how;
}

struct driver_message inet_text(const char *text)
{
	return (struct driver_message){.data = (const uint8_t *)text, .length = strlen(text), .peer_port = -1};
}

bool inet_says(const struct driver_message *message, const char *text)
{
	return message->length == strlen(text) && memcmp(message->data, text, message->length) == 0;
}

void inet_close(struct driver_socket *socket)
{
	socket->driver->close(socket, false);
}

void inet_expect_send_failure(struct driver_socket *socket, const struct driver_message *message, const char *call, int errno_value)
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
