/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits that a lab shares with its host: near them, results would depend on what else runs there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lab/observe/tape.h"
#include "lab/run/plan_internal.h"
#include "lab/scenario/condition.h"
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
 * Nothing leaves the tape, so what is sent `times` over takes memory, twice at
 * least: where it leaves and where it arrives. Each connection that the same
 * step makes anew ($(i) in its addresses or ports) takes an entry of conntrack's.
 *
 * "Near" is four fifths of a limit, half of the free memory. Needs that are near
 * no limit of any machine are not compared: then nothing is read from /proc.
 */
#define NEIGHBOURS_USUAL 1024     /* net/ipv4/arp.c: gc_thresh3 */
#define NEIGHBOURS_FEW 64
#define NODES_FEW 32
#define MEMORY_NODE (512u << 10)  /* measured: 350 KiB for a node with one wire end */
#define MEMORY_LITTLE (16u << 20)
#define CONNECTIONS_FEW 1000
#define HEADERS 64                /* of a packet, roughly */

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

/* Bytes. */
static uint64_t free_memory(void)
{
	return read_limit("/proc/meminfo", "MemAvailable:", UINT64_MAX >> 20) << 10;
}

static struct span lab_span(const struct plan *plan)
{
	return node_given(&plan->tree->node, "nodes") ? node_field_span(&plan->tree->node, "nodes") : plan->tree->node.span;
}

static void check_neighbours(const struct limits *limits, struct diag_list *diags)
{
	static const struct {
		uint8_t family;
		const char *name, *path;
	} families[] = {
		{AF_INET, "ipv4", "/proc/sys/net/ipv4/neigh/default/gc_thresh3"},
		{AF_INET6, "ipv6", "/proc/sys/net/ipv6/neigh/default/gc_thresh3"},
	};

	for (size_t i = 0; i < COUNT_OF(families); i++) {
		uint64_t count = count_neighbours(limits, families[i].family);
		uint64_t limit = count <= NEIGHBOURS_FEW ? UINT64_MAX : read_limit(families[i].path, NULL, NEIGHBOURS_USUAL);

		if (count <= limit / 5 * 4)
			continue;
		diag_add(diags, DIAG_TOO_LARGE, lab_span(limits->plan),
			 "up to %llu neighbour entries could be needed at once, and the whole machine may hold %llu (net.%s.neigh.default.gc_thresh3)",
			 (unsigned long long)count, (unsigned long long)limit, families[i].name);
		diag_help(diags, "fewer nodes on a wire, or on the host: sysctl net.%s.neigh.default.gc_thresh3=%llu", families[i].name,
			  (unsigned long long)count * 2);
	}
}

static void check_counts(const struct plan *plan, struct diag_list *diags)
{
	uint64_t count = plan->nodes.count, interfaces = 0;
	struct rlimit files;

	if (count <= NODES_FEW)
		return;
	uint64_t namespaces = read_limit("/proc/sys/user/max_net_namespaces", NULL, UINT64_MAX), memory = free_memory();
	for (size_t i = 0; i < count; i++)
		interfaces += plan->nodes.items[i].interfaces.count;
	if (namespaces != UINT64_MAX && count > namespaces / 5 * 4) {
		diag_add(diags, DIAG_TOO_LARGE, lab_span(plan), "%llu nodes are near the %llu network namespaces that this host allows a user",
			 (unsigned long long)count, (unsigned long long)namespaces);
		diag_help(diags, "on the host: sysctl user.max_net_namespaces=%llu", (unsigned long long)count * 4);
	}
	if (count * MEMORY_NODE > memory / 2) {
		diag_add(diags, DIAG_TOO_LARGE, lab_span(plan), "%llu nodes take about %llu MiB of kernel memory, and %llu MiB are free",
			 (unsigned long long)count, (unsigned long long)(count * MEMORY_NODE >> 20), (unsigned long long)(memory >> 20));
		diag_help(diags, "fewer nodes, or a machine with more memory");
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max != RLIM_INFINITY && plan_descriptors(plan) > files.rlim_max) {
		diag_add(diags, DIAG_TOO_LARGE, lab_span(plan), "%llu nodes with %llu interfaces need %llu descriptors, and the hard limit is %llu",
			 (unsigned long long)count, (unsigned long long)interfaces, (unsigned long long)plan_descriptors(plan),
			 (unsigned long long)files.rlim_max);
		diag_help(diags, "raise it: ulimit -Hn %llu", (unsigned long long)plan_descriptors(plan));
	}
}

