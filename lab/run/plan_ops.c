/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operations of a plan, phase by phase. */
#include <stdio.h>
#include <string.h>

#include "lab/run/plan_internal.h"
#include "lab/scenario/iproute.h"

/*
 * The order within a node, and why:
 * sysctls first, since devices copy conf/default when they are made; wires;
 * bridges and VLANs on them; offloads and per-interface sysctls before "up", so
 * that nothing leaves with the wrong ones; up; then a look at each link, which
 * makes the kernel ready to send; addresses; rulesets, and the sysctls that
 * come with them (net.netfilter); rules, neighbours, and routes last, since
 * their gateways must be reachable.
 */
static const int8_t phases[PLAN_OP_COUNT] = {
	[PLAN_NODE] = 0,     [PLAN_VETH] = 1,    [PLAN_BRIDGE] = 2,   [PLAN_VLAN] = 2,    [PLAN_MASTER] = 2, [PLAN_OFFLOADS] = 2,
	[PLAN_SYSCTL] = -1,  [PLAN_QDISC] = 2,   [PLAN_LINK_UP] = 2,  [PLAN_LINK_DOWN] = 2, [PLAN_SYNC] = 3, [PLAN_ADDRESS] = 3,
	[PLAN_NFTABLES] = 3, [PLAN_RULE] = 3,    [PLAN_NEIGHBOUR] = 3, [PLAN_ROUTE] = 3,
};

int plan_op_phase(enum plan_op_type type)
{
	return phases[type];
}

static bool has_ipv6_address(const struct plan_node *node)
{
	for (size_t i = 0; i < node->interfaces.count; i++)
		for (size_t k = 0; k < node->interfaces.items[i].address_count; k++)
			if (node->interfaces.items[i].addresses[k].addr.family == AF_INET6)
				return true;
	return false;
}

const struct sysctl_setting *plan_role_settings(const struct plan_node *node)
{
	switch (node->role) {
	case ROLE_ROUTER:
		return sysctl_router;
	case ROLE_SILENT:
		return sysctl_silent;
	case ROLE_BRIDGE:
		return has_ipv6_address(node) ? NULL : sysctl_bridge;
	default:
		return NULL;
	}
}

static struct plan_op *add_op(struct plan *plan, enum plan_op_type type, size_t node, int interface)
{
	return array_push(&plan->ops, (struct plan_op){
					      .type = type, .node = (int)node, .interface = interface, .peer_node = -1, .peer_interface = -1});
}

/* --- sysctls: three moments --- */

enum moment { BEFORE_DEVICES, WITH_DEVICES, WITH_RULESET };

/* "net.ipv4.conf.eth0.rp_filter" exists once eth0 does, "net.netfilter.…" once a ruleset has asked for conntrack. */
static enum moment sysctl_moment(const char *key)
{
	char plain[128];
	const char *at;

	snprintf(plain, sizeof(plain), "%s", key);
	for (char *c = plain; *c; c++)
		if (*c == '/')
			*c = '.';
	if (str_starts(plain, "net.netfilter.") || str_starts(plain, "net.nf_conntrack"))
		return WITH_RULESET;
	if (!(at = strstr(plain, ".conf.")) && !(at = strstr(plain, ".neigh.")))
		return BEFORE_DEVICES;
	at = strchr(at + 1, '.') + 1;
	return str_starts(at, "all.") || str_starts(at, "default.") ? BEFORE_DEVICES : WITH_DEVICES;
}

static void add_sysctls(struct plan *plan, size_t at, enum moment moment)
{
	const struct lab_node *tree = plan->nodes.items[at].tree;

	for (size_t i = 0; tree && i < tree->sysctl.count; i++) {
		const struct setting_node *setting = (const struct setting_node *)tree->sysctl.items[i];

		if (sysctl_moment(setting->node.name) != moment)
			continue;
		struct plan_op *op = add_op(plan, PLAN_SYSCTL, at, -1);
		op->key = setting->node.name;
		op->detail = setting->value;
		op->span = setting->node.name_span;
	}
}

/* --- phase 1 --- */

static void add_wires(struct plan *plan, size_t at)
{
	const struct plan_node *node = &plan->nodes.items[at];

	for (size_t i = 0; i < node->interfaces.count; i++) {
		const struct plan_interface *interface = &node->interfaces.items[i];

		/* Each pair once: by the end that comes first. */
		if (interface->peer_node < 0 || interface->peer_node < (int)at ||
		    (interface->peer_node == (int)at && interface->peer_interface < (int)i))
			continue;
		struct plan_op *op = add_op(plan, PLAN_VETH, at, (int)i);
		op->peer_node = interface->peer_node;
		op->peer_interface = interface->peer_interface;
		op->span = interface->span;
	}
}

/* --- phase 2 --- */

static void add_devices(struct plan *plan, size_t at)
{
	const struct plan_node *node = &plan->nodes.items[at];

	for (size_t i = 1; i < node->interfaces.count; i++) {
		const struct plan_interface *interface = &node->interfaces.items[i];
		const struct interface_node *tree = interface->tree;

		if (interface->link >= 0)
			continue; /* a wire's end is there already */
		if (!tree || tree->type == INTERFACE_BRIDGE) {
			add_op(plan, PLAN_BRIDGE, at, (int)i)->span = interface->span;
		} else if (tree->type == INTERFACE_VLAN) {
			struct plan_op *op = add_op(plan, PLAN_VLAN, at, (int)i);

			op->span = interface->span;
			op->peer_node = (int)at;
			op->peer_interface = plan_interface_index(node, tree->link);
		}
	}
}

