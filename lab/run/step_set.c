/* SPDX-License-Identifier: GPL-2.0-or-later */
/* set: changes to a node while the lab runs. */
#include <errno.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/kernel/netfilter.h"
#include "lab/kernel/netns.h"
#include "lab/kernel/rtnl.h"
#include "lab/kernel/sysctl.h"
#include "lab/run/verbs.h"

#define IPV6_READY_MAX (20 * NS_PER_S) /* the work waits for rtnl, which others on the machine may hold */

void set_describe(const struct step_node *step, struct text *out)
{
	const struct set_node *set = step->set;
	const struct node *node = &set->node;
	bool first = true;

	text_addf(out, "set in %s:", set->in);
	for (size_t i = 0; i < node->kind->field_count; i++) {
		const char *name = node->kind->fields[i].name;

		if (!(node->given >> i & 1) || strcmp(name, "in") == 0)
			continue;
		text_addf(out, "%s %s", first ? "" : ",", name);
		if (strcmp(name, "link") == 0)
			text_addf(out, " %s", set->link);
		if (strcmp(name, "state") == 0)
			text_add(out, set->state == STATE_UP ? " up" : " down");
		first = false;
	}
}

const char *set_node_name(const struct step_node *step)
{
	return step->set->in;
}

static int device_index(const struct plan_node *node, const char *name, int *ret, struct err *err)
{
	const struct plan_interface *interface = name ? plan_find_interface(node, name) : NULL;

	*ret = 0;
	if (!name)
		return 0;
	if (!interface && strcmp(name, "lo") != 0)
		return err_set(err, -ENODEV, "node %s has no interface '%s'", node->name, name);
	*ret = interface ? interface->index : 1;
	return 0;
}

static int set_link(const struct set_node *set, const struct plan_node *node, struct rtnl *rtnl, struct err *err)
{
	int index, r = device_index(node, set->link, &index, err);

	if (r < 0 || !set->link)
		return r;
	if (node_given(&set->node, "mtu"))
		r = rtnl_set_mtu(rtnl, index, (uint32_t)set->mtu, err);
	if (r >= 0 && node_given(&set->node, "state"))
		r = rtnl_set_link(rtnl, index, set->state == STATE_UP, err);
	for (size_t i = 0; i < set->no_addresses.count && r >= 0; i++)
		r = rtnl_del_address(rtnl, index, (const struct ip_prefix *)set->no_addresses.values + i, err);
	for (size_t i = 0; i < set->addresses.count && r >= 0; i++)
		r = rtnl_add_address(rtnl, index, (const struct ip_prefix *)set->addresses.values + i, err);
	return r;
}

static int sync_node(struct execution *x, int at, struct err *err)
{
	const struct plan_node *node = &x->plan->nodes.items[at];
	struct rtnl *rtnl = x->lab.rtnl[at];
	int r = 0;

	for (size_t i = 1; i < node->interfaces.count && r >= 0; i++)
		r = rtnl_sync_link(rtnl, node->interfaces.items[i].index, err);
	return r < 0 ? r : rtnl_commit(rtnl, err);
}

/*
 * A change of carrier reaches the qdisc, and interfaces stacked above, some time later, at both ends of the wire: whoever sends
 * before that loses its packet. Asking makes it happen now.
 */
static int sync_wire(struct execution *x, const struct set_node *set, int at, struct err *err)
{
	const struct plan_interface *interface = set->link ? plan_find_interface(&x->plan->nodes.items[at], set->link) : NULL;
	int r;

	if (!interface || !node_given(&set->node, "state"))
		return 0;
	r = sync_node(x, at, err);
	if (r >= 0 && interface->peer_node >= 0)
		r = sync_node(x, interface->peer_node, err);
	return r;
}

static int set_routes(const struct set_node *set, const struct plan_node *node, struct rtnl *rtnl, struct err *err)
{
	const struct route_spec *add = set->routes.values, *del = set->no_routes.values;
	int index, r = 0;

	for (size_t i = 0; i < set->no_routes.count && r >= 0; i++) {
		r = device_index(node, del[i].dev, &index, err);
		if (r >= 0)
			r = rtnl_del_route(rtnl, &del[i], index, err);
	}
	for (size_t i = 0; i < set->routes.count && r >= 0; i++) {
		r = device_index(node, add[i].dev, &index, err);
		if (r >= 0)
			r = rtnl_add_route(rtnl, &add[i], index, true, err);
	}
	return r;
}