/* --- what is sent very often --- */

struct sends {
	uint64_t memory;      /* bytes on the tape */
	uint64_t connections; /* that conntrack may see */
	struct span span;     /* of the step that sends most */
	uint64_t most;
	bool tracked;         /* some node has a ruleset */
};

static uint64_t payload_bytes(const struct payload_node *payload)
{
	if (!payload)
		return 0;
	if (payload->literal)
		return payload->literal_length;
	if (payload->counter > 0 || payload->random > 0)
		return (uint64_t)(payload->counter > 0 ? payload->counter : payload->random);
	return payload->hex ? strlen(payload->hex) / 2 : 0;
}

static uint64_t message_bytes(const struct send_node *send)
{
	uint64_t bytes = HEADERS + payload_bytes(send->payload);

	for (size_t i = 0; send->packet && i < send->packet->layers.count; i++)
		bytes += payload_bytes(((const struct layer_node *)send->packet->layers.items[i])->payload);
	return bytes;
}

static void add_sends(const struct node_list *steps, struct sends *sends)
{
	for (size_t i = 0; i < steps->count; i++) {
		const struct step_node *step = (const struct step_node *)steps->items[i];
		const struct send_node *send = step->send;

		if (step->when && condition_when(step->when, NULL) == 0)
			continue;
		if (step->together)
			add_sends(&step->together->steps, sends);
		sends->tracked |= step->set && step->set->nftables;
		if (!send || send->times < 1)
			continue;
		uint64_t memory = (uint64_t)send->times * 2 * (sizeof(struct tape_packet) + 2 * sizeof(void *) + message_bytes(send));
		sends->memory += memory;
		sends->connections += send->node.runtime ? (uint64_t)send->times : 1;
		if (memory > sends->most) {
			sends->most = memory;
			sends->span = node_field_span(&send->node, "times");
		}
	}
}

static void check_sends(const struct plan *plan, struct diag_list *diags)
{
	struct sends sends = {0};

	for (size_t i = 0; i < plan->nodes.count; i++)
		sends.tracked |= plan->nodes.items[i].tree && plan->nodes.items[i].tree->nftables;
	add_sends(&plan->tree->steps, &sends);
	uint64_t memory = sends.memory <= MEMORY_LITTLE ? UINT64_MAX : free_memory();
	if (sends.memory > memory / 2) {
		diag_add(diags, DIAG_TOO_LARGE, sends.span, "what is sent takes about %llu MiB on the tape, and %llu MiB are free",
			 (unsigned long long)(sends.memory >> 20), (unsigned long long)(memory >> 20));
		diag_help(diags, "send fewer, or smaller ones: every packet is kept, where it left and where it arrived");
	}
	if (!sends.tracked || sends.connections <= CONNECTIONS_FEW)
		return;
	uint64_t limit = read_limit("/proc/sys/net/netfilter/nf_conntrack_max", NULL, UINT64_MAX);
	if (sends.connections > limit / 5 * 4) {
		diag_add(diags, DIAG_TOO_LARGE, sends.span, "up to %llu connections could be tracked at once, and conntrack holds %llu (net.netfilter.nf_conntrack_max)",
			 (unsigned long long)sends.connections, (unsigned long long)limit);
		diag_help(diags, "make fewer, or on the host: sysctl net.netfilter.nf_conntrack_max=%llu", (unsigned long long)sends.connections * 2);
	}
}

int plan_check_limits(const struct plan *plan, struct diag_list *diags)
{
	_cleanup_free_ bool *active = mem_alloc((plan->nodes.count + 1) * sizeof(*active));
	struct limits limits = {.plan = plan, .active = active};
	size_t errors = diags->errors;

	find_active(&limits);
	check_neighbours(&limits, diags);
	check_counts(plan, diags);
	check_sends(plan, diags);
	return diags->errors > errors ? -EINVAL : 0;
}