static void add_master(struct plan *plan, size_t at, int port, size_t bridge, struct span span)
{
	if (port < 0)
		return; /* reported by the checker */
	struct plan_op *op = add_op(plan, PLAN_MASTER, at, port);
	op->peer_node = (int)at;
	op->peer_interface = (int)bridge;
	op->span = span;
}

static void add_masters(struct plan *plan, size_t at)
{
	const struct plan_node *node = &plan->nodes.items[at];

	for (size_t i = 1; i < node->interfaces.count; i++) {
		const struct plan_interface *bridge = &node->interfaces.items[i];
		const struct interface_node *tree = bridge->tree;

		if (bridge->link >= 0 || (tree && tree->type != INTERFACE_BRIDGE))
			continue;
		for (size_t k = 0; tree && k < tree->ports.count; k++)
			add_master(plan, at, plan_interface_index(node, ((const char *const *)tree->ports.values)[k]), i, tree->ports.spans[k]);
		for (size_t k = 1; !tree && k < node->interfaces.count; k++)
			if (node->interfaces.items[k].link >= 0)
				add_master(plan, at, (int)k, i, bridge->span);
	}
}

static void add_link_settings(struct plan *plan, size_t at)
{
	const struct plan_node *node = &plan->nodes.items[at];

	for (size_t i = 1; i < node->interfaces.count; i++) {
		const struct plan_interface *interface = &node->interfaces.items[i];
		const struct link_node *link;

		if (interface->link < 0)
			continue;
		link = (const struct link_node *)plan->tree->links.items[interface->link];
		if (!link->offloads)
			add_op(plan, PLAN_OFFLOADS, at, (int)i);
		if (link->qdisc && interface->wire_end) {
			struct plan_op *op = add_op(plan, PLAN_QDISC, at, (int)i);

			op->detail = link->qdisc;
			op->span = node_field_span(&link->node, "qdisc");
		}
	}
}

static void add_ups(struct plan *plan, size_t at)
{
	const struct plan_node *node = &plan->nodes.items[at];

	if (!node->interfaces.items[0].up) /* lo comes up with its node */
		add_op(plan, PLAN_LINK_DOWN, at, 0)->span = node->interfaces.items[0].span;
	for (size_t i = 1; i < node->interfaces.count; i++)
		if (node->interfaces.items[i].up)
			add_op(plan, PLAN_LINK_UP, at, (int)i);
}

/* --- phase 3 --- */

static void add_addresses(struct plan *plan, size_t at)
{
	const struct plan_node *node = &plan->nodes.items[at];

	for (size_t i = 1; i < node->interfaces.count; i++)
		if (node->interfaces.items[i].up)
			add_op(plan, PLAN_SYNC, at, (int)i);
	for (size_t i = 0; node->role != ROLE_SILENT && i < node->interfaces.count; i++) {
		const struct plan_interface *interface = &node->interfaces.items[i];

		for (size_t k = 0; k < interface->address_count; k++) {
			struct plan_op *op = add_op(plan, PLAN_ADDRESS, at, (int)i);

			op->detail = &interface->addresses[k];
			op->span = interface->span;
		}
	}
}

static void add_specs(struct plan *plan, size_t at, enum plan_op_type type, const struct value_list *list, size_t size)
{
	const struct plan_node *node = &plan->nodes.items[at];

	for (size_t i = 0; i < list->count; i++) {
		const void *spec = (const char *)list->values + i * size;
		const char *dev = type == PLAN_ROUTE	   ? ((const struct route_spec *)spec)->dev :
				  type == PLAN_NEIGHBOUR ? ((const struct neighbour_spec *)spec)->dev :
							   NULL;
		struct plan_op *op = add_op(plan, type, at, dev ? plan_interface_index(node, dev) : -1);

		op->detail = spec;
		if (list->spans)
			op->span = list->spans[i];
	}
}

static void add_policy(struct plan *plan, size_t at)
{
	const struct lab_node *tree = plan->nodes.items[at].tree;

	if (!tree)
		return;
	if (tree->nftables) {
		struct plan_op *op = add_op(plan, PLAN_NFTABLES, at, -1);

		op->detail = tree->nftables;
		op->span = node_field_span(&tree->node, "nftables");
	}
	add_sysctls(plan, at, WITH_RULESET);
	add_specs(plan, at, PLAN_RULE, &tree->rules, sizeof(struct rule_spec));
	add_specs(plan, at, PLAN_NEIGHBOUR, &tree->neighbours, sizeof(struct neighbour_spec));
	add_specs(plan, at, PLAN_ROUTE, &tree->routes, sizeof(struct route_spec));
}

void plan_add_ops(struct plan *plan)
{
	size_t count = plan->nodes.count;

	for (size_t i = 0; i < count; i++) {
		add_op(plan, PLAN_NODE, i, 0)->span = plan->nodes.items[i].tree ? plan->nodes.items[i].tree->node.name_span : (struct span){0};
		add_sysctls(plan, i, BEFORE_DEVICES);
	}
	for (size_t i = 0; i < count; i++)
		add_wires(plan, i);
	for (size_t i = 0; i < count; i++) {
		add_devices(plan, i);
		add_masters(plan, i);
		add_link_settings(plan, i);
		add_sysctls(plan, i, WITH_DEVICES);
		add_ups(plan, i);
	}
	for (size_t i = 0; i < count; i++) {
		add_addresses(plan, i);
		add_policy(plan, i);
	}
}
