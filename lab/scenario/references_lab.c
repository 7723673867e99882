/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and references within the lab: nodes, interfaces, wires. */
#include <ctype.h>
#include <string.h>

#include "lab/scenario/check_names.h"

/* --- names --- */

static void check_new_node_name(const struct name_check *check, const struct lab_node *node)
{
	const char *name = node->node.name;
	bool fits = isalpha((unsigned char)*name) && strlen(name) <= 63;

	for (const char *c = name; *c; c++)
		fits &= isalnum((unsigned char)*c) || *c == '_' || *c == '-';
	if (fits)
		return;
	diag_add(check->diags, DIAG_BAD_NAME, node->node.name_span, "'%s' cannot name a node", name);
	diag_help(check->diags, "a letter, then letters, digits, _ and -; 63 at most, since it is a host name too");
}

/* dev_valid_name() of the kernel, and what would be a file of its own under /proc/sys/net. */
static void check_new_interface_name(const struct name_check *check, const char *name, struct span at)
{
	static const char *const taken[] = {".", "..", "all", "default"};
	const char *why = NULL;

	if (!*name || strlen(name) > 15)
		why = "the kernel allows 1 to 15 bytes";
	for (const char *c = name; *c && !why; c++)
		if (isspace((unsigned char)*c) || *c == '/' || *c == ':')
			why = "spaces, / and : are not allowed";
	for (size_t i = 0; i < COUNT_OF(taken) && !why; i++)
		if (strcmp(name, taken[i]) == 0)
			why = "the kernel keeps this name for itself";
	if (!why)
		return;
	diag_add(check->diags, DIAG_BAD_NAME, at, "'%s' cannot name an interface", name);
	diag_help(check->diags, "%s", why);
}

static void check_mac(const struct name_check *check, const struct node *node, const struct mac_addr *mac)
{
	static const struct mac_addr none;

	if (!node_given(node, "mac") || node->runtime)
		return;
	if (!(mac->bytes[0] & 1) && memcmp(mac, &none, sizeof(none)) != 0)
		return;
	diag_add(check->diags, DIAG_BAD_VALUE, node_field_span(node, "mac"), "an interface cannot have this hardware address");
	diag_help(check->diags, "the first byte is even, and not all are zero, as in 02:00:00:00:00:01");
}

/* --- links --- */

static void check_end(const struct name_check *check, const struct end_node *end)
{
	size_t node_length = strlen(end->lab_node);
	struct span node_at = span_find(end->node.name_span, end->lab_node, node_length);
	struct span interface_at = span_find(end->node.name_span, end->interface, strlen(end->interface));

	check_node_name(check, end->lab_node, node_at);
	if (strcmp(end->interface, "lo") == 0) {
		diag_add(check->diags, DIAG_BAD_NAME, interface_at, "'lo' is the loopback interface, and no end of a wire");
		diag_help(check->diags, "addresses on lo stand with the node: interfaces: {lo: …}");
	} else {
		check_new_interface_name(check, end->interface, interface_at);
	}
	check_mac(check, &end->node, &end->mac);
	const struct node *first = names_find(&check->ends, end->node.name);
	if (first == &end->node)
		return;
	diag_add(check->diags, DIAG_DUPLICATE_NAME, end->node.name_span, "'%s' is an end of a wire already, on line %u", end->node.name,
		 first->name_span.line);
	diag_help(check->diags, "an interface has one wire; three ends and more on one wire stand in one entry of 'links'");
}

/* Ends as they are written: one that was refused for its form is an end all the same. */
static size_t count_written_ends(const struct yaml *link)
{
	size_t count = 0;

	for (size_t i = 0; i < link->count; i++)
		count += strchr(link->pairs[i].key->text, ':') != NULL;
	return count;
}

static void check_links(const struct name_check *check)
{
	for (size_t i = 0; i < check->tree->links.count; i++) {
		const struct link_node *link = (const struct link_node *)check->tree->links.items[i];

		if (link->node.yaml->kind == YAML_MAP && count_written_ends(link->node.yaml) < 2) {
			struct span at = link->ends.count ? link->ends.items[0]->name_span :
					 link->node.yaml->count ? link->node.yaml->pairs[0].key->span : link->node.span;

			diag_add(check->diags, DIAG_LINK_ENDS, at, link->ends.count ? "this wire has one end" : "this wire has no ends");
			diag_help(check->diags, "an end is a key with a colon, as in inside:eth0: 192.0.2.1/24; the ends of one wire are keys of one map");
		}
		for (size_t j = 0; j < link->ends.count; j++)
			check_end(check, (const struct end_node *)link->ends.items[j]);
	}
}

/* --- interfaces that are no ends --- */

static const struct interface_node *find_extra(const struct lab_node *node, const char *name, size_t *ret_index)
{
	for (size_t i = 0; i < node->interfaces.count; i++)
		if (str_eq(node->interfaces.items[i]->name, name)) {
			*ret_index = i;
			return (const struct interface_node *)node->interfaces.items[i];
		}
	return NULL;
}

