/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking things up in a tree: nodes, ends, and what an endpoint means. */
#include <errno.h>
#include <string.h>

#include "lab/scenario/scenario.h"

const struct lab_node *scenario_node(const struct scenario_tree *tree, const char *name)
{
	for (size_t i = 0; name && i < tree->nodes.count; i++)
		if (strcmp(tree->nodes.items[i]->name, name) == 0)
			return (const struct lab_node *)tree->nodes.items[i];
	return NULL;
}

const struct end_node *scenario_end(const struct scenario_tree *tree, const char *node, const char *interface)
{
	for (size_t i = 0; i < tree->links.count; i++) {
		const struct link_node *link = (const struct link_node *)tree->links.items[i];

		for (size_t j = 0; j < link->ends.count; j++) {
			const struct end_node *end = (const struct end_node *)link->ends.items[j];

			if (str_eq(end->lab_node, node) && str_eq(end->interface, interface))
				return end;
		}
	}
	return NULL;
}

static bool take_first(const struct value_list *addresses, int family, struct ip_addr *ret)
{
	const struct ip_prefix *prefixes = addresses->values;

	for (size_t i = 0; i < addresses->count; i++)
		if (!family || prefixes[i].addr.family == family) {
			*ret = prefixes[i].addr;
			return true;
		}
	return false;
}

/* The first address of the node, or of its interface where one is named: ends of wires in file order, then other interfaces. */
static bool find_address(const struct scenario_tree *tree, const char *node, const char *interface, int family, struct ip_addr *ret)
{
	for (size_t i = 0; i < tree->links.count; i++) {
		const struct link_node *link = (const struct link_node *)tree->links.items[i];

		for (size_t j = 0; j < link->ends.count; j++) {
			const struct end_node *end = (const struct end_node *)link->ends.items[j];

			if (str_eq(end->lab_node, node) && (!interface || str_eq(end->interface, interface)) &&
			    take_first(&end->addresses, family, ret))
				return true;
		}
	}
	const struct lab_node *lab_node = scenario_node(tree, node);
	for (size_t i = 0; lab_node && i < lab_node->interfaces.count; i++) {
		const struct interface_node *extra = (const struct interface_node *)lab_node->interfaces.items[i];

		if ((!interface || str_eq(extra->node.name, interface)) && take_first(&extra->addresses, family, ret))
			return true;
	}
	return false;
}

int scenario_resolve(const struct scenario_tree *tree, const struct endpoint *endpoint, int family, struct ip_addr *ret_addr,
		     int32_t *ret_port, struct err *err)
{
	struct ip_addr addr = endpoint->addr;

	if (!family)
		family = tree->family;
	if (endpoint->node && !find_address(tree, endpoint->node, endpoint->interface, family, &addr))
		return err_set(err, -ENOENT, "'%s%s%s' has no %saddress", endpoint->node, endpoint->interface ? ":" : "",
			       endpoint->interface ? endpoint->interface : "",
			       family == AF_INET ? "IPv4 " : family == AF_INET6 ? "IPv6 " : "");
	*ret_addr = addr;
	*ret_port = endpoint->port;
	return 0;
}
