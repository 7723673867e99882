/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is legal and odd: overlapping subnets, addresses off their link, unused nodes, different MTUs. */
#include <string.h>

#include "lab/scenario/names.h"
#include "lab/scenario/references.h"
#include "lab/scenario/scenario.h"
#include "lab/scenario/visit.h"

/*
 * Theory of operation
 *
 * Subnets belong to broadcast domains, not to wires: all wires of a switch are
 * one domain, and so are the ports of a bridge that a node has as an interface.
 * Domains are found by joining wires (union-find). An address is then held
 * against the subnets of its own domain (is it off its link?) and of all others
 * (do two domains share a subnet?).
 */
struct subnet {
	struct ip_prefix prefix;
	const char *node; /* whose */
	size_t domain;
	struct span span;
};

struct warnings {
	const struct scenario_tree *tree;
	struct arena *arena;
	struct diag_list *diags;
	size_t *domains; /* by link: the link it was joined to, itself at the root */
	ARRAY(struct subnet) subnets;
	struct name_table used; /* nodes that wires and steps speak of */
	bool expects;
};

static const struct link_node *link_at(const struct warnings *warnings, size_t index)
{
	return (const struct link_node *)warnings->tree->links.items[index];
}

/* --- domains --- */

static size_t domain_of(const struct warnings *warnings, size_t link)
{
	while (warnings->domains[link] != link)
		link = warnings->domains[link] = warnings->domains[warnings->domains[link]];
	return link;
}

/* Joins all wires that end at these interfaces of the node (NULL: at any); returns one of them, or SIZE_MAX. */
static size_t join(struct warnings *warnings, const char *node, const struct value_list *interfaces)
{
	size_t first = SIZE_MAX;

	for (size_t i = 0; i < warnings->tree->links.count; i++) {
		const struct link_node *link = link_at(warnings, i);

		for (size_t j = 0; j < link->ends.count; j++) {
			const struct end_node *end = (const struct end_node *)link->ends.items[j];
			bool is_port = !interfaces;

			for (size_t k = 0; interfaces && k < interfaces->count; k++)
				is_port |= str_eq(((const char *const *)interfaces->values)[k], end->interface);
			if (!is_port || !str_eq(end->lab_node, node))
				continue;
			if (first == SIZE_MAX)
				first = i;
			warnings->domains[domain_of(warnings, i)] = domain_of(warnings, first);
		}
	}
	return first;
}

static void add_subnets(struct warnings *warnings, const char *node, const struct value_list *addresses, size_t domain)
{
	const struct ip_prefix *prefixes = addresses->values;

	for (size_t i = 0; i < addresses->count; i++)
		array_push(&warnings->subnets, (struct subnet){prefixes[i], node, domain, addresses->spans[i]});
}

static void find_subnets(struct warnings *warnings)
{
	const struct scenario_tree *tree = warnings->tree;

	for (size_t i = 0; i < tree->links.count; i++)
		warnings->domains[i] = i;
	for (size_t i = 0; i < tree->nodes.count; i++)
		if (((const struct lab_node *)tree->nodes.items[i])->role == ROLE_BRIDGE)
			join(warnings, tree->nodes.items[i]->name, NULL);
	for (size_t i = 0; i < tree->nodes.count; i++) {
		const struct lab_node *node = (const struct lab_node *)tree->nodes.items[i];

		for (size_t j = 0; j < node->interfaces.count; j++) {
			const struct interface_node *interface = (const struct interface_node *)node->interfaces.items[j];
			size_t link = interface->type == INTERFACE_BRIDGE ? join(warnings, node->node.name, &interface->ports) : SIZE_MAX;

			if (link != SIZE_MAX)
				add_subnets(warnings, node->node.name, &interface->addresses, link);
		}
	}
	for (size_t i = 0; i < tree->links.count; i++)
		for (size_t j = 0; j < link_at(warnings, i)->ends.count; j++) {
			const struct end_node *end = (const struct end_node *)link_at(warnings, i)->ends.items[j];

			add_subnets(warnings, end->lab_node, &end->addresses, i);
		}
	for (size_t i = 0; i < warnings->subnets.count; i++)
		warnings->subnets.items[i].domain = domain_of(warnings, warnings->subnets.items[i].domain);
}

/* --- subnets --- */

