/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and messages for the tests of udp, tcp and raw. */
#pragma once

#include "tests/drivers/lab.h"

/* Both ends of the wire, in each family. */
#define INET_FAMILIES 2
extern const struct inet_family {
	const char *near, *far;
} inet_families[INET_FAMILIES];

/* What a step that names no address leaves; one that names `from`; one that names `to`. NULL: a port alone. */
struct driver_open inet_nothing(void);
struct driver_open inet_from(const char *addr, int32_t port);
struct driver_open inet_to(const char *addr, int32_t port);
struct driver_message inet_text(const char *text);
bool inet_says(const struct driver_message *message, const char *text);
void inet_close(struct driver_socket *socket);
/* send() must fail in `call` with `errno_value`, and accept nothing. */
void inet_expect_send_failure(struct driver_socket *socket, const struct driver_message *message, const char *call, int errno_value);
