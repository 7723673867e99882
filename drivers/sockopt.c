/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Socket options by name: one table, a parser a type. */
#include "drivers/sockopt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "drivers/fail.h"
#include "lab/base/clock.h"
#include "lab/scenario/tree.h"

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif
#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

#define SOCKET(option_, type_) {.name = #option_, .level = SOL_SOCKET, .option = option_, .type = type_, .source = "socket(7)"}
#define IP(option_, type_) {.name = #option_, .level = IPPROTO_IP, .option = option_, .type = type_, .source = "ip(7)"}
#define IP6(option_, type_) {.name = #option_, .level = IPPROTO_IPV6, .option = option_, .type = type_, .source = "ipv6(7)"}
#define TCP(option_, type_) {.name = #option_, .level = IPPROTO_TCP, .option = option_, .type = type_, .source = "tcp(7)"}
#define UDP(option_, type_) {.name = #option_, .level = IPPROTO_UDP, .option = option_, .type = type_, .source = "udp(7)"}
#define PACKET(option_, type_) {.name = #option_, .level = SOL_PACKET, .option = option_, .type = type_, .source = "packet(7)"}

static const struct sockopt options[] = {
	SOCKET(SO_BINDTODEVICE, SOCKOPT_TEXT),
	SOCKET(SO_BROADCAST, SOCKOPT_FLAG),
	SOCKET(SO_BUSY_POLL, SOCKOPT_INT),
	SOCKET(SO_DONTROUTE, SOCKOPT_FLAG),
	SOCKET(SO_INCOMING_CPU, SOCKOPT_INT),
	SOCKET(SO_KEEPALIVE, SOCKOPT_FLAG),
	SOCKET(SO_LINGER, SOCKOPT_LINGER),
	SOCKET(SO_MARK, SOCKOPT_INT),
	SOCKET(SO_MAX_PACING_RATE, SOCKOPT_INT),
	SOCKET(SO_NO_CHECK, SOCKOPT_FLAG),
	SOCKET(SO_OOBINLINE, SOCKOPT_FLAG),
	SOCKET(SO_PRIORITY, SOCKOPT_INT),
	SOCKET(SO_RCVBUF, SOCKOPT_INT),
	SOCKET(SO_RCVBUFFORCE, SOCKOPT_INT),
	SOCKET(SO_RCVLOWAT, SOCKOPT_INT),
	SOCKET(SO_RCVTIMEO, SOCKOPT_TIME),
	SOCKET(SO_REUSEADDR, SOCKOPT_FLAG),
	SOCKET(SO_REUSEPORT, SOCKOPT_FLAG),
	SOCKET(SO_RXQ_OVFL, SOCKOPT_FLAG),
	SOCKET(SO_SNDBUF, SOCKOPT_INT),
	SOCKET(SO_SNDBUFFORCE, SOCKOPT_INT),
	SOCKET(SO_SNDTIMEO, SOCKOPT_TIME),
	SOCKET(SO_ZEROCOPY, SOCKOPT_FLAG),

	IP(IP_ADD_MEMBERSHIP, SOCKOPT_GROUP),
	IP(IP_BIND_ADDRESS_NO_PORT, SOCKOPT_FLAG),
	IP(IP_DROP_MEMBERSHIP, SOCKOPT_GROUP),
	IP(IP_FREEBIND, SOCKOPT_FLAG),
	IP(IP_HDRINCL, SOCKOPT_FLAG),
	IP(IP_LOCAL_PORT_RANGE, SOCKOPT_INT),
	IP(IP_MINTTL, SOCKOPT_INT),
	IP(IP_MTU_DISCOVER, SOCKOPT_MTU_DISCOVER),
	IP(IP_MULTICAST_ALL, SOCKOPT_FLAG),
	IP(IP_MULTICAST_IF, SOCKOPT_MREQN),
	IP(IP_MULTICAST_LOOP, SOCKOPT_FLAG),
	IP(IP_MULTICAST_TTL, SOCKOPT_INT),
	IP(IP_NODEFRAG, SOCKOPT_FLAG),
	IP(IP_PKTINFO, SOCKOPT_FLAG),
	IP(IP_RECVERR, SOCKOPT_FLAG),
	IP(IP_RECVORIGDSTADDR, SOCKOPT_FLAG),
	IP(IP_RECVTOS, SOCKOPT_FLAG),
	IP(IP_RECVTTL, SOCKOPT_FLAG),
	IP(IP_ROUTER_ALERT, SOCKOPT_FLAG),
	IP(IP_TOS, SOCKOPT_INT),
	IP(IP_TRANSPARENT, SOCKOPT_FLAG),
	IP(IP_TTL, SOCKOPT_INT),
	IP(IP_UNICAST_IF, SOCKOPT_INTERFACE_NET),

	IP6(IPV6_ADD_MEMBERSHIP, SOCKOPT_GROUP6),
	IP6(IPV6_AUTOFLOWLABEL, SOCKOPT_FLAG),
	IP6(IPV6_DONTFRAG, SOCKOPT_FLAG),
	IP6(IPV6_DROP_MEMBERSHIP, SOCKOPT_GROUP6),
	IP6(IPV6_FREEBIND, SOCKOPT_FLAG),
	IP6(IPV6_HDRINCL, SOCKOPT_FLAG),
	IP6(IPV6_MINHOPCOUNT, SOCKOPT_INT),
	IP6(IPV6_MTU, SOCKOPT_INT),
	IP6(IPV6_MTU_DISCOVER, SOCKOPT_MTU_DISCOVER),
	IP6(IPV6_MULTICAST_ALL, SOCKOPT_FLAG),
	IP6(IPV6_MULTICAST_HOPS, SOCKOPT_INT),
	IP6(IPV6_MULTICAST_IF, SOCKOPT_INTERFACE),
	IP6(IPV6_MULTICAST_LOOP, SOCKOPT_FLAG),
	IP6(IPV6_RECVERR, SOCKOPT_FLAG),
	IP6(IPV6_RECVHOPLIMIT, SOCKOPT_FLAG),
	IP6(IPV6_RECVPKTINFO, SOCKOPT_FLAG),
	IP6(IPV6_RECVTCLASS, SOCKOPT_FLAG),
	IP6(IPV6_TCLASS, SOCKOPT_INT),
	IP6(IPV6_TRANSPARENT, SOCKOPT_FLAG),
	IP6(IPV6_UNICAST_HOPS, SOCKOPT_INT),
	IP6(IPV6_UNICAST_IF, SOCKOPT_INTERFACE_NET),
	IP6(IPV6_V6ONLY, SOCKOPT_FLAG),

	TCP(TCP_CONGESTION, SOCKOPT_TEXT),
	TCP(TCP_CORK, SOCKOPT_FLAG),
	TCP(TCP_DEFER_ACCEPT, SOCKOPT_INT),
	TCP(TCP_FASTOPEN, SOCKOPT_INT),
	TCP(TCP_FASTOPEN_CONNECT, SOCKOPT_FLAG),
	TCP(TCP_KEEPCNT, SOCKOPT_INT),
	TCP(TCP_KEEPIDLE, SOCKOPT_INT),
	TCP(TCP_KEEPINTVL, SOCKOPT_INT),
	TCP(TCP_LINGER2, SOCKOPT_INT),
	TCP(TCP_MAXSEG, SOCKOPT_INT),
	TCP(TCP_NODELAY, SOCKOPT_FLAG),
	TCP(TCP_NOTSENT_LOWAT, SOCKOPT_INT),
	TCP(TCP_QUICKACK, SOCKOPT_FLAG),
	TCP(TCP_SYNCNT, SOCKOPT_INT),
	TCP(TCP_THIN_LINEAR_TIMEOUTS, SOCKOPT_FLAG),
	TCP(TCP_USER_TIMEOUT, SOCKOPT_INT),
	TCP(TCP_WINDOW_CLAMP, SOCKOPT_INT),

	UDP(UDP_CORK, SOCKOPT_FLAG),
	UDP(UDP_GRO, SOCKOPT_FLAG),
	UDP(UDP_NO_CHECK6_RX, SOCKOPT_FLAG),
	UDP(UDP_NO_CHECK6_TX, SOCKOPT_FLAG),
	UDP(UDP_SEGMENT, SOCKOPT_INT),

	PACKET(PACKET_FANOUT, SOCKOPT_INT),
	PACKET(PACKET_IGNORE_OUTGOING, SOCKOPT_FLAG),
	PACKET(PACKET_QDISC_BYPASS, SOCKOPT_FLAG),
	PACKET(PACKET_TIMESTAMP, SOCKOPT_INT),
};

