/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan as a script of ip, ethtool, sysctl, tc and nft commands. */
#include <string.h>

#include "lab/run/plan_internal.h"
#include "lab/scenario/iproute.h"

/*
 * The script makes the same requests by other hands, in the same order, and is
 * what somebody can read, change and run without nslab. It names its
 * namespaces, under /run/netns, which nslab itself does not. Where nslab writes
 * an inherited sysctl only if the host's value differs, the script always does.
 */
static const char preamble[] =
	"#\n"
	"# Run it as root. The namespaces get the nodes' names; to keep them and their names away from the host:\n"
	"#   unshare --mount --net sh -c 'mount -t tmpfs tmpfs /run && . ./lab.sh && exec sh'\n"
	"# and to end the lab otherwise: ip netns delete NODE, for each.\n"
	"set -e\n";

static const char *const headings[] = {"namespaces, with their baseline of sysctls", "wires", "devices on them, and all links up",
				       "once the links can send: addresses, rulesets, routes"};

/* One shell word, quoted where it must be. */
static void add_word(struct text *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:@%,";

	if (*word && strspn(word, plain) == strlen(word)) {
		text_add(out, word);
		return;
	}
	text_add_char(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			text_add(out, "'\\''");
		else
			text_add_char(out, *word);
	}
	text_add_char(out, '\'');
}

static void add_ip(struct text *out, const struct plan_node *node, const char *words)
{
	text_add(out, "ip -n ");
	add_word(out, node->name);
	text_addf(out, " %s", words);
}

static void add_exec(struct text *out, const struct plan_node *node, const char *program)
{
	text_add(out, "ip netns exec ");
	add_word(out, node->name);
	text_addf(out, " %s", program);
}

static void add_sysctl(struct text *out, const struct plan_node *node, const char *key, const char *value)
{
	_cleanup_text_ struct text setting = {0};

	text_addf(&setting, "%s=%s", key, value);
	add_exec(out, node, "sysctl -qw ");
	add_word(out, text_str(&setting));
	text_add_char(out, '\n');
}

/* A table as sysctl.conf(5) has it, each reason once. `sysctl -e` passes over keys that the kernel lacks. */
static void add_settings(struct text *out, const struct sysctl_setting *settings)
{
	const char *why = NULL;

	for (; settings->key; settings++) {
		if (!str_eq(why, settings->why))
			text_addf(out, "# %s\n", settings->why);
		why = settings->why;
		text_addf(out, "%s = %s\n", settings->key + (settings->key[0] == '?'), settings->value);
	}
}

static void add_function(struct text *out, const char *name, const struct sysctl_setting *one, const struct sysctl_setting *other)
{
	text_addf(out, "\n%s() {\n\tip netns exec \"$1\" sysctl -eq -p - <<'SETTINGS'\n", name);
	add_settings(out, one);
	if (other)
		add_settings(out, other);
	text_add(out, "SETTINGS\n}\n");
}

static const struct {
	const struct sysctl_setting *settings;
	const char *name;
} role_functions[] = {{sysctl_router, "router"}, {sysctl_bridge, "bridge"}, {sysctl_silent, "silent"}};

/* The functions that the nodes of this lab call. */
static void add_functions(struct text *out, const struct plan *plan)
{
	add_function(out, "baseline", sysctl_baseline, sysctl_inherited);
	for (size_t i = 0; i < COUNT_OF(role_functions); i++) {
		bool used = false;

		for (size_t n = 0; n < plan->nodes.count; n++)
			used = used || plan_role_settings(&plan->nodes.items[n]) == role_functions[i].settings;
		if (used)
			add_function(out, role_functions[i].name, role_functions[i].settings, NULL);
	}
}

