/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan: a checked tree turned into the ordered operations that build its lab. */
#pragma once

#include "lab/base/mem.h"
#include "lab/event/event.h"
#include "lab/scenario/tree.h"

/*
 * Theory of operation
 *
 * plan_make() is pure: it reads the tree and nothing else, so that `nslab plan`
 * works without privileges and every run of a scenario builds the same lab.
 * build.c carries the operations out through lab/kernel, plan_shell.c prints
 * them as a script of ip, ethtool, nft and sysctl; a test compares the two labs.
 */
/*
 * Operations stand in phases: all namespaces, then all wires, then what lies
 * on them up to "up", then what needs a link that is up. Between phases every
 * request of the one before is answered; within a phase a node's requests
 * travel together.
 */
enum plan_op_type {
	PLAN_NODE,        /* new namespace, baseline sysctls, lo up */
	PLAN_VETH,        /* both ends */
	PLAN_BRIDGE,      /* a bridge device: of a bridge node, of an interface, or of a segment of three or more ends */
	PLAN_VLAN,
	PLAN_MASTER,
	PLAN_OFFLOADS,
	PLAN_SYSCTL,
	PLAN_ADDRESS,
	PLAN_LINK_UP,
	PLAN_LINK_DOWN,
	PLAN_QDISC,
	PLAN_NFTABLES,
	PLAN_ROUTE,
	PLAN_RULE,
	PLAN_NEIGHBOUR,
	PLAN_SYNC,        /* wait until the kernel will send on it: rtnl_sync_link() */
	PLAN_OP_COUNT
};

struct sysctl_host;

struct plan_interface {
	const char *name;
	int index;               /* in its namespace, chosen by the plan; 1 is lo */
	struct mac_addr mac;
	uint32_t mtu;
	const struct ip_prefix *addresses;
	size_t address_count;
	int link;                /* index into the tree's links, -1: not a wire end */
	int peer_node, peer_interface; /* indexes, -1: none */
	bool up;
	bool wire_end;           /* of a node of the scenario: not the ports of a hidden switch */
	const struct interface_node *tree; /* an entry of `interfaces`, or NULL */
	struct span span;
};

struct plan_node {
	const char *name;
	int role;                /* enum lab_role */
	bool hidden;             /* made by nslab: the switch of a segment */
	const struct lab_node *tree; /* NULL where hidden */
	ARRAY(struct plan_interface) interfaces;
};

struct plan_op {
	enum plan_op_type type;
	int node, interface;     /* indexes into plan->nodes and that node's interfaces, -1: none; routes and neighbours: their dev */
	int peer_node, peer_interface; /* VETH: the other end; MASTER: the bridge; VLAN: the link below */
	const void *detail;      /* struct route_spec, rule_spec, neighbour_spec, ip_prefix; const char * for sysctl value, ruleset, qdisc; else NULL */
	const char *key;         /* sysctl key */
	struct span span;        /* what in the scenario asked for it; no place where nslab itself did */
};

struct plan {
	const struct scenario_tree *tree;
	ARRAY(struct plan_node) nodes;   /* in file order, hidden ones last */
	ARRAY(struct plan_op) ops;
	bool wants_rings;                /* steps whose packets are not bounded and few */
	const struct sysctl_host *host;  /* what building may know beforehand (sysctl_learn_host()); NULL: plan_build() finds out */
};

/* In `arena`. Never fails on a tree that was checked. */
struct plan *plan_make(const struct scenario_tree *tree, struct arena *arena);
const struct plan_node *plan_find_node(const struct plan *plan, const char *name);
const struct plan_interface *plan_find_interface(const struct plan_node *node, const char *name);
/* One operation a line, as a person reads it. */
void plan_print(const struct plan *plan, struct text *out);
/* A shell script of iproute2, ethtool, nft and sysctl commands that builds the same lab, with a comment a part. */
void plan_print_shell(const struct plan *plan, struct text *out);

/*
 * Whether the scenario would go near a limit that it shares with its host: neighbour table and conntrack entries, namespaces,
 * descriptors, memory for nodes and for what is sent.
 * Reads the limits from /proc; one that cannot be read is taken to be the kernel's usual one. 0, or -EINVAL with
 * DIAG_TOO_LARGE added.
 */
int plan_check_limits(const struct plan *plan, struct diag_list *diags);

/* A built lab: namespaces by descriptor. */
struct lab_ns {
	int *netns;              /* parallel to plan->nodes */
	struct rtnl **rtnl;      /* a netlink socket in each: `set` steps use it */
	size_t count;
};
/*
 * Carries the plan out. What was made is closed on failure. The message names the node and, where the scenario asked for what
 * failed, file:line. The calling thread ends in the first node's namespace: an ordinary user could not return to the host's,
 * and root has no business there any more. Raises the soft limit of descriptors (RLIMIT_NOFILE) as far as the lab needs.
 */
int plan_build(const struct plan *plan, struct lab_ns *ret, struct err *err);
void lab_ns_close(struct lab_ns *lab);
