/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits that a lab shares with its host: near them, results would depend on what else runs there. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lab/run/plan_internal.h"
#include "lab/scenario/scenario.h"
#include "lab/scenario/visit.h"

/*
 * Theory of operation
 *
 * Neighbour entries of all namespaces count against one gc_thresh3 a family
 * (arp(7)). How many a run makes is not known beforehand; what is known is who
 * may talk to whom: on each wire, every ordered pair of ends that carry packets
 * in this scenario. An end does so if its node forwards, or if a step acts in
 * the node or names it or an address of it. A program may talk to whomever it
 * likes: a scenario that runs one counts all ends.
 *
 * "Near" is four fifths of a limit, half of the free memory.
 */
#define NEIGHBOURS_USUAL 1024     /* net/ipv4/arp.c: gc_thresh3 */
#define MEMORY_NODE (512u << 10)  /* measured: 350 KiB for a node with one wire end */

struct limits {
	const struct plan *plan;
	bool *active; /* parallel to plan->nodes */
};

static void mark(struct limits *limits, const char *name)
{
	int at = name ? plan_node_index(limits->plan, name) : -1;

	if (at >= 0)
		limits->active[at] = true;
}

static void mark_address(struct limits *limits, const struct ip_addr *addr)
{
	for (size_t n = 0; n < limits->plan->nodes.count; n++)
		for (size_t i = 0; i < limits->plan->nodes.items[n].interfaces.count; i++) {
			const struct plan_interface *interface = &limits->plan->nodes.items[n].interfaces.items[i];

			for (size_t k = 0; k < interface->address_count; k++)
				if (ip_addr_equal(&interface->addresses[k].addr, addr))
					limits->active[n] = true;
		}
}

/* Any node of the tree below `steps`: its `in`, and every endpoint. */
static int mark_step(struct visitor *visitor, const struct node *node)
{
	struct limits *limits = visitor->data;

	for (size_t i = 0; i < node->kind->field_count; i++) {
		const struct field *field = &node->kind->fields[i];

		if (field->shape != FIELD_SCALAR)
			continue;
		if (field->type == &type_endpoint) {
			const struct endpoint *endpoint = field_at(node, field);

			mark(limits, endpoint->node);
			if (endpoint->addr.family)
				mark_address(limits, &endpoint->addr);
		} else if (field->type == &type_string && str_eq(field->name, "in")) {
			mark(limits, *(const char *const *)field_at(node, field));
		}
	}
	if (node->kind == &kind_run) /* a program may talk to whomever it likes */
		for (size_t i = 0; i < limits->plan->nodes.count; i++)
			limits->active[i] = true;
	return visit_children(visitor, node);
}

static void find_active(struct limits *limits)
{
	struct visitor visitor = {.other = mark_step, .data = limits};
	const struct node_list *steps = &limits->plan->tree->steps;

	for (size_t i = 0; i < limits->plan->nodes.count; i++)
		if (limits->plan->nodes.items[i].role == ROLE_ROUTER)
			limits->active[i] = true;
	for (size_t i = 0; i < steps->count; i++)
		visit(&visitor, steps->items[i]);
}

static bool has_family(const struct plan_interface *interface, uint8_t family)
{
	for (size_t i = 0; i < interface->address_count; i++)
		if (interface->addresses[i].addr.family == family)
			return true;
	return false;
}

/* Ordered pairs of talking ends, on all wires. */
static uint64_t count_neighbours(const struct limits *limits, uint8_t family)
{
	const struct plan *plan = limits->plan;
	_cleanup_free_ uint64_t *ends = mem_alloc((plan->tree->links.count + 1) * sizeof(*ends));
	uint64_t sum = 0;

	for (size_t n = 0; n < plan->nodes.count; n++)
		for (size_t i = 0; i < plan->nodes.items[n].interfaces.count; i++) {
			const struct plan_interface *interface = &plan->nodes.items[n].interfaces.items[i];

			if (interface->wire_end && limits->active[n] && has_family(interface, family))
				ends[interface->link]++;
		}
	for (size_t i = 0; i < plan->tree->links.count; i++)
		sum += ends[i] ? ends[i] * (ends[i] - 1) : 0;
	return sum;
}