static void add_node(struct text *out, const struct plan_node *node)
{
	text_add(out, "ip netns add ");
	add_word(out, node->name);
	text_add(out, "\nbaseline ");
	add_word(out, node->name);
	text_add_char(out, '\n');
	for (size_t i = 0; i < COUNT_OF(role_functions); i++)
		if (plan_role_settings(node) == role_functions[i].settings) {
			text_addf(out, "%s ", role_functions[i].name);
			add_word(out, node->name);
			text_add_char(out, '\n');
		}
	add_ip(out, node, "link set dev lo up\n");
}

static void add_veth_end(struct text *out, const struct plan_interface *end)
{
	text_add(out, "name ");
	add_word(out, end->name);
	text_addf(out, " index %d address ", end->index);
	mac_addr_print(&end->mac, out);
	text_addf(out, " mtu %u numtxqueues 1 numrxqueues 1", end->mtu);
}

static void add_veth(struct text *out, const struct plan *plan, const struct plan_op *op)
{
	const struct plan_node *peer = &plan->nodes.items[op->peer_node];

	add_ip(out, &plan->nodes.items[op->node], "link add ");
	add_veth_end(out, &plan->nodes.items[op->node].interfaces.items[op->interface]);
	text_add(out, " \\\n\ttype veth peer ");
	add_veth_end(out, &peer->interfaces.items[op->peer_interface]);
	text_add(out, " netns ");
	add_word(out, peer->name);
	text_add_char(out, '\n');
}

static void add_device(struct text *out, const struct plan_node *node, const struct plan_op *op)
{
	static const struct mac_addr none;
	const struct plan_interface *at = &node->interfaces.items[op->interface];
	const struct interface_node *tree = at->tree;

	add_ip(out, node, "link add ");
	if (op->type == PLAN_VLAN && op->peer_interface >= 0)
		text_addf(out, "link %s ", node->interfaces.items[op->peer_interface].name);
	text_add(out, "name ");
	add_word(out, at->name);
	text_addf(out, " index %d", at->index);
	if (memcmp(&at->mac, &none, sizeof(none)) != 0) {
		text_add(out, " address ");
		mac_addr_print(&at->mac, out);
	}
	if (tree && tree->mtu)
		text_addf(out, " mtu %d", (int)tree->mtu);
	if (op->type == PLAN_VLAN)
		text_addf(out, " type vlan protocol %s id %d\n", tree->protocol ? "802.1ad" : "802.1Q", (int)tree->id);
	else
		text_addf(out, " type bridge stp_state 0 forward_delay 0 mcast_snooping 0%s\n",
			  tree && tree->vlan_filtering ? " vlan_filtering 1" : "");
}

static void add_ruleset(struct text *out, const struct plan_node *node, const char *ruleset)
{
	const char *mark = "RULESET";

	while (strstr(ruleset, mark)) /* a line of the ruleset might end the here-document */
		mark = strcmp(mark, "RULESET") == 0 ? "END_OF_THE_RULESET" : "THE_RULESET_OF_THIS_NODE_ENDS_HERE";
	add_exec(out, node, "nft -f /dev/stdin ");
	text_addf(out, "<<'%s'\n%s%s%s\n", mark, ruleset, str_ends(ruleset, "\n") ? "" : "\n", mark);
}

/* "ip -n NODE [-6] OBJECT VERB WORDS" */
static void add_spec(struct text *out, const struct plan_node *node, uint8_t family, const char *words, const struct value_type *type,
		     const void *spec)
{
	text_add(out, family == AF_INET6 ? "ip -6 -n " : "ip -n ");
	add_word(out, node->name);
	text_addf(out, " %s ", words);
	type->print(NULL, spec, out);
	text_add_char(out, '\n');
}

static void add_link(struct text *out, const struct plan_node *node, const char *before, const struct plan_interface *at, const char *after)
{
	add_ip(out, node, before);
	add_word(out, at->name);
	text_addf(out, "%s\n", after);
}

