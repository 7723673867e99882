/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns a checked tree into nodes with interfaces, and the ordered operations that build them. */
#include "lab/run/plan.h"

#include <string.h>

#include "lab/run/plan_internal.h"

/*
 * Theory of operation
 *
 * First the inventory: nodes in file order, each with lo as index 1, then its
 * wire ends in the order of the links, then its extra interfaces, then the
 * bridge of a bridge node. A segment of three or more ends becomes a hidden
 * node with a bridge, one port for each end. Then the operations, phase by
 * phase, which refer to the inventory by number. Both steps read the tree only,
 * so the same scenario gives the same indexes, MACs and order every time.
 *
 * Arrays grow on the heap and are moved into the arena at the end.
 */
struct maker {
	const struct scenario_tree *tree;
	struct arena *arena;
	struct plan *plan;
};

int plan_node_index(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->nodes.count; i++)
		if (str_eq(plan->nodes.items[i].name, name))
			return (int)i;
	return -1;
}

int plan_interface_index(const struct plan_node *node, const char *name)
{
	for (size_t i = 0; i < node->interfaces.count; i++)
		if (str_eq(node->interfaces.items[i].name, name))
			return (int)i;
	return -1;
}

const struct plan_node *plan_find_node(const struct plan *plan, const char *name)
{
	int i = plan_node_index(plan, name);

	return i < 0 ? NULL : &plan->nodes.items[i];
}

const struct plan_interface *plan_find_interface(const struct plan_node *node, const char *name)
{
	int i = plan_interface_index(node, name);

	return i < 0 ? NULL : &node->interfaces.items[i];
}

/* --- inventory --- */

static bool mac_is_given(const struct mac_addr *mac)
{
	static const struct mac_addr none;

	return memcmp(mac, &none, sizeof(none)) != 0;
}

/* Adds an interface; returns its position. */
static int add_interface(struct plan_node *node, struct plan_interface interface)
{
	interface.index = (int)node->interfaces.count + 1;
	array_push(&node->interfaces, interface);
	return (int)node->interfaces.count - 1;
}

static struct plan_node *add_node(struct maker *maker, const char *name, int role, const struct lab_node *tree)
{
	struct plan_node *node = array_push(&maker->plan->nodes, (struct plan_node){.name = name, .role = role, .tree = tree, .hidden = !tree});

	add_interface(node, (struct plan_interface){
				    .name = "lo", .mtu = 65536, .link = -1, .peer_node = -1, .peer_interface = -1, .up = true});
	return node;
}

static int add_end(struct maker *maker, const struct link_node *link, int link_index, const struct end_node *end, int node)
{
	struct plan_node *at = &maker->plan->nodes.items[node];
	int64_t mtu = end->mtu ? end->mtu : link->mtu;

	return add_interface(at, (struct plan_interface){
					 .name = end->interface,
					 .mac = mac_is_given(&end->mac) ? end->mac : mac_addr_derive(end->lab_node, end->interface),
					 .mtu = mtu ? (uint32_t)mtu : 1500,
					 .addresses = end->addresses.values,
					 .address_count = end->addresses.count,
					 .link = link_index,
					 .peer_node = -1,
					 .peer_interface = -1,
					 .up = end->state == STATE_UP,
					 .wire_end = true,
					 .span = end->node.span,
				 });
}

static void join(struct plan *plan, int a_node, int a_interface, int b_node, int b_interface)
{
	struct plan_interface *a = &plan->nodes.items[a_node].interfaces.items[a_interface];
	struct plan_interface *b = &plan->nodes.items[b_node].interfaces.items[b_interface];

	a->peer_node = b_node;
	a->peer_interface = b_interface;
	b->peer_node = a_node;
	b->peer_interface = a_interface;
}

/* The switch behind a segment: a name that no node of the scenario has. */
static int add_segment(struct maker *maker, const struct link_node *link, int link_index)
{
	const char *name = link->title ? link->title : arena_printf(maker->arena, "segment%d", link_index + 1);

	while (plan_node_index(maker->plan, name) >= 0)
		name = arena_printf(maker->arena, "%s'", name);
	add_node(maker, name, ROLE_BRIDGE, NULL);
	return (int)maker->plan->nodes.count - 1;
}

static int add_port(struct maker *maker, int segment, int link_index, size_t number, uint32_t mtu)
{
	struct plan_node *node = &maker->plan->nodes.items[segment];
	const char *name = arena_printf(maker->arena, "port%zu", number + 1);

	return add_interface(node, (struct plan_interface){
					   .name = name,
					   .mac = mac_addr_derive(node->name, name),
					   .mtu = mtu,
					   .link = link_index,
					   .up = true,
				   });
}

