/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Socket options by name: `options: {IP_TTL: 3, TCP_NODELAY: on}` in setsockopt(2)'s words. */
#pragma once

#include <stdbool.h>

#include "lab/base/err.h"
#include "lab/base/field.h"

struct driver_failure;

/* What the option's value is, in C and in text. */
enum sockopt_type {
	SOCKOPT_INT,        /* int: 3, 0x10, -1 */
	SOCKOPT_FLAG,       /* int: on, off, true, false, yes, no, 1, 0 */
	SOCKOPT_LINGER,     /* struct linger: seconds, or off */
	SOCKOPT_TIME,       /* struct timeval: 50ms */
	SOCKOPT_TEXT,       /* char []: eth0, cubic */
	SOCKOPT_INTERFACE,  /* int, an interface's index: eth0 */
	SOCKOPT_INTERFACE_NET, /* the same in network order (IP_UNICAST_IF) */
	SOCKOPT_MREQN,      /* struct ip_mreqn: an interface's name, or an address */
	SOCKOPT_GROUP,      /* struct ip_mreqn: "233.252.0.1 eth0" */
	SOCKOPT_GROUP6,     /* struct ipv6_mreq: "ff05::2 eth0" */
	SOCKOPT_MTU_DISCOVER, /* int: IP_PMTUDISC_DO, or a number */
};

struct sockopt {
	const char *name;   /* "IP_TTL" */
	int level;          /* IPPROTO_IP */
	int option;         /* IP_TTL */
	enum sockopt_type type;
	const char *source; /* "ip(7)" */
};

/* Every option that can be named; `count` in *ret_count. */
const struct sockopt *sockopt_table(size_t *ret_count);
/* NULL where there is none of that name. */
const struct sockopt *sockopt_find(const char *name);

/* Judges name and value, with no socket at hand: 0, or -EINVAL; the message knows the nearest name. */
int sockopt_check(const char *name, const char *value, struct err *err);
/* The same for every entry of a list of struct setting_node. */
int sockopt_check_list(const struct node_list *settings, struct err *err);

/*
 * Sets it. Interfaces are looked up in the calling thread's namespace. -EINVAL as sockopt_check(), -ENODEV no such
 * interface, or what setsockopt(2) says. `failure` and `err` may be NULL.
 */
int sockopt_set(int fd, const char *name, const char *value, struct driver_failure *failure, struct err *err);
int sockopt_set_list(int fd, const struct node_list *settings, struct driver_failure *failure, struct err *err);
