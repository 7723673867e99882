/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries a plan out: namespaces by descriptor, requests in batches. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lab/base/clock.h"
#include "lab/kernel/ethtool.h"
#include "lab/kernel/netfilter.h"
#include "lab/kernel/netns.h"
#include "lab/kernel/rtnl.h"
#include "lab/run/plan_internal.h"

#define IPV6_READY_MAX (20 * NS_PER_S) /* the work waits for rtnl, which others on the machine may hold */

/*
 * Theory of operation
 *
 * Operations are carried out in the plan's order. Those that are netlink
 * requests only join their node's batch; the others (offloads, sysctls,
 * rulesets) act at once, after the batch of their node has gone out where they
 * build on it. When a new phase begins, every batch goes out and is answered.
 * A node thus costs one unshare(2), a netlink socket and three datagrams.
 *
 * Only the calling thread's namespace is moved, and only for sysctls and
 * rulesets: a netlink socket acts where it was made.
 */
struct builder {
	const struct plan *plan;
	struct lab_ns *lab;
	int inside;              /* the node whose namespace the thread is in, -1: the host's */
	int tree_fd;             /* sysctl_open_tree() */
	size_t tree_uses;
	struct ethtool_offloads offloads; /* once known: blocks > 0 */
	struct sysctl_host host; /* what it hands down and must be set right in each node */
};

static const struct plan_interface *interface_of(const struct builder *builder, int node, int interface)
{
	return &builder->plan->nodes.items[node].interfaces.items[interface];
}

/* The index of an operation's interface; 0 where it has none. */
static int index_of(const struct builder *builder, const struct plan_op *op)
{
	return op->interface < 0 ? 0 : interface_of(builder, op->node, op->interface)->index;
}

/* Puts the node, and the line that asked for it, in front of a message. */
static int wrap(const struct builder *builder, const struct plan_op *op, int code, struct err *err)
{
	if (!op)
		return code;
	err_wrap(err, "node %s", builder->plan->nodes.items[op->node].name);
	if (op->span.source && op->span.line)
		err_wrap(err, "%s:%u", op->span.source->path, op->span.line);
	return code;
}

static int commit(const struct builder *builder, int node, struct err *err)
{
	struct rtnl *rtnl = builder->lab->rtnl[node];
	int r = rtnl_commit(rtnl, err);

	return r < 0 ? wrap(builder, rtnl_failed(rtnl), r, err) : 0;
}

static int commit_all(const struct builder *builder, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < builder->lab->count && r >= 0; i++)
		r = commit(builder, (int)i, err);
	return r;
}

static int enter(struct builder *builder, int node, struct err *err)
{
	int r;

	if (builder->inside == node)
		return 0;
	r = netns_enter(builder->lab->netns[node], err);
	if (r >= 0)
		builder->inside = node;
	return r;
}

/* --- nodes --- */

static int set_baseline(struct builder *builder, const struct plan_node *node, struct err *err)
{
	const struct sysctl_setting *role = plan_role_settings(node);
	int r = 0;

	if (builder->tree_fd < 0 || ++builder->tree_uses > SYSCTL_TREE_NODES) {
		bool first = builder->tree_fd < 0;

		if (!first)
			close(fd_steal(&builder->tree_fd));
		builder->tree_uses = 1;
		r = sysctl_open_tree(&builder->tree_fd, first, err); /* a runner's /proc is new */
	}
	if (r >= 0)
		r = sysctl_set_table_at(builder->tree_fd, sysctl_baseline, err);
	if (r >= 0 && !builder->host.known) {
		r = sysctl_find_differing(builder->tree_fd, sysctl_inherited, builder->host.differing, err);
		builder->host.known = r >= 0;
	}
	if (r >= 0)
		r = sysctl_set_table_at(builder->tree_fd, builder->host.differing, err);
	if (r >= 0 && role)
		r = sysctl_set_table_at(builder->tree_fd, role, err);
	return r < 0 ? r : 0;
}

static int make_node(struct builder *builder, const struct plan_op *op, struct err *err)
{
	struct lab_ns *lab = builder->lab;
	int at = op->node, r = netns_create(&lab->netns[at], err);

	if (r < 0)
		return r;
	builder->inside = at;
	r = rtnl_open(&lab->rtnl[at], err);
	if (r < 0)
		return r;
	lab->count = (size_t)at + 1;
	r = set_baseline(builder, &builder->plan->nodes.items[at], err);
	if (r < 0)
		return r;
	rtnl_tag(lab->rtnl[at], op);
	return rtnl_set_link(lab->rtnl[at], 1, true, err);
}

