/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes, rules and neighbours in iproute2's words (ip-route(8), ip-rule(8), ip-neighbour(8)). */
#pragma once

#include "lab/base/field.h"
#include "lab/packet/addr.h"

enum route_type { ROUTE_UNICAST, ROUTE_LOCAL, ROUTE_BLACKHOLE, ROUTE_UNREACHABLE, ROUTE_PROHIBIT, ROUTE_THROW };

struct route_spec {
	int type;                /* enum route_type */
	struct ip_prefix to;     /* length 0 and the family of `via` for "default" */
	bool is_default;
	struct ip_addr via;      /* family 0: none */
	const char *dev;         /* or NULL */
	struct ip_addr src;      /* family 0: none */
	uint32_t table;          /* 0: main (local for type local); words main, local, default or a number */
	uint32_t metric;         /* 0: the kernel's */
	uint32_t mtu, advmss;    /* 0: none */
	bool onlink;
	int8_t scope;            /* -1: what iproute2 would choose */
	uint8_t family;          /* AF_INET or AF_INET6 */
};

struct rule_spec {
	uint8_t family;
	uint32_t priority;       /* 0: the kernel's */
	struct ip_prefix from, to; /* addr.family 0: all */
	const char *iif, *oif;   /* or NULL */
	uint32_t fwmark, fwmask; /* mask 0: none */
	bool has_fwmark;
	uint8_t ipproto;         /* 0: any */
	uint16_t sport, dport;   /* 0: any */
	uint32_t table;          /* of the lookup */
	int action;              /* FR_ACT_TO_TBL, FR_ACT_BLACKHOLE, FR_ACT_UNREACHABLE, FR_ACT_PROHIBIT (linux/fib_rules.h) */
};

struct neighbour_spec {
	struct ip_addr addr;
	struct mac_addr mac;
	bool has_mac;
	const char *dev;
	bool proxy;
	uint16_t state;          /* NUD_PERMANENT, NUD_REACHABLE… (linux/neighbour.h) */
};

extern const struct value_type type_route;     /* struct route_spec */
extern const struct value_type type_rule;      /* struct rule_spec */
extern const struct value_type type_neighbour; /* struct neighbour_spec */
