/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, routes, rules and neighbours: the same requests that ip(8) sends. */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "lab/kernel/rtnl.h"
#include "lab/kernel/rtnl_request.h"

static size_t addr_size(uint8_t family)
{
	return family == AF_INET6 ? 16 : 4;
}

static void put_addr(struct nl_msg *msg, int type, const struct ip_addr *addr)
{
	rtnl_put(msg, type, addr->bytes, addr_size(addr->family));
}

/* --- addresses --- */

static int queue_address(struct rtnl *rtnl, int type, int flags, int index, const struct ip_prefix *address, struct err *err)
{
	struct ifaddrmsg ifa = {
		.ifa_family = address->addr.family,
		.ifa_prefixlen = address->length,
		.ifa_index = (unsigned)index,
		.ifa_scope = address->addr.family == AF_INET && address->addr.bytes[0] == 127 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
	};
	struct nl_msg *msg = rtnl_request(type, flags, &ifa, sizeof(ifa));
	_cleanup_text_ struct text words = {0};

	put_addr(msg, IFA_LOCAL, &address->addr);
	put_addr(msg, IFA_ADDRESS, &address->addr);
	if (type == RTM_NEWADDR && address->addr.family == AF_INET6)
		rtnl_put_u32(msg, IFA_FLAGS, IFA_F_NODAD);
	ip_prefix_print(address, &words);
	return rtnl_queue(rtnl, msg, err, "cannot %s address %s", type == RTM_NEWADDR ? "add" : "delete", text_str(&words));
}

int rtnl_add_address(struct rtnl *rtnl, int index, const struct ip_prefix *address, struct err *err)
{
	return queue_address(rtnl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, address, err);
}

int rtnl_del_address(struct rtnl *rtnl, int index, const struct ip_prefix *address, struct err *err)
{
	return queue_address(rtnl, RTM_DELADDR, 0, index, address, err);
}

/* --- routes --- */

static const uint8_t route_types[] = {
	[ROUTE_UNICAST] = RTN_UNICAST,         [ROUTE_LOCAL] = RTN_LOCAL,       [ROUTE_BLACKHOLE] = RTN_BLACKHOLE,
	[ROUTE_UNREACHABLE] = RTN_UNREACHABLE, [ROUTE_PROHIBIT] = RTN_PROHIBIT, [ROUTE_THROW] = RTN_THROW,
};

/* The scope that ip(8) chooses where none is written. */
static uint8_t route_scope(const struct route_spec *route, bool del)
{
	if (route->scope >= 0)
		return (uint8_t)route->scope;
	if (route->family == AF_INET6)
		return RT_SCOPE_UNIVERSE;
	if (route->type == ROUTE_LOCAL)
		return RT_SCOPE_HOST;
	if (del)
		return RT_SCOPE_NOWHERE; /* any */
	return route->type == ROUTE_UNICAST && !route->via.family ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

static void put_gateway(struct nl_msg *msg, const struct route_spec *route)
{
	struct {
		uint16_t family; /* struct rtvia, whose address is a flexible array */
		uint8_t bytes[16];
	} other = {.family = route->via.family};

	if (!route->via.family)
		return;
	if (route->via.family == route->family) {
		put_addr(msg, RTA_GATEWAY, &route->via);
		return;
	}
	memcpy(other.bytes, route->via.bytes, sizeof(other.bytes));
	rtnl_put(msg, RTA_VIA, &other, sizeof(other.family) + addr_size(route->via.family));
}

static int queue_route(struct rtnl *rtnl, int type, int flags, const struct route_spec *route, int dev_index, struct err *err)
{
	bool del = type == RTM_DELROUTE;
	uint32_t table = route->table ? route->table : route->type == ROUTE_LOCAL ? RT_TABLE_LOCAL : RT_TABLE_MAIN;
	struct rtmsg rtm = {
		.rtm_family = route->family,
		.rtm_dst_len = route->is_default ? 0 : route->to.length,
		.rtm_table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC,
		.rtm_protocol = del ? RTPROT_UNSPEC : RTPROT_BOOT,
		.rtm_scope = route_scope(route, del),
		.rtm_type = del && route->type == ROUTE_UNICAST ? RTN_UNSPEC : route_types[route->type],
		.rtm_flags = route->onlink ? RTNH_F_ONLINK : 0,
	};
	struct nl_msg *msg = rtnl_request(type, flags, &rtm, sizeof(rtm));
	_cleanup_text_ struct text words = {0};

	if (rtm.rtm_dst_len)
		put_addr(msg, RTA_DST, &route->to.addr);
	put_gateway(msg, route);
	if (dev_index)
		rtnl_put_u32(msg, RTA_OIF, (uint32_t)dev_index);
	if (route->src.family)
		put_addr(msg, RTA_PREFSRC, &route->src);
	if (table >= 256)
		rtnl_put_u32(msg, RTA_TABLE, table);
	if (route->metric)
		rtnl_put_u32(msg, RTA_PRIORITY, route->metric);
	if (route->mtu || route->advmss) {
		struct nlattr *metrics = rtnl_nest(msg, RTA_METRICS);

		if (route->mtu)
			rtnl_put_u32(msg, RTAX_MTU, route->mtu);
		if (route->advmss)
			rtnl_put_u32(msg, RTAX_ADVMSS, route->advmss);
		rtnl_nest_end(msg, metrics);
	}
	type_route.print(NULL, route, &words);
	return rtnl_queue(rtnl, msg, err, "cannot %s route '%s'", del ? "delete" : "add", text_str(&words));
}

int rtnl_add_route(struct rtnl *rtnl, const struct route_spec *route, int dev_index, bool replace, struct err *err)
{
	return queue_route(rtnl, RTM_NEWROUTE, NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL), route, dev_index, err);
}