/* A VLAN over a VLAN is fine; one that leads back to itself is not. `seen` has a byte for each interface of the node. */
static bool leads_to(const struct lab_node *node, const char *from, const char *to, bool *seen)
{
	size_t index;
	const struct interface_node *interface = find_extra(node, from, &index);

	if (!interface || seen[index])
		return false;
	seen[index] = true;
	for (size_t i = 0; i < interface->ports.count; i++) {
		const char *port = ((const char *const *)interface->ports.values)[i];

		if (str_eq(port, to) || leads_to(node, port, to, seen))
			return true;
	}
	return interface->link && (str_eq(interface->link, to) || leads_to(node, interface->link, to, seen));
}

static void check_ports(const struct name_check *check, const struct lab_node *node, size_t index)
{
	const struct interface_node *bridge = (const struct interface_node *)node->interfaces.items[index];
	const char *const *ports = bridge->ports.values;

	for (size_t i = 0; i < bridge->ports.count; i++) {
		check_interface_name(check, node->node.name, ports[i], bridge->ports.spans[i]);
		if (strcmp(ports[i], "lo") == 0)
			diag_add(check->diags, DIAG_BAD_NAME, bridge->ports.spans[i], "'lo' cannot be a port of a bridge");
		for (size_t j = 0; j <= index; j++) {
			const struct interface_node *other = (const struct interface_node *)node->interfaces.items[j];

			for (size_t k = 0; k < (j == index ? i : other->ports.count); k++)
				if (str_eq(((const char *const *)other->ports.values)[k], ports[i]))
					diag_add(check->diags, DIAG_DUPLICATE_NAME, bridge->ports.spans[i],
						 "'%s' is a port of '%s' already",
						 ports[i], other->node.name);
		}
	}
}

static void check_interfaces(const struct name_check *check, const struct lab_node *node)
{
	for (size_t i = 0; i < node->interfaces.count; i++) {
		const struct interface_node *interface = (const struct interface_node *)node->interfaces.items[i];
		const char *name = interface->node.name;
		const struct end_node *end = scenario_end(check->tree, node->node.name, name);

		check_new_interface_name(check, name, interface->node.name_span);
		check_mac(check, &interface->node, &interface->mac);
		if (end) {
			diag_add(check->diags, DIAG_DUPLICATE_NAME, interface->node.name_span,
				 "'%s' is an end of a wire already, on line %u", name,
				 end->node.name_span.line);
			diag_help(check->diags, "an end's address, mac and mtu stand with the wire");
		}
		if (interface->link)
			check_interface_name(check, node->node.name, interface->link, node_field_span(&interface->node, "link"));
		check_ports(check, node, i);
		if (leads_to(node, name, name, arena_alloc(check->arena, node->interfaces.count * sizeof(bool))))
			diag_add(check->diags, DIAG_BAD_VALUE, interface->node.name_span, "'%s' is built upon itself", name);
	}
}

static void check_node(const struct name_check *check, const struct lab_node *node)
{
	check_new_node_name(check, node);
	check_interfaces(check, node);
	check_routes(check, node, &node->routes, true);
	check_rules(check, node, &node->rules);
	check_neighbours(check, node, &node->neighbours, true);
	for (size_t i = 0; i < node->files.count; i++) {
		const struct node *file = node->files.items[i];

		if (file->name[0] == '/' && file->name[1] && !strstr(file->name, "/../") && !str_ends(file->name, "/") &&
		    !str_ends(file->name, "/.."))
			continue;
		diag_add(check->diags, DIAG_BAD_NAME, file->name_span, "'%s' is not the absolute path of a file", file->name);
		diag_help(check->diags, "as in /etc/dnsmasq.conf");
	}
}

static void check_kernel(const struct name_check *check, const struct requires_node *requires)
{
	static const char *const operators[] = {">=", "<=", "==", "!=", ">", "<"};
	const char *version = requires->kernel;
	size_t i = 0;

	if (!version)
		return;
	while (i < COUNT_OF(operators) && !str_starts(version, operators[i]))
		i++;
	const char *digits = i < COUNT_OF(operators) ? version + strlen(operators[i]) : "";
	digits += strspn(digits, " ");
	if (i < COUNT_OF(operators) && isdigit((unsigned char)*digits) && strspn(digits, "0123456789.") == strlen(digits))
		return;
	diag_add(check->diags, DIAG_BAD_VALUE, node_field_span(&requires->node, "kernel"),
		 "'%s' is not a condition on the kernel's version", version);
	diag_help(check->diags, "one of >= > <= < == != and a version, as in \">= 6.5\"");
}

void references_check_lab(const struct name_check *check)
{
	for (size_t i = 0; i < check->tree->nodes.count; i++)
		check_node(check, (const struct lab_node *)check->tree->nodes.items[i]);
	check_links(check);
	if (check->tree->requires)
		check_kernel(check, check->tree->requires);
}
