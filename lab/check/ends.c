/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes, their wires and interfaces, and the sockets that steps have opened. */
#include <string.h>

#include "lab/check/check_inside.h"

const struct open_node *find_opened(const struct check *check, const char *socket)
{
	for (size_t i = check->opened.count; socket && i-- > 0;)
		if (str_eq(check->opened.items[i]->socket, socket))
			return check->opened.items[i];
	return NULL;
}

size_t count_wire_ends(const struct scenario_tree *tree, const char *node, const char **ret_first)
{
	const char *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < tree->links.count; i++) {
		const struct link_node *link = (const struct link_node *)tree->links.items[i];

		for (size_t k = 0; k < link->ends.count; k++) {
			const struct end_node *end = (const struct end_node *)link->ends.items[k];

			if (!str_eq(end->lab_node, node))
				continue;
			first = first ? first : end->interface;
			count++;
		}
	}
	if (ret_first)
		*ret_first = first;
	return count;
}

const char *interface_of(const struct check *check, const char *node, const struct node *options)
{
	const char *written = driver_option_interface(options), *only = NULL;

	if (written)
		return written;
	return count_wire_ends(check->tree, node, &only) == 1 ? only : NULL;
}

bool has_interface(const struct scenario_tree *tree, const char *node, const char *interface)
{
	const struct lab_node *lab_node = scenario_node(tree, node);

	if (!lab_node || str_eq(interface, "lo") || scenario_end(tree, node, interface))
		return true;
	for (size_t i = 0; i < lab_node->interfaces.count; i++)
		if (str_eq(lab_node->interfaces.items[i]->name, interface))
			return true;
	/* The switch that a bridge node has of itself. */
	return lab_node->role == ROLE_BRIDGE && str_eq(interface, "br0");
}