/* --- what joins a batch --- */

static int add_veth(struct builder *builder, const struct plan_op *op, struct err *err)
{
	const struct plan_interface *a = interface_of(builder, op->node, op->interface);
	const struct plan_interface *b = interface_of(builder, op->peer_node, op->peer_interface);
	struct rtnl_veth_end one = {.netns = -1, .name = a->name, .index = a->index, .mac = a->mac, .mtu = a->mtu};
	struct rtnl_veth_end other = {.netns = builder->lab->netns[op->peer_node], .name = b->name, .index = b->index, .mac = b->mac, .mtu = b->mtu};

	return rtnl_add_veth(builder->lab->rtnl[op->node], &one, &other, err);
}

static int add_device(struct builder *builder, const struct plan_op *op, struct err *err)
{
	const struct plan_interface *interface = interface_of(builder, op->node, op->interface);
	const struct interface_node *tree = interface->tree;
	struct rtnl *rtnl = builder->lab->rtnl[op->node];
	int r;

	if (op->type == PLAN_BRIDGE) {
		r = rtnl_add_bridge(rtnl, interface->name, interface->index, &interface->mac, tree && tree->vlan_filtering, err);
	} else {
		static const struct mac_addr none;
		int below = op->peer_interface < 0 ? 0 : interface_of(builder, op->node, op->peer_interface)->index;

		r = rtnl_add_vlan(rtnl, interface->name, interface->index, below, (uint16_t)tree->id, tree->protocol ? 0x88a8 : 0x8100, err);
		if (r >= 0 && memcmp(&interface->mac, &none, sizeof(none)) != 0)
			r = rtnl_set_mac(rtnl, interface->index, &interface->mac, err);
	}
	if (r >= 0 && tree && tree->mtu)
		r = rtnl_set_mtu(rtnl, interface->index, (uint32_t)tree->mtu, err);
	return r;
}

static int queue(struct builder *builder, const struct plan_op *op, struct err *err)
{
	struct rtnl *rtnl = builder->lab->rtnl[op->node];
	int index = index_of(builder, op);

	rtnl_tag(rtnl, op);
	switch (op->type) {
	case PLAN_VETH:
		return add_veth(builder, op, err);
	case PLAN_BRIDGE:
	case PLAN_VLAN:
		return add_device(builder, op, err);
	case PLAN_MASTER:
		return rtnl_set_master(rtnl, index, interface_of(builder, op->peer_node, op->peer_interface)->index, err);
	case PLAN_QDISC:
		return rtnl_add_qdisc(rtnl, index, op->detail, err);
	case PLAN_LINK_UP:
	case PLAN_LINK_DOWN:
		return rtnl_set_link(rtnl, index, op->type == PLAN_LINK_UP, err);
	case PLAN_SYNC:
		return rtnl_sync_link(rtnl, index, err);
	case PLAN_ADDRESS:
		return rtnl_add_address(rtnl, index, op->detail, err);
	case PLAN_ROUTE:
		return rtnl_add_route(rtnl, op->detail, index, false, err);
	case PLAN_RULE:
		return rtnl_add_rule(rtnl, op->detail, err);
	case PLAN_NEIGHBOUR:
		return rtnl_add_neighbour(rtnl, op->detail, index, err);
	default:
		return err_set(err, -EINVAL, "operation %d is no request", (int)op->type);
	}
}

/* --- what acts at once --- */

static int apply_ruleset(struct builder *builder, const struct plan_op *op, struct err *err)
{
	unsigned line = 0, column = 0;
	int r = enter(builder, op->node, err);

	if (r >= 0)
		r = nftables_apply(op->detail, false, &line, &column, err);
	if (r < 0 && line)
		return err_wrap(err, "nftables line %u, column %u", line, column), r;
	return r < 0 ? r : 0;
}

static int turn_offloads_off(struct builder *builder, const struct plan_op *op, struct err *err)
{
	const char *name = interface_of(builder, op->node, op->interface)->name;
	int fd = rtnl_fd(builder->lab->rtnl[op->node]), r = 0;

	if (!builder->offloads.blocks)
		r = ethtool_find_offloads(fd, name, &builder->offloads, err);
	return r < 0 ? r : ethtool_set_found(fd, name, &builder->offloads, false, err);
}

static int carry_out(struct builder *builder, const struct plan_op *op, struct err *err)
{
	int r;

	switch (op->type) {
	case PLAN_NODE:
		return make_node(builder, op, err);
	case PLAN_OFFLOADS:
		return turn_offloads_off(builder, op, err);
	case PLAN_SYSCTL:
		r = enter(builder, op->node, err);
		return r < 0 ? r : sysctl_set(op->key, op->detail, err);
	case PLAN_NFTABLES:
		return apply_ruleset(builder, op, err);
	default:
		return queue(builder, op, err);
	}
}