/* A parsed value, ready for setsockopt(2). */
struct sockopt_value {
	union {
		int number;
		struct linger linger;
		struct timeval time;
		struct ip_mreqn mreqn;
		struct ipv6_mreq group6;
		char text[IFNAMSIZ > 64 ? IFNAMSIZ : 64];
	};
	socklen_t length;
	char interface[IFNAMSIZ]; /* whose index is still to be filled in; "" none */
};

const struct sockopt *sockopt_table(size_t *ret_count)
{
	*ret_count = COUNT_OF(options);
	return options;
}

const struct sockopt *sockopt_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static int parse_number(const char *name, const char *text, int *ret, struct err *err)
{
	int64_t number;

	/* 0xffffffff is written for marks and masks: what fits into 32 bits is taken, signed or not. */
	if (str_to_i64(text, &number) < 0 || number < INT32_MIN || number > UINT32_MAX)
		return err_set(err, -EINVAL, "%s: '%s' is not a whole number of 32 bits", name, text);
	*ret = (int)(uint32_t)number;
	return 0;
}

static int parse_flag(const char *name, const char *text, int *ret, struct err *err)
{
	static const struct field field = {.name = "flag"};
	bool on;

	if (strcmp(text, "0") == 0 || strcmp(text, "1") == 0) {
		*ret = text[0] - '0';
		return 0;
	}
	if (type_bool.parse(&field, text, NULL, &on, NULL) < 0)
		return err_set(err, -EINVAL, "%s: '%s' is neither on nor off", name, text);
	*ret = on;
	return 0;
}