/* A number from a file of /proc, after `key` where one is given; `otherwise` where it cannot be read. */
static uint64_t read_limit(const char *path, const char *key, uint64_t otherwise)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char content[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, content, sizeof(content) - 1);
	const char *at = content;
	char *end;

	if (n <= 0)
		return otherwise;
	content[n] = '\0';
	if (key && !(at = strstr(content, key)))
		return otherwise;
	at += key ? strlen(key) : 0;
	unsigned long long value = strtoull(at, &end, 10);
	return end == at ? otherwise : value;
}

static struct span lab_span(const struct plan *plan)
{
	return node_given(&plan->tree->node, "nodes") ? node_field_span(&plan->tree->node, "nodes") : plan->tree->node.span;
}

static int check_neighbours(const struct limits *limits, struct diag_list *diags)
{
	static const struct {
		uint8_t family;
		const char *name, *path;
	} families[] = {
		{AF_INET, "ipv4", "/proc/sys/net/ipv4/neigh/default/gc_thresh3"},
		{AF_INET6, "ipv6", "/proc/sys/net/ipv6/neigh/default/gc_thresh3"},
	};
	int r = 0;

	for (size_t i = 0; i < COUNT_OF(families); i++) {
		uint64_t limit = read_limit(families[i].path, NULL, NEIGHBOURS_USUAL);
		uint64_t count = count_neighbours(limits, families[i].family);

		if (count <= limit / 5 * 4)
			continue;
		r = diag_add(diags, DIAG_TOO_LARGE, lab_span(limits->plan),
			     "up to %llu neighbour entries could be needed at once, and the whole machine may hold %llu (net.%s.neigh.default.gc_thresh3)",
			     (unsigned long long)count, (unsigned long long)limit, families[i].name);
		diag_help(diags, "fewer nodes on a wire, or on the host: sysctl net.%s.neigh.default.gc_thresh3=%llu", families[i].name,
			  (unsigned long long)count * 2);
	}
	return r;
}

static int check_counts(const struct plan *plan, struct diag_list *diags)
{
	uint64_t count = plan->nodes.count, interfaces = 0;
	uint64_t namespaces = read_limit("/proc/sys/user/max_net_namespaces", NULL, UINT64_MAX);
	uint64_t memory = read_limit("/proc/meminfo", "MemAvailable:", UINT64_MAX >> 20) << 10;
	struct rlimit files;
	int r = 0;

	for (size_t i = 0; i < count; i++)
		interfaces += plan->nodes.items[i].interfaces.count;
	if (namespaces != UINT64_MAX && count > namespaces / 5 * 4) {
		r = diag_add(diags, DIAG_TOO_LARGE, lab_span(plan), "%llu nodes are near the %llu network namespaces that this host allows a user",
			     (unsigned long long)count, (unsigned long long)namespaces);
		diag_help(diags, "on the host: sysctl user.max_net_namespaces=%llu", (unsigned long long)count * 4);
	}
	if (count * MEMORY_NODE > memory / 2) {
		r = diag_add(diags, DIAG_TOO_LARGE, lab_span(plan), "%llu nodes take about %llu MiB of kernel memory, and %llu MiB are free",
			     (unsigned long long)count, (unsigned long long)(count * MEMORY_NODE >> 20), (unsigned long long)(memory >> 20));
		diag_help(diags, "fewer nodes, or a machine with more memory");
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max != RLIM_INFINITY && plan_descriptors(plan) > files.rlim_max) {
		r = diag_add(diags, DIAG_TOO_LARGE, lab_span(plan), "%llu nodes with %llu interfaces need %llu descriptors, and the hard limit is %llu",
			     (unsigned long long)count, (unsigned long long)interfaces, (unsigned long long)plan_descriptors(plan),
			     (unsigned long long)files.rlim_max);
		diag_help(diags, "raise it: ulimit -Hn %llu", (unsigned long long)plan_descriptors(plan));
	}
	return r;
}

int plan_check_limits(const struct plan *plan, struct diag_list *diags)
{
	_cleanup_free_ bool *active = mem_alloc((plan->nodes.count + 1) * sizeof(*active));
	struct limits limits = {.plan = plan, .active = active};
	int r, s;

	find_active(&limits);
	r = check_neighbours(&limits, diags);
	s = check_counts(plan, diags);
	return r < 0 ? r : s;
}