static void add_link(struct maker *maker, const struct link_node *link, int index)
{
	struct plan *plan = maker->plan;
	int segment = link->ends.count > 2 ? add_segment(maker, link, index) : -1;
	int first_node = -1, first_interface = -1;

	for (size_t i = 0; i < link->ends.count; i++) {
		const struct end_node *end = (const struct end_node *)link->ends.items[i];
		int node = plan_node_index(plan, end->lab_node);

		if (node < 0)
			continue; /* reported by the checker */
		int interface = add_end(maker, link, index, end, node);
		if (segment >= 0) {
			uint32_t mtu = plan->nodes.items[node].interfaces.items[interface].mtu;

			join(plan, node, interface, segment, add_port(maker, segment, index, i, mtu));
		} else if (first_node < 0) {
			first_node = node;
			first_interface = interface;
		} else {
			join(plan, first_node, first_interface, node, interface);
		}
	}
}

static void add_extra(struct plan_node *node, const struct interface_node *extra)
{
	struct plan_interface interface = {
		.name = extra->node.name,
		.mac = extra->mac,
		.mtu = (uint32_t)extra->mtu,
		.addresses = extra->addresses.values,
		.address_count = extra->addresses.count,
		.link = -1,
		.peer_node = -1,
		.peer_interface = -1,
		.up = extra->state == STATE_UP,
		.tree = extra,
		.span = extra->node.span,
	};

	if (extra->type == INTERFACE_LOOPBACK) {
		interface.name = "lo";
		interface.index = 1;
		if (!interface.mtu)
			interface.mtu = 65536;
		node->interfaces.items[0] = interface;
		return;
	}
	if (extra->type == INTERFACE_BRIDGE && !mac_is_given(&interface.mac))
		interface.mac = mac_addr_derive(node->name, interface.name);
	add_interface(node, interface);
}

static bool has_own_bridge(const struct plan_node *node)
{
	for (size_t i = 0; i < node->interfaces.count; i++)
		if (node->interfaces.items[i].tree && node->interfaces.items[i].tree->type == INTERFACE_BRIDGE)
			return true;
	return false;
}

/* The bridge of a bridge node: "br0", or the first number that is free. */
static void add_switch(struct maker *maker, struct plan_node *node)
{
	const char *name = "br0";

	for (int i = 1; plan_interface_index(node, name) >= 0; i++)
		name = arena_printf(maker->arena, "br%d", i);
	add_interface(node, (struct plan_interface){
				    .name = name,
				    .mac = mac_addr_derive(node->name, name),
				    .link = -1,
				    .peer_node = -1,
				    .peer_interface = -1,
				    .up = true,
			    });
}

static void take_inventory(struct maker *maker)
{
	const struct scenario_tree *tree = maker->tree;

	for (size_t i = 0; i < tree->nodes.count; i++) {
		const struct lab_node *node = (const struct lab_node *)tree->nodes.items[i];

		add_node(maker, node->node.name, node->role, node);
	}
	for (size_t i = 0; i < tree->links.count; i++)
		add_link(maker, (const struct link_node *)tree->links.items[i], (int)i);
	for (size_t i = 0; i < maker->plan->nodes.count; i++) {
		struct plan_node *node = &maker->plan->nodes.items[i];

		for (size_t k = 0; node->tree && k < node->tree->interfaces.count; k++)
			add_extra(node, (const struct interface_node *)node->tree->interfaces.items[k]);
		if (node->role == ROLE_BRIDGE && !has_own_bridge(node))
			add_switch(maker, node);
	}
}

/* --- moving into the arena --- */

static void *to_arena(struct arena *arena, void *items, size_t size)
{
	void *copy = arena_alloc(arena, size ? size : 1);

	if (size)
		memcpy(copy, items, size);
	free(items);
	return copy;
}

#define MOVE(arena, array)                                                                               \
	do {                                                                                             \
		(array)->items = to_arena(arena, (array)->items, (array)->count * sizeof(*(array)->items)); \
		(array)->capacity = (array)->count;                                                      \
	} while (0)

struct plan *plan_make(const struct scenario_tree *tree, struct arena *arena)
{
	struct maker maker = {.tree = tree, .arena = arena, .plan = arena_new_of(arena, struct plan)};

	maker.plan->tree = tree;
	take_inventory(&maker);
	plan_add_ops(maker.plan);
	maker.plan->wants_rings = plan_wants_rings(tree);
	for (size_t i = 0; i < maker.plan->nodes.count; i++)
		MOVE(arena, &maker.plan->nodes.items[i].interfaces);
	MOVE(arena, &maker.plan->nodes);
	MOVE(arena, &maker.plan->ops);
	return maker.plan;
}