/* The node's IPv6 addresses are ready to be asked for: else the first neighbour solicitation may be lost. */
static int wait_ipv6(struct builder *builder, int node, struct err *err)
{
	const struct plan_node *planned = &builder->plan->nodes.items[node];
	ARRAY(struct rtnl_ipv6_address) addresses = {0};
	int r = 0;

	for (size_t i = 0; i < planned->interfaces.count; i++) {
		const struct plan_interface *interface = &planned->interfaces.items[i];

		for (size_t k = 0; k < interface->address_count; k++)
			if (interface->up && interface->index != 1 && planned->role != ROLE_SILENT &&
			    interface->addresses[k].addr.family == AF_INET6)
				array_push(&addresses, (struct rtnl_ipv6_address){interface->index, interface->addresses[k].addr});
	}
	if (addresses.count)
		r = enter(builder, node, err);
	if (r >= 0)
		r = rtnl_wait_ipv6(builder->lab->rtnl[node], addresses.items, addresses.count, IPV6_READY_MAX, err);
	array_free(&addresses);
	return r < 0 ? err_wrap(err, "node %s", planned->name) : 0;
}

static int carry_out_all(struct builder *builder, struct err *err)
{
	const struct plan *plan = builder->plan;
	int phase = 0, r;

	for (size_t i = 0; i < plan->ops.count; i++) {
		const struct plan_op *op = &plan->ops.items[i];
		int its = plan_op_phase(op->type);

		if (its > phase) {
			r = commit_all(builder, err);
			phase = its;
		} else {
			/* Both may speak of links that are still in the batch. */
			r = op->type == PLAN_SYSCTL || op->type == PLAN_NFTABLES ? commit(builder, op->node, err) : 0;
		}
		if (r < 0)
			return r;
		r = carry_out(builder, op, err);
		if (r < 0)
			return wrap(builder, op, r, err);
	}
	r = commit_all(builder, err);
	for (size_t i = 0; i < plan->nodes.count && r >= 0; i++)
		r = wait_ipv6(builder, (int)i, err);
	return r < 0 ? r : enter(builder, 0, err);
}

uint64_t plan_descriptors(const struct plan *plan)
{
	uint64_t count = 256;

	for (size_t i = 0; i < plan->nodes.count; i++)
		count += 4 + 2 * plan->nodes.items[i].interfaces.count;
	return count;
}

static int make_room(const struct plan *plan, struct err *err)
{
	struct rlimit limit;
	rlim_t wanted = plan_descriptors(plan);

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return 0;
	if (limit.rlim_max < wanted)
		return err_set(err, -EMFILE, "a lab of %zu nodes needs %lu descriptors, and the hard limit (ulimit -Hn) is %lu", plan->nodes.count,
			       (unsigned long)wanted, (unsigned long)limit.rlim_max);
	limit.rlim_cur = wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return err_errno(err, -errno, "cannot raise the limit of descriptors to %lu", (unsigned long)wanted);
	return 0;
}

int plan_build(const struct plan *plan, struct lab_ns *ret, struct err *err)
{
	struct lab_ns lab = {0};
	struct builder builder = {.plan = plan, .lab = &lab, .inside = -1, .tree_fd = -1};
	int r = make_room(plan, err);

	if (r < 0)
		return r;
	if (plan->host)
		builder.host = *plan->host;
	if (!plan->nodes.count)
		return err_set(err, -EINVAL, "a lab without nodes");
	lab.netns = mem_alloc(plan->nodes.count * sizeof(*lab.netns));
	lab.rtnl = mem_alloc(plan->nodes.count * sizeof(struct rtnl *));
	for (size_t i = 0; i < plan->nodes.count; i++)
		lab.netns[i] = -1;
	r = carry_out_all(&builder, err);
	if (builder.tree_fd >= 0)
		close(builder.tree_fd);
	if (r < 0) {
		lab.count = plan->nodes.count;
		lab_ns_close(&lab);
		return r;
	}
	*ret = lab;
	return 0;
}

void lab_ns_close(struct lab_ns *lab)
{
	for (size_t i = 0; i < lab->count; i++) {
		rtnl_close(lab->rtnl[i]);
		if (lab->netns[i] >= 0)
			close(lab->netns[i]);
	}
	free(lab->netns);
	free(lab->rtnl);
	*lab = (struct lab_ns){0};
}
