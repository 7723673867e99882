/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses: IPv4, IPv6, prefixes, MAC; text to value and back. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lab/base/err.h"
#include "lab/base/field.h"
#include "lab/base/text.h"

struct ip_addr {
	uint8_t family;    /* AF_INET, AF_INET6; 0: none */
	uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest are zero */
};

struct ip_prefix {
	struct ip_addr addr; /* host bits kept */
	uint8_t length;      /* bits */
};

struct mac_addr {
	uint8_t bytes[6];
};

/* inet_pton(3) forms only, no host names; IPv6 without zone. 0 or -EINVAL. */
int ip_addr_parse(const char *text, struct ip_addr *ret, struct err *err);
void ip_addr_print(const struct ip_addr *addr, struct text *out); /* RFC 5952 for IPv6 */
bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b);
/* "192.0.2.1/24"; without a length /32 or /128. */
int ip_prefix_parse(const char *text, struct ip_prefix *ret, struct err *err);
void ip_prefix_print(const struct ip_prefix *prefix, struct text *out);
bool ip_prefix_contains(const struct ip_prefix *prefix, const struct ip_addr *addr);
/* RFC 5737, RFC 3849, RFC 9637, loopback, link-local, multicast, unspecified, IPv4 broadcast. */
bool ip_addr_is_for_labs(const struct ip_addr *addr);
/* Six pairs of hex digits with ':' or '-'. */
int mac_addr_parse(const char *text, struct mac_addr *ret, struct err *err);
void mac_addr_print(const struct mac_addr *mac, struct text *out);
/* A locally administered unicast MAC made from names, the same in every run: 02:… */
struct mac_addr mac_addr_derive(const char *node, const char *interface);
/* Fills a sockaddr_in or sockaddr_in6; returns its length. Port in host order. */
socklen_t ip_addr_to_sockaddr(const struct ip_addr *addr, uint16_t port, struct sockaddr_storage *ret);
/* From AF_INET or AF_INET6; -EAFNOSUPPORT otherwise. ret_port may be NULL. */
int ip_addr_from_sockaddr(const struct sockaddr *sockaddr, socklen_t length, struct ip_addr *ret, uint16_t *ret_port);

extern const struct value_type type_ip_addr;   /* struct ip_addr */
extern const struct value_type type_ip_prefix; /* struct ip_prefix */
extern const struct value_type type_mac_addr;  /* struct mac_addr */
