/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of nodes and interfaces: whether the lab has them. */
#include "lab/scenario/references.h"

#include <string.h>

#include "lab/scenario/check_names.h"
#include "lab/scenario/iproute.h"

static void help_near(const struct name_check *check, const char *word, const char *const *names, size_t count, const char *all_of)
{
	const char *near = str_nearest(word, names, count);
	struct text all = {0};

	if (near) {
		diag_help(check->diags, "did you mean '%s'?", near);
		return;
	}
	for (size_t i = 0; i < count; i++)
		text_addf(&all, "%s%s", i ? ", " : "", names[i]);
	if (count)
		diag_help(check->diags, "%s %s", all_of, text_str(&all));
	text_free(&all);
}

const struct lab_node *check_node_name(const struct name_check *check, const char *name, struct span at)
{
	const struct lab_node *node = name ? names_find(&check->nodes, name) : NULL;
	size_t count = check->tree->nodes.count;

	if (node || !name)
		return node;
	const char **names = arena_alloc(check->arena, (count + 1) * sizeof(*names));
	for (size_t i = 0; i < count; i++)
		names[i] = check->tree->nodes.items[i]->name;
	diag_add(check->diags, DIAG_UNKNOWN_NODE, at, "the lab has no node '%s'", name);
	if (count)
		help_near(check, name, names, count, "it has");
	else
		diag_help(check->diags, "nodes stand under 'nodes:', by name");
	return NULL;
}

static const char **interface_names(const struct name_check *check, const struct lab_node *node, size_t *ret_count)
{
	const struct scenario_tree *tree = check->tree;
	size_t most = node->interfaces.count + 1, count = 0;

	for (size_t i = 0; i < tree->links.count; i++)
		most += ((const struct link_node *)tree->links.items[i])->ends.count;
	const char **names = arena_alloc(check->arena, most * sizeof(*names));
	for (size_t i = 0; i < tree->links.count; i++) {
		const struct link_node *link = (const struct link_node *)tree->links.items[i];

		for (size_t j = 0; j < link->ends.count; j++) {
			const struct end_node *end = (const struct end_node *)link->ends.items[j];

			if (str_eq(end->lab_node, node->node.name))
				names[count++] = end->interface;
		}
	}
	for (size_t i = 0; i < node->interfaces.count; i++)
		names[count++] = node->interfaces.items[i]->name;
	*ret_count = count;
	return names;
}

static bool has_interface(const struct name_check *check, const struct lab_node *node, const char *interface)
{
	if (strcmp(interface, "lo") == 0 || names_find(&check->ends, arena_printf(check->arena, "%s:%s", node->node.name, interface)))
		return true;
	for (size_t i = 0; i < node->interfaces.count; i++)
		if (strcmp(node->interfaces.items[i]->name, interface) == 0)
			return true;
	return false;
}

bool check_interface_name(const struct name_check *check, const char *name, const char *interface, struct span at)
{
	const struct lab_node *node = name ? names_find(&check->nodes, name) : NULL;
	size_t count;

	if (!node || !interface || has_interface(check, node, interface))
		return true;
	const char **names = interface_names(check, node, &count);
	diag_add(check->diags, DIAG_UNKNOWN_INTERFACE, at, "node '%s' has no interface '%s'", name, interface);
	if (count)
		help_near(check, interface, names, count, "it has");
	else
		diag_help(check->diags, "interfaces are the ends of wires, under 'links:'");
	return false;
}

/* --- routes, rules, neighbours --- */

void check_routes(const struct name_check *check, const struct lab_node *node, const struct value_list *routes, bool adding)
{
	const struct route_spec *specs = routes->values;

	for (size_t i = 0; i < routes->count; i++) {
		struct span at = specs[i].dev ? span_find(routes->spans[i], specs[i].dev, strlen(specs[i].dev)) : routes->spans[i];

		check_interface_name(check, node->node.name, specs[i].dev, at);
		if (adding && specs[i].type == ROUTE_UNICAST && !specs[i].via.family && !specs[i].dev) {
			diag_add(check->diags, DIAG_BAD_ROUTE, routes->spans[i], "the route leads nowhere: it has neither via nor dev");
			diag_help(check->diags, "add via and a gateway's address, or dev and an interface");
		}
	}
}

void check_rules(const struct name_check *check, const struct lab_node *node, const struct value_list *rules)
{
	const struct rule_spec *specs = rules->values;

	for (size_t i = 0; i < rules->count; i++) {
		if (specs[i].iif)
			check_interface_name(check, node->node.name, specs[i].iif, span_find(rules->spans[i], specs[i].iif,
											     strlen(specs[i].iif)));
		if (specs[i].oif)
			check_interface_name(check, node->node.name, specs[i].oif, span_find(rules->spans[i], specs[i].oif,
											     strlen(specs[i].oif)));
	}
}

void check_neighbours(const struct name_check *check, const struct lab_node *node, const struct value_list *neighbours, bool adding)
{
	const struct neighbour_spec *specs = neighbours->values;

	for (size_t i = 0; i < neighbours->count; i++) {
		check_interface_name(check, node->node.name, specs[i].dev,
				     span_find(neighbours->spans[i], specs[i].dev, strlen(specs[i].dev)));
		if (adding && !specs[i].has_mac && !specs[i].proxy) {
			diag_add(check->diags, DIAG_BAD_ROUTE, neighbours->spans[i], "the neighbour has no hardware address");
			diag_help(check->diags, "add lladdr and the address, as in lladdr 02:00:00:00:00:09");
		}
	}
}

void references_check(const struct scenario_tree *tree, const struct runtime_references *references, struct arena *arena,
		      struct diag_list *diags)
{
	struct name_check check = {.tree = tree, .arena = arena, .diags = diags, .nodes = {.arena = arena}, .ends = {.arena = arena}};

	for (size_t i = 0; i < tree->nodes.count; i++)
		names_add(&check.nodes, tree->nodes.items[i]->name, tree->nodes.items[i]);
	for (size_t i = 0; i < tree->links.count; i++) {
		const struct node_list *ends = &((const struct link_node *)tree->links.items[i])->ends;

		for (size_t j = 0; j < ends->count; j++)
			names_add(&check.ends, ends->items[j]->name, ends->items[j]);
	}
	references_check_lab(&check);
	references_check_steps(&check, references);
}
