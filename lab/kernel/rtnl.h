/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink requests (rtnetlink(7)) through libnl: links, addresses, routes, rules, neighbours, queueing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/base/err.h"
#include "lab/packet/addr.h"
#include "lab/scenario/iproute.h"

/*
 * Theory of operation
 *
 * One `struct rtnl` is a netlink socket in one namespace. Requests are put into
 * a batch and sent together by rtnl_commit(), which reads all answers; the first
 * refusal is the error, with the request it belongs to in the message. Interface
 * indexes are chosen by the caller, so nothing is looked up between requests.
 * Both ends of a veth are created where they belong (IFLA_NET_NS_FD), since
 * moving a link costs an RCU grace period. docs/kernel.md tells what is
 * measured.
 */
struct rtnl;

/* Opens in the calling thread's namespace. */
int rtnl_open(struct rtnl **ret, struct err *err);
void rtnl_close(struct rtnl *rtnl); /* NULL is allowed */
/* Sends what is batched and waits for every answer. */
int rtnl_commit(struct rtnl *rtnl, struct err *err);
/* Requests queued from now on carry `tag`; after a failed commit rtnl_failed() is the tag of the request that was refused, or NULL. */
void rtnl_tag(struct rtnl *rtnl, const void *tag);
const void *rtnl_failed(const struct rtnl *rtnl);
/* The socket itself: ioctls of netdevice(7) work on it too, in its namespace. It stays the rtnl's. */
int rtnl_fd(const struct rtnl *rtnl);

struct rtnl_veth_end {
	int netns;            /* descriptor of the namespace it is born in; -1: the socket's own */
	const char *name;
	int index;            /* chosen by the caller, unique in its namespace */
	struct mac_addr mac;
	uint32_t mtu;         /* 0: 1500 */
};
/* One transmit and one receive queue each. Batched, as all below unless said otherwise. */
int rtnl_add_veth(struct rtnl *rtnl, const struct rtnl_veth_end *a, const struct rtnl_veth_end *b, struct err *err);
int rtnl_add_bridge(struct rtnl *rtnl, const char *name, int index, const struct mac_addr *mac, bool vlan_filtering, struct err *err);
int rtnl_add_vlan(struct rtnl *rtnl, const char *name, int index, int link_index, uint16_t id, uint16_t protocol, struct err *err);
int rtnl_set_master(struct rtnl *rtnl, int index, int master_index, struct err *err);
int rtnl_set_link(struct rtnl *rtnl, int index, bool up, struct err *err);
int rtnl_set_mac(struct rtnl *rtnl, int index, const struct mac_addr *mac, struct err *err);
int rtnl_set_mtu(struct rtnl *rtnl, int index, uint32_t mtu, struct err *err);
/* IFLA_INET_CONF values, where /proc/sys is read-only. `key`: IPV4_DEVCONF_… (linux/ip.h). */
int rtnl_set_ipv4_conf(struct rtnl *rtnl, int index, int key, uint32_t value, struct err *err);
/*
 * A non-dump RTM_GETLINK: makes the kernel run linkwatch now, else the first packet may meet the noop qdisc and be lost.
 * On kernels before 6.8, which do not, rtnl_commit() waits until linkwatch has run (-ETIMEDOUT after three seconds).
 */
int rtnl_sync_link(struct rtnl *rtnl, int index, struct err *err);

/* Added with IFA_F_NODAD. */
int rtnl_add_address(struct rtnl *rtnl, int index, const struct ip_prefix *address, struct err *err);
int rtnl_del_address(struct rtnl *rtnl, int index, const struct ip_prefix *address, struct err *err);
/* `dev_index` for route->dev, 0 where it has none. `replace`: as ip route replace. */
int rtnl_add_route(struct rtnl *rtnl, const struct route_spec *route, int dev_index, bool replace, struct err *err);
int rtnl_del_route(struct rtnl *rtnl, const struct route_spec *route, int dev_index, struct err *err);
int rtnl_add_rule(struct rtnl *rtnl, const struct rule_spec *rule, struct err *err);
int rtnl_del_rule(struct rtnl *rtnl, const struct rule_spec *rule, struct err *err);
int rtnl_add_neighbour(struct rtnl *rtnl, const struct neighbour_spec *neighbour, int dev_index, struct err *err);
int rtnl_del_neighbour(struct rtnl *rtnl, const struct neighbour_spec *neighbour, int dev_index, struct err *err);
/* A root qdisc in tc's words: "tbf rate 1mbit burst 10kb latency 50ms", "pfifo limit 10", "fq_codel"… */
int rtnl_add_qdisc(struct rtnl *rtnl, int index, const char *words, struct err *err);
/* Whether such words are understood; asks no kernel. 0 or -EINVAL, -ERANGE. */
int rtnl_check_qdisc(const char *words, struct err *err);

/*
 * Waits, at most `within` ns, until the node hears neighbour solicitations for these addresses (on links that are up): from
 * then on they can be reached at once. Not batched; call in the namespace of `rtnl`, after rtnl_commit(). -ETIMEDOUT.
 */
struct rtnl_ipv6_address {
	int index;
	struct ip_addr addr;
};
int rtnl_wait_ipv6(struct rtnl *rtnl, const struct rtnl_ipv6_address *addresses, size_t count, int64_t within, struct err *err);

/* State, read at once (not batched): each entry as iproute2 would print it, for `expect: {in: …}`; one line a record of "key value" words. */
enum rtnl_table { RTNL_ROUTES, RTNL_NEIGHBOURS, RTNL_ADDRESSES, RTNL_LINKS, RTNL_RULES };
struct rtnl_record_word {
	const char *key, *value;
};
struct rtnl_record {
	const struct rtnl_record_word *words;
	size_t count;
};
/* The records live in `arena`. */
int rtnl_read(struct rtnl *rtnl, enum rtnl_table table, struct arena *arena, struct rtnl_record **ret, size_t *ret_count, struct err *err);
/* IFF_UP and carrier of one link, and how often the carrier has changed (IFLA_CARRIER_CHANGES; NULL: not asked). */
int rtnl_link_state(struct rtnl *rtnl, int index, bool *ret_up, bool *ret_carrier, uint32_t *ret_changes, struct err *err);