static int parse_interface(const char *name, const char *text, char ret[IFNAMSIZ], struct err *err)
{
	size_t length = strlen(text);

	if (!length || length >= IFNAMSIZ || strpbrk(text, " /:"))
		return err_set(err, -EINVAL, "%s: '%s' is no interface name", name, text);
	memcpy(ret, text, length + 1);
	return 0;
}

/* "GROUP" or "GROUP INTERFACE". */
static int parse_group(const struct sockopt *option, const char *text, struct sockopt_value *ret, struct err *err)
{
	const char *space = strchr(text, ' ');
	size_t length = space ? (size_t)(space - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	struct ip_addr group;
	int family = option->type == SOCKOPT_GROUP ? AF_INET : AF_INET6;

	if (length < sizeof(address)) {
		memcpy(address, text, length);
		address[length] = '\0';
	}
	if (length >= sizeof(address) || ip_addr_parse(address, &group, NULL) < 0 || group.family != family)
		return err_set(err, -EINVAL, "%s: '%s' is not an IPv%d group, followed by an interface where wanted", option->name, text,
			       family == AF_INET ? 4 : 6);
	if (family == AF_INET) {
		memcpy(&ret->mreqn.imr_multiaddr, group.bytes, 4);
		ret->length = sizeof(ret->mreqn);
	} else {
		memcpy(&ret->group6.ipv6mr_multiaddr, group.bytes, 16);
		ret->length = sizeof(ret->group6);
	}
	return space ? parse_interface(option->name, space + 1, ret->interface, err) : 0;
}

static int parse_mtu_discover(const struct sockopt *option, const char *text, struct sockopt_value *ret, struct err *err)
{
	static const char *const words[] = {
		[IP_PMTUDISC_DONT] = "DONT",   [IP_PMTUDISC_WANT] = "WANT",           [IP_PMTUDISC_DO] = "DO",
		[IP_PMTUDISC_PROBE] = "PROBE", [IP_PMTUDISC_INTERFACE] = "INTERFACE", [IP_PMTUDISC_OMIT] = "OMIT",
	};
	const char *prefix = option->level == IPPROTO_IP ? "IP_PMTUDISC_" : "IPV6_PMTUDISC_";

	ret->length = sizeof(int);
	if (str_starts(text, prefix))
		for (size_t i = 0; i < COUNT_OF(words); i++)
			if (strcmp(text + strlen(prefix), words[i]) == 0) {
				ret->number = (int)i;
				return 0;
			}
	if (parse_number(option->name, text, &ret->number, NULL) < 0)
		return err_set(err, -EINVAL, "%s: '%s' is none of %sDONT, WANT, DO, PROBE, INTERFACE, OMIT", option->name, text, prefix);
	return 0;
}

static int parse_time(const char *name, const char *text, struct timeval *ret, struct err *err)
{
	static const struct field field = {.name = "time"};
	int64_t span;

	if (type_duration.parse(&field, text, NULL, &span, NULL) < 0)
		return err_set(err, -EINVAL, "%s: '%s' is not a duration such as 50ms", name, text);
	*ret = (struct timeval){.tv_sec = span / NS_PER_S, .tv_usec = span % NS_PER_S / NS_PER_US};
	return 0;
}

static int parse_value(const struct sockopt *option, const char *text, struct sockopt_value *ret, struct err *err)
{
	int on;

	switch (option->type) {
	case SOCKOPT_INT:
		ret->length = sizeof(int);
		return parse_number(option->name, text, &ret->number, err);
	case SOCKOPT_FLAG:
		ret->length = sizeof(int);
		return parse_flag(option->name, text, &ret->number, err);
	case SOCKOPT_LINGER:
		ret->length = sizeof(ret->linger);
		if (strcmp(text, "0") != 0 && parse_flag(option->name, text, &on, NULL) == 0 && !on)
			return 0;
		ret->linger.l_onoff = 1;
		if (parse_number(option->name, text, &ret->linger.l_linger, NULL) < 0 || ret->linger.l_linger < 0)
			return err_set(err, -EINVAL, "%s: '%s' is neither off nor a number of seconds", option->name, text);
		return 0;
	case SOCKOPT_TIME:
		ret->length = sizeof(ret->time);
		return parse_time(option->name, text, &ret->time, err);
	case SOCKOPT_TEXT:
		if (strlen(text) >= sizeof(ret->text))
			return err_set(err, -EINVAL, "%s: '%s' is too long", option->name, text);
		strcpy(ret->text, text);
		ret->length = (socklen_t)strlen(text) + 1;
		return 0;
	case SOCKOPT_INTERFACE:
	case SOCKOPT_INTERFACE_NET:
		ret->length = sizeof(int);
		return parse_interface(option->name, text, ret->interface, err);
	case SOCKOPT_MREQN: {
		struct ip_addr addr;

		ret->length = sizeof(ret->mreqn);
		if (ip_addr_parse(text, &addr, NULL) < 0)
			return parse_interface(option->name, text, ret->interface, err);
		if (addr.family != AF_INET)
			return err_set(err, -EINVAL, "%s: '%s' is not an IPv4 address", option->name, text);
		memcpy(&ret->mreqn.imr_address, addr.bytes, 4);
		return 0;
	}
	case SOCKOPT_GROUP:
	case SOCKOPT_GROUP6:
		return parse_group(option, text, ret, err);
	case SOCKOPT_MTU_DISCOVER:
		return parse_mtu_discover(option, text, ret, err);
	}
	return err_set(err, -EINVAL, "%s cannot be set by name", option->name);
}

static int find_and_parse(const char *name, const char *text, const struct sockopt **ret_option, struct sockopt_value *ret, struct err *err)
{
	const struct sockopt *option = sockopt_find(name);

	if (!option) {
		const char *names[COUNT_OF(options)];

		for (size_t i = 0; i < COUNT_OF(options); i++)
			names[i] = options[i].name;
		const char *near = str_nearest(name, names, COUNT_OF(options));
		return near ? err_set(err, -EINVAL, "'%s' is no socket option; did you mean %s?", name, near) :
			      err_set(err, -EINVAL, "'%s' is no socket option; write its name as in setsockopt(2), IP_TTL for one", name);
	}
	*ret_option = option;
	*ret = (struct sockopt_value){0};
	return parse_value(option, text, ret, err);
}

int sockopt_check(const char *name, const char *value, struct err *err)
{
	const struct sockopt *option = NULL;
	struct sockopt_value parsed;

	return find_and_parse(name, value, &option, &parsed, err);
}

int sockopt_check_list(const struct node_list *settings, struct err *err)
{
	for (size_t i = 0; i < settings->count; i++) {
		const struct setting_node *setting = (const struct setting_node *)settings->items[i];
		int r = setting->value ? sockopt_check(setting->node.name, setting->value, err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* Puts the interface's index where the option wants it. */
static int fill_interface(const struct sockopt *option, struct sockopt_value *value)
{
	unsigned index = if_nametoindex(value->interface);

	if (!index)
		return -ENODEV;
	switch (option->type) {
	case SOCKOPT_INTERFACE:
		value->number = (int)index;
		break;
	case SOCKOPT_INTERFACE_NET:
		value->number = (int)htonl(index);
		break;
	case SOCKOPT_GROUP6:
		value->group6.ipv6mr_interface = index;
		break;
	default:
		value->mreqn.imr_ifindex = (int)index;
		break;
	}
	return 0;
}

int sockopt_set(int fd, const char *name, const char *text, struct driver_failure *failure, struct err *err)
{
	const struct sockopt *option = NULL;
	struct sockopt_value value;
	struct err why;
	int r = find_and_parse(name, text, &option, &value, &why);

	if (r < 0)
		return driver_fail(failure, err, -r, "setsockopt", "%s", why.text);
	if (value.interface[0] && fill_interface(option, &value) < 0)
		return driver_fail(failure, err, ENODEV, "setsockopt", "%s: interface %s", name, value.interface);
	if (setsockopt(fd, option->level, option->option, value.text, value.length) < 0)
		return driver_fail(failure, err, errno, "setsockopt", "%s: %s", name, text);
	return 0;
}

int sockopt_set_list(int fd, const struct node_list *settings, struct driver_failure *failure, struct err *err)
{
	for (size_t i = 0; i < settings->count; i++) {
		const struct setting_node *setting = (const struct setting_node *)settings->items[i];
		int r = setting->value ? sockopt_set(fd, setting->node.name, setting->value, failure, err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}