static void add_offloads(struct text *out, const struct plan_node *node, const struct plan_interface *at)
{
	add_exec(out, node, "ethtool -K ");
	add_word(out, at->name);
	text_add(out, " tx off sg off tso off gso off gro off tx-udp-segmentation off tx-sctp-segmentation off tx-gso-list off \\\n"
		      "\ttx-gre-segmentation off tx-gre-csum-segmentation off tx-ipxip4-segmentation off tx-ipxip6-segmentation off \\\n"
		      "\ttx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off >/dev/null\n");
}

static void add_address(struct text *out, const struct plan_node *node, const struct plan_interface *at, const struct ip_prefix *address)
{
	add_ip(out, node, "address add ");
	ip_prefix_print(address, out);
	text_add(out, " dev ");
	add_word(out, at->name);
	text_add(out, address->addr.family == AF_INET6 ? " nodad\n" : "\n");
}

static void add_qdisc(struct text *out, const struct plan_node *node, const struct plan_interface *at, const char *words)
{
	text_add(out, "tc -n ");
	add_word(out, node->name);
	text_add(out, " qdisc replace dev ");
	add_word(out, at->name);
	text_addf(out, " root %s\n", words);
}

static void add_op(struct text *out, const struct plan *plan, const struct plan_op *op)
{
	const struct plan_node *node = &plan->nodes.items[op->node];
	const struct plan_interface *at = op->interface >= 0 ? &node->interfaces.items[op->interface] : NULL;

	switch (op->type) {
	case PLAN_NODE:
		return add_node(out, node);
	case PLAN_VETH:
		return add_veth(out, plan, op);
	case PLAN_BRIDGE:
	case PLAN_VLAN:
		return add_device(out, node, op);
	case PLAN_MASTER:
		add_ip(out, node, "link set dev ");
		add_word(out, at->name);
		text_add(out, " master ");
		add_word(out, node->interfaces.items[op->peer_interface].name);
		text_add_char(out, '\n');
		return;
	case PLAN_OFFLOADS:
		return add_offloads(out, node, at);
	case PLAN_SYSCTL:
		return add_sysctl(out, node, op->key, op->detail);
	case PLAN_ADDRESS:
		return add_address(out, node, at, op->detail);
	case PLAN_LINK_UP:
	case PLAN_LINK_DOWN:
		return add_link(out, node, "link set dev ", at, op->type == PLAN_LINK_UP ? " up" : " down");
	case PLAN_SYNC: /* asking makes the kernel ready to send; else a first packet may be lost */
		return add_link(out, node, "link show dev ", at, " >/dev/null");
	case PLAN_QDISC:
		return add_qdisc(out, node, at, op->detail);
	case PLAN_NFTABLES:
		return add_ruleset(out, node, op->detail);
	case PLAN_ROUTE:
		return add_spec(out, node, ((const struct route_spec *)op->detail)->family, "route add", &type_route, op->detail);
	case PLAN_RULE:
		return add_spec(out, node, ((const struct rule_spec *)op->detail)->family, "rule add", &type_rule, op->detail);
	case PLAN_NEIGHBOUR:
		return add_spec(out, node, AF_UNSPEC, "neighbour replace", &type_neighbour, op->detail);
	case PLAN_OP_COUNT:
		return;
	}
}

void plan_print_shell(const struct plan *plan, struct text *out)
{
	int phase = -1;

	text_add(out, "#!/bin/sh\n# ");
	text_add_visible(out, plan->tree->title ? plan->tree->title : "A lab", strlen(plan->tree->title ? plan->tree->title : "A lab"));
	text_addf(out, "\n%s", preamble);
	add_functions(out, plan);
	for (size_t i = 0; i < plan->ops.count; i++) {
		int its = plan_op_phase(plan->ops.items[i].type);

		if (its > phase) {
			phase = its;
			text_addf(out, "\n# %s\n", headings[phase]);
		}
		add_op(out, plan, &plan->ops.items[i]);
	}
}