/* Single addresses and link-local ones say nothing about a subnet. */
static bool is_subnet(const struct ip_prefix *prefix)
{
	const uint8_t *bytes = prefix->addr.bytes;

	if (prefix->length >= (prefix->addr.family == AF_INET ? 32 : 128))
		return false;
	if (prefix->addr.family == AF_INET6)
		return !(bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
	return !(bytes[0] == 169 && bytes[1] == 254);
}

static bool overlap(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return a->addr.family == b->addr.family && (ip_prefix_contains(a, &b->addr) || ip_prefix_contains(b, &a->addr));
}

/* By network, the wider first: what a prefix contains follows it at once. */
static int compare_subnets(const void *left, const void *right)
{
	const struct subnet *a = *(const struct subnet *const *)left, *b = *(const struct subnet *const *)right;
	unsigned common = a->prefix.length < b->prefix.length ? a->prefix.length : b->prefix.length;

	if (a->prefix.addr.family != b->prefix.addr.family)
		return a->prefix.addr.family - b->prefix.addr.family;
	for (unsigned bit = 0; bit < common; bit += 8) {
		uint8_t mask = common - bit < 8 ? (uint8_t)(0xff00u >> (common - bit)) : 0xff;
		int order = (a->prefix.addr.bytes[bit / 8] & mask) - (b->prefix.addr.bytes[bit / 8] & mask);

		if (order)
			return order;
	}
	if (a->prefix.length != b->prefix.length)
		return a->prefix.length - b->prefix.length;
	return (a > b) - (a < b);
}

/* An overlap is reported once for all ends of a wire, at the first of them. */
static void report_overlap(struct warnings *warnings, const struct subnet *a, const struct subnet *b)
{
	const struct subnet *first = a < b ? a : b, *later = a < b ? b : a;

	for (const struct subnet *before = warnings->subnets.items; before < later; before++)
		if (before->domain == later->domain && is_subnet(&before->prefix) && overlap(&before->prefix, &later->prefix))
			return;
	diag_add(warnings->diags, DIAG_SUBNET_OVERLAP, later->span, "this subnet is on another wire too, on line %u", first->span.line);
	diag_help(warnings->diags, "a host that has both reaches only one of them; give each wire a subnet of its own");
}

/* Prefixes either contain each other or have nothing in common, so those around one are a stack. */
static void warn_overlaps(struct warnings *warnings)
{
	const struct subnet **sorted = arena_alloc(warnings->arena, warnings->subnets.count * sizeof(*sorted));
	const struct subnet *around[129];
	size_t count = 0, depth = 0;

	for (size_t i = 0; i < warnings->subnets.count; i++)
		if (is_subnet(&warnings->subnets.items[i].prefix))
			sorted[count++] = &warnings->subnets.items[i];
	qsort(sorted, count, sizeof(*sorted), compare_subnets);
	for (size_t i = 0; i < count; i++) {
		while (depth && !overlap(&around[depth - 1]->prefix, &sorted[i]->prefix))
			depth--;
		for (size_t j = 0; j < depth; j++)
			if (around[j]->domain != sorted[i]->domain) {
				report_overlap(warnings, around[j], sorted[i]);
				break;
			}
		/* One for each length and domain on the way down is enough. */
		if (depth < COUNT_OF(around) && (!depth || around[depth - 1]->prefix.length != sorted[i]->prefix.length ||
						 around[depth - 1]->domain != sorted[i]->domain))
			around[depth++] = sorted[i];
	}
}

static void warn_off_link(struct warnings *warnings)
{
	for (size_t i = 0; i < warnings->subnets.count; i++) {
		const struct subnet *own = &warnings->subnets.items[i];
		const struct subnet *other = NULL;
		bool reachable = false;

		for (size_t j = 0; j < warnings->subnets.count && is_subnet(&own->prefix) && !reachable; j++) {
			const struct subnet *peer = &warnings->subnets.items[j];

			if (peer->domain != own->domain || str_eq(peer->node, own->node) ||
			    peer->prefix.addr.family != own->prefix.addr.family ||
			    !is_subnet(&peer->prefix))
				continue;
			other = other ? other : peer;
			reachable = ip_prefix_contains(&peer->prefix, &own->prefix.addr);
		}
		if (!other || reachable)
			continue;
		struct text text = {0};
		ip_prefix_print(&other->prefix, &text);
		diag_add(warnings->diags, DIAG_OFF_LINK, own->span, "this address is in no subnet of the wire's other ends");
		diag_help(warnings->diags, "the other end has %s, on line %u", text_str(&text), other->span.line);
		text_free(&text);
	}
}

/* --- addresses, MTUs --- */

static void warn_outside(struct warnings *warnings, const struct value_list *addresses)
{
	const struct ip_prefix *prefixes = addresses->values;

	for (size_t i = 0; i < addresses->count; i++)
		if (!ip_addr_is_for_labs(&prefixes[i].addr)) {
			diag_add(warnings->diags, DIAG_OUTSIDE_ADDRESS, addresses->spans[i], "this address may belong to somebody");
			diag_help(warnings->diags, "192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 (RFC 5737) and 2001:db8::/32 (RFC 3849) are for examples");
		}
}

static void use_node(struct warnings *warnings, const char *node)
{
	if (node)
		names_add(&warnings->used, node, node);
}

static int64_t mtu_of(const struct link_node *link, const struct end_node *end)
{
	return end->mtu ? end->mtu : link->mtu ? link->mtu : 1500;
}

static void warn_links(struct warnings *warnings)
{
	for (size_t i = 0; i < warnings->tree->links.count; i++) {
		const struct link_node *link = link_at(warnings, i);

		for (size_t j = 0; j < link->ends.count; j++) {
			const struct end_node *end = (const struct end_node *)link->ends.items[j];
			const struct end_node *first = (const struct end_node *)link->ends.items[0];

			use_node(warnings, end->lab_node);
			warn_outside(warnings, &end->addresses);
			if (mtu_of(link, end) == mtu_of(link, first))
				continue;
			bool at_end = node_given(&end->node, "mtu");
			diag_add(warnings->diags, DIAG_MTU_MISMATCH, node_field_span(at_end ? &end->node : &first->node, "mtu"),
				 "'%s' has an MTU of %lld, and '%s' of %lld", first->node.name, (long long)mtu_of(link,
														  first), end->node.name,
				 (long long)mtu_of(link, end));
			diag_help(warnings->diags, "the larger end's packets are dropped in silence; an mtu beside the ends is for all of them");
		}
	}
}

/* --- what the steps speak of --- */

static int on_verb(struct visitor *visitor, const struct node *node)
{
	struct warnings *warnings = visitor->data;

	warnings->expects |= node->kind == &kind_receive || node->kind == &kind_run || node->kind == &kind_expect || node->kind == &kind_error;
	for (size_t i = 0; i < node->kind->field_count; i++) {
		const struct field *field = &node->kind->fields[i];

		if (field->shape == FIELD_SCALAR && field->type == &type_endpoint) {
			use_node(warnings, ((const struct endpoint *)field_at(node, field))->node);
		} else if (field->type == &type_string && strcmp(field->name, "in") == 0) {
			use_node(warnings, *(const char **)field_at(node, field));
		} else if (field->shape == FIELD_LIST && field->type == &type_place) {
			const struct value_list *places = field_at(node, field);

			for (size_t j = 0; j < places->count; j++)
				use_node(warnings, ((const struct place *)places->values)[j].node);
		}
	}
	return visit_children(visitor, node);
}

static void warn_unused(struct warnings *warnings)
{
	for (size_t i = 0; i < warnings->tree->nodes.count; i++) {
		const struct node *node = warnings->tree->nodes.items[i];

		if (names_find(&warnings->used, node->name))
			continue;
		diag_add(warnings->diags, DIAG_UNUSED_NODE, node->name_span, "no wire ends at '%s', and no step mentions it", node->name);
	}
}

void warnings_check(const struct scenario_tree *tree, struct arena *arena, struct diag_list *diags)
{
	static const struct visitor_entry none[] = {{0}};
	struct warnings warnings = {.tree = tree, .arena = arena, .diags = diags, .used = {.arena = arena}};
	struct visitor visitor = {.entries = none, .other = on_verb, .data = &warnings};

	warnings.domains = arena_alloc(arena, tree->links.count * sizeof(*warnings.domains));
	find_subnets(&warnings);
	warn_overlaps(&warnings);
	warn_off_link(&warnings);
	warn_links(&warnings);
	for (size_t i = 0; i < tree->nodes.count; i++) {
		const struct lab_node *node = (const struct lab_node *)tree->nodes.items[i];

		for (size_t j = 0; j < node->interfaces.count; j++)
			warn_outside(&warnings, &((const struct interface_node *)node->interfaces.items[j])->addresses);
	}
	for (size_t i = 0; i < tree->steps.count; i++)
		visit(&visitor, tree->steps.items[i]);
	warn_unused(&warnings);
	if (!warnings.expects) {
		diag_add(diags, DIAG_NO_EXPECTATION, node_field_span(&tree->node, "scenario"),
			 "this scenario expects nothing, so it shows nothing");
		diag_help(diags, "say what must be seen: expect: {at: NODE:INTERFACE, packets: …}");
	}
	array_free(&warnings.subnets);
}