int rtnl_del_route(struct rtnl *rtnl, const struct route_spec *route, int dev_index, struct err *err)
{
	return queue_route(rtnl, RTM_DELROUTE, 0, route, dev_index, err);
}

/* --- rules --- */

static void put_port(struct nl_msg *msg, int type, uint16_t port)
{
	struct fib_rule_port_range range = {port, port};

	if (port)
		rtnl_put(msg, type, &range, sizeof(range));
}

static int queue_rule(struct rtnl *rtnl, int type, int flags, const struct rule_spec *rule, struct err *err)
{
	uint32_t table = rule->action == FR_ACT_TO_TBL ? rule->table : 0;
	struct fib_rule_hdr header = {
		.family = rule->family ? rule->family : AF_INET,
		.src_len = rule->from.addr.family ? rule->from.length : 0,
		.dst_len = rule->to.addr.family ? rule->to.length : 0,
		.table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC,
		.action = (uint8_t)rule->action,
	};
	struct nl_msg *msg = rtnl_request(type, flags, &header, sizeof(header));
	_cleanup_text_ struct text words = {0};

	if (header.src_len)
		put_addr(msg, FRA_SRC, &rule->from.addr);
	if (header.dst_len)
		put_addr(msg, FRA_DST, &rule->to.addr);
	if (rule->priority)
		rtnl_put_u32(msg, FRA_PRIORITY, rule->priority);
	if (rule->iif)
		rtnl_put_string(msg, FRA_IIFNAME, rule->iif);
	if (rule->oif)
		rtnl_put_string(msg, FRA_OIFNAME, rule->oif);
	if (rule->has_fwmark)
		rtnl_put_u32(msg, FRA_FWMARK, rule->fwmark);
	if (rule->has_fwmark && rule->fwmask)
		rtnl_put_u32(msg, FRA_FWMASK, rule->fwmask);
	if (rule->ipproto)
		rtnl_put_u8(msg, FRA_IP_PROTO, rule->ipproto);
	put_port(msg, FRA_SPORT_RANGE, rule->sport);
	put_port(msg, FRA_DPORT_RANGE, rule->dport);
	if (table >= 256)
		rtnl_put_u32(msg, FRA_TABLE, table);
	type_rule.print(NULL, rule, &words);
	return rtnl_queue(rtnl, msg, err, "cannot %s rule '%s'", type == RTM_NEWRULE ? "add" : "delete", text_str(&words));
}

int rtnl_add_rule(struct rtnl *rtnl, const struct rule_spec *rule, struct err *err)
{
	return queue_rule(rtnl, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule, err);
}

int rtnl_del_rule(struct rtnl *rtnl, const struct rule_spec *rule, struct err *err)
{
	return queue_rule(rtnl, RTM_DELRULE, 0, rule, err);
}

/* --- neighbours --- */

static int queue_neighbour(struct rtnl *rtnl, int type, int flags, const struct neighbour_spec *neighbour, int dev_index, struct err *err)
{
	struct ndmsg ndm = {
		.ndm_family = neighbour->addr.family,
		.ndm_ifindex = dev_index,
		.ndm_state = type == RTM_DELNEIGH ? 0 : neighbour->state ? neighbour->state : NUD_PERMANENT,
		.ndm_flags = neighbour->proxy ? NTF_PROXY : 0,
	};
	struct nl_msg *msg = rtnl_request(type, flags, &ndm, sizeof(ndm));
	_cleanup_text_ struct text words = {0};

	put_addr(msg, NDA_DST, &neighbour->addr);
	if (neighbour->has_mac && type == RTM_NEWNEIGH)
		rtnl_put(msg, NDA_LLADDR, neighbour->mac.bytes, sizeof(neighbour->mac.bytes));
	type_neighbour.print(NULL, neighbour, &words);
	return rtnl_queue(rtnl, msg, err, "cannot %s neighbour '%s'", type == RTM_NEWNEIGH ? "add" : "delete", text_str(&words));
}

int rtnl_add_neighbour(struct rtnl *rtnl, const struct neighbour_spec *neighbour, int dev_index, struct err *err)
{
	/* Replacing: an entry that the kernel has learned meanwhile must not refuse the one that was asked for. */
	return queue_neighbour(rtnl, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, neighbour, dev_index, err);
}

int rtnl_del_neighbour(struct rtnl *rtnl, const struct neighbour_spec *neighbour, int dev_index, struct err *err)
{
	return queue_neighbour(rtnl, RTM_DELNEIGH, 0, neighbour, dev_index, err);
}
