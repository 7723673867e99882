/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan as a person reads it: one operation a line. */
#include <string.h>

#include "lab/run/plan_internal.h"
#include "lab/scenario/iproute.h"

static const char *const verbs[PLAN_OP_COUNT] = {
	[PLAN_NODE] = "node",	     [PLAN_VETH] = "veth",	 [PLAN_BRIDGE] = "bridge",   [PLAN_VLAN] = "vlan",
	[PLAN_MASTER] = "port",	     [PLAN_OFFLOADS] = "offloads", [PLAN_SYSCTL] = "sysctl", [PLAN_ADDRESS] = "address",
	[PLAN_LINK_UP] = "up",	     [PLAN_LINK_DOWN] = "down",	 [PLAN_QDISC] = "qdisc",     [PLAN_NFTABLES] = "nftables",
	[PLAN_ROUTE] = "route",	     [PLAN_RULE] = "rule",	 [PLAN_NEIGHBOUR] = "neighbour", [PLAN_SYNC] = "ready",
};
static const char *const roles[] = {[ROLE_HOST] = "host", [ROLE_ROUTER] = "router", [ROLE_BRIDGE] = "bridge", [ROLE_SILENT] = "silent"};

static const char *const headings[] = {"namespaces, with their baseline of sysctls", "wires", "devices on them, and all links up",
				       "once the links can send: addresses, rulesets, routes"};

static void add_place(const struct plan *plan, int node, int interface, struct text *out)
{
	const struct plan_node *at = &plan->nodes.items[node];

	text_add(out, at->name);
	if (interface >= 0)
		text_addf(out, ":%s", at->interfaces.items[interface].name);
}

static void add_end(const struct plan *plan, int node, int interface, struct text *out)
{
	const struct plan_interface *at = &plan->nodes.items[node].interfaces.items[interface];

	add_place(plan, node, interface, out);
	text_addf(out, " (index %d, ", at->index);
	mac_addr_print(&at->mac, out);
	text_addf(out, ", mtu %u)", at->mtu);
}

static void add_node(const struct plan_node *node, struct text *out)
{
	const struct sysctl_setting *settings = plan_role_settings(node);

	text_addf(out, "%s%s", roles[node->role], node->hidden ? ", a segment's switch" : "");
	for (; settings && settings->key; settings++)
		text_addf(out, ", %s = %s", settings->key + (settings->key[0] == '?'), settings->value);
}

static void add_ruleset(const char *ruleset, struct text *out)
{
	size_t lines = 0;

	for (const char *at = ruleset; *at; at++)
		lines += *at == '\n';
	text_addf(out, "a ruleset of %zu line%s", lines ? lines : 1, lines > 1 ? "s" : "");
}

static void add_detail(const struct plan *plan, const struct plan_op *op, struct text *out)
{
	const struct plan_node *node = &plan->nodes.items[op->node];

	switch (op->type) {
	case PLAN_NODE:
		add_node(node, out);
		break;
	case PLAN_VLAN:
		text_addf(out, "id %d on ", (int)node->interfaces.items[op->interface].tree->id);
		/* fall through */
	case PLAN_MASTER:
		if (op->type == PLAN_MASTER)
			text_add(out, "of ");
		if (op->peer_interface >= 0)
			text_add(out, node->interfaces.items[op->peer_interface].name);
		break;
	case PLAN_OFFLOADS:
		text_add(out, "off");
		break;
	case PLAN_SYSCTL:
		text_addf(out, "%s = %s", op->key, (const char *)op->detail);
		break;
	case PLAN_ADDRESS:
		ip_prefix_print(op->detail, out);
		break;
	case PLAN_QDISC:
		text_add(out, op->detail);
		break;
	case PLAN_NFTABLES:
		add_ruleset(op->detail, out);
		break;
	case PLAN_ROUTE:
		type_route.print(NULL, op->detail, out);
		break;
	case PLAN_RULE:
		type_rule.print(NULL, op->detail, out);
		break;
	case PLAN_NEIGHBOUR:
		type_neighbour.print(NULL, op->detail, out);
		break;
	default:
		break;
	}
}

/* Routes, rules and neighbours name their own device; the rest stands for an interface or for the whole node. */
static bool names_interface(enum plan_op_type type)
{
	return type != PLAN_NODE && type != PLAN_ROUTE && type != PLAN_RULE && type != PLAN_NEIGHBOUR;
}

void plan_print(const struct plan *plan, struct text *out)
{
	int phase = -1;

	for (size_t i = 0; i < plan->ops.count; i++) {
		const struct plan_op *op = &plan->ops.items[i];
		int its = plan_op_phase(op->type);
		size_t start;

		if (its > phase) {
			phase = its;
			text_addf(out, "%s# %s\n", phase ? "\n" : "", headings[phase]);
		}
		start = out->length;
		text_add(out, verbs[op->type]);
		text_pad(out, 11, start);
		if (op->type == PLAN_VETH) {
			add_end(plan, op->node, op->interface, out);
			text_add(out, " -- ");
			add_end(plan, op->peer_node, op->peer_interface, out);
		} else {
			add_place(plan, op->node, names_interface(op->type) ? op->interface : -1, out);
			text_pad(out, 32, start);
			text_add_char(out, ' ');
			add_detail(plan, op, out);
		}
		while (out->length && out->data[out->length - 1] == ' ')
			out->data[--out->length] = '\0';
		text_add_char(out, '\n');
	}
}