static int set_rules_and_neighbours(const struct set_node *set, const struct plan_node *node, struct rtnl *rtnl, struct err *err)
{
	const struct neighbour_spec *add = set->neighbours.values, *del = set->no_neighbours.values;
	int index, r = 0;

	for (size_t i = 0; i < set->no_rules.count && r >= 0; i++)
		r = rtnl_del_rule(rtnl, (const struct rule_spec *)set->no_rules.values + i, err);
	for (size_t i = 0; i < set->rules.count && r >= 0; i++)
		r = rtnl_add_rule(rtnl, (const struct rule_spec *)set->rules.values + i, err);
	for (size_t i = 0; i < set->no_neighbours.count && r >= 0; i++) {
		r = device_index(node, del[i].dev, &index, err);
		if (r >= 0)
			r = rtnl_del_neighbour(rtnl, &del[i], index, err);
	}
	for (size_t i = 0; i < set->neighbours.count && r >= 0; i++) {
		r = device_index(node, add[i].dev, &index, err);
		if (r >= 0)
			r = rtnl_add_neighbour(rtnl, &add[i], index, err);
	}
	return r;
}

/* What acts on the calling thread's own namespace. */
static int set_inside(const struct set_node *set, struct err *err)
{
	unsigned line = 0, column = 0;
	int r = 0;

	for (size_t i = 0; i < set->sysctl.count && r >= 0; i++) {
		const struct setting_node *setting = (const struct setting_node *)set->sysctl.items[i];

		r = sysctl_set(setting->node.name, setting->value, err);
	}
	if (r >= 0 && set->nftables) {
		r = nftables_apply(set->nftables, false, &line, &column, err);
		if (r < 0 && line)
			err_wrap(err, "nftables, line %u of the ruleset", line);
	}
	if (r >= 0 && set->conntrack)
		r = conntrack_flush(err);
	return r;
}

/* New IPv6 addresses can be asked for as soon as the step is over. */
static int wait_ipv6(const struct set_node *set, const struct plan_node *node, struct rtnl *rtnl, struct err *err)
{
	const struct ip_prefix *prefixes = set->addresses.values;
	ARRAY(struct rtnl_ipv6_address) addresses = {0};
	bool up = false, carrier = false;
	int index, r = device_index(node, set->link, &index, err);

	if (r < 0 || !index || index == 1)
		return r;
	for (size_t i = 0; i < set->addresses.count; i++)
		if (prefixes[i].addr.family == AF_INET6)
			array_push(&addresses, (struct rtnl_ipv6_address){index, prefixes[i].addr});
	if (addresses.count)
		r = rtnl_link_state(rtnl, index, &up, &carrier, NULL, err);
	if (r >= 0 && up)
		r = rtnl_wait_ipv6(rtnl, addresses.items, addresses.count, IPV6_READY_MAX, err);
	array_free(&addresses);
	return r;
}

int set_start(struct step_run *run, struct err *err)
{
	struct execution *x = run->execution;
	const struct set_node *set = run->step->set;
	int at = execution_node(x, set->in);
	struct err inner = {0};

	if (at < 0) {
		step_fail(run, NULL, "no node '%s'", set->in ? set->in : "");
		return 0;
	}
	const struct plan_node *node = &x->plan->nodes.items[at];
	struct rtnl *rtnl = x->lab.rtnl[at];

	int r = netns_enter(x->lab.netns[at], err);
	if (r < 0)
		return r;
	int done = set_link(set, node, rtnl, &inner);
	if (done >= 0)
		done = set_routes(set, node, rtnl, &inner);
	if (done >= 0)
		done = set_rules_and_neighbours(set, node, rtnl, &inner);
	int committed = rtnl_commit(rtnl, done >= 0 ? &inner : NULL);
	if (done >= 0)
		done = committed;
	if (done >= 0)
		done = sync_wire(x, set, at, &inner);
	if (done >= 0)
		done = wait_ipv6(set, node, rtnl, &inner);
	if (done >= 0)
		done = set_inside(set, &inner);
	if (done < 0) {
		struct driver_failure failure = {.call = inner.call ? inner.call : "sendmsg", .errno_value = -done};

		step_fail(run, &failure, "%s", inner.text);
		return 0;
	}
	step_done(run);
	return 0;
}
