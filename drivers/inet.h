/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What udp, tcp and raw have in common: a socket of either family, its options, bind and connect. */
#pragma once

#include <sys/socket.h>

#include "drivers/driver.h"

/*
 * Theory of operation
 *
 * The family follows from the addresses. Where none is written ("receive on :53") a socket of AF_INET6 that takes IPv4
 * as well is used (ipv6(7), IPV6_V6ONLY off): both families work, and mapped addresses (::ffff:192.0.2.1) are turned into
 * plain ones and back at this border. Where the kernel has no IPv6, it is AF_INET.
 *
 * Link-local IPv6 addresses mean nothing without an interface: driver_open.interface names it, and a datagram received
 * from such an address leaves its interface behind for the answer.
 */
struct inet {
	int fd;            /* -1: none */
	int family;        /* of the socket: AF_INET, AF_INET6 */
	bool dual;         /* an AF_INET6 socket for both */
	uint32_t scope;    /* interface index for link-local addresses, 0: none */
};

/* socket(2), non-blocking, and all options: how->setsockopts, then `setsockopt` of the driver's own options. */
int inet_socket(const struct driver_open *how, int type, int protocol, bool dual, struct inet *ret, struct driver_failure *failure,
		struct err *err);
/* The family that how->from and how->to ask for: AF_INET, AF_INET6, or 0 where neither is written. */
int inet_family(const struct driver_open *how);
/* bind(2) to how->from and its port, where either is written. */
int inet_bind(const struct inet *inet, const struct driver_open *how, struct driver_failure *failure, struct err *err);
/* A sockaddr for an address as this socket wants it. `port` below 0 is 0. Returns its length. */
socklen_t inet_address(const struct inet *inet, const struct ip_addr *addr, int32_t port, struct sockaddr_storage *ret);
/* And back; remembers the scope of link-local ones. */
void inet_peer(struct inet *inet, const struct sockaddr_storage *address, socklen_t length, struct ip_addr *ret_addr, int32_t *ret_port);
/* "192.0.2.1:80" for messages, in `buffer`. */
const char *inet_print(const struct ip_addr *addr, int32_t port, char buffer[64]);

/*
 * One datagram (recvmsg(2)) into `buffer`; stamps need SO_TIMESTAMPNS. DRIVER_DONE or DRIVER_AGAIN. Fills `ret` and counts
 * into `stats`.
 */
int inet_receive(struct inet *inet, uint8_t *buffer, size_t size, struct driver_message *ret, struct driver_stats *stats,
		 struct driver_failure *failure, struct err *err);
/* Datagrams that the socket's buffer had no room for (SO_MEMINFO). */
int inet_drops(const struct inet *inet, uint64_t *ret, struct err *err);

/* driver.check of sockets: the options' names and values. */
int inet_check(const struct node *options, const char **ret_field, struct err *err);
