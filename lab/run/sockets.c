/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets of a lab: opened by driver in a node, named ones kept for several steps. */
#include <errno.h>
#include <string.h>

#include "lab/kernel/netns.h"
#include "lab/run/execution.h"
#include "lab/run/verbs.h"

void endpoint_print(const struct endpoint *endpoint, struct text *out)
{
	bool v6 = endpoint->addr.family == AF_INET6;

	if (endpoint->node) {
		text_add(out, endpoint->node);
		if (endpoint->interface)
			text_addf(out, ":%s", endpoint->interface);
	} else if (endpoint->addr.family) {
		text_add(out, v6 && endpoint->port >= 0 ? "[" : "");
		ip_addr_print(&endpoint->addr, out);
		text_add(out, v6 && endpoint->port >= 0 ? "]" : "");
	}
	if (endpoint->port >= 0)
		text_addf(out, ":%d", endpoint->port);
}

static bool is_written(const struct endpoint *endpoint)
{
	return endpoint && (endpoint->node || endpoint->addr.family || endpoint->port >= 0);
}

static int resolve_one(struct execution *x, const struct endpoint *endpoint, int family, struct ip_addr *ret_addr, int32_t *ret_port,
		       struct err *err)
{
	*ret_addr = (struct ip_addr){0};
	*ret_port = -1;
	if (!is_written(endpoint))
		return 0;
	if (!endpoint->node && !endpoint->addr.family) {
		*ret_port = endpoint->port;
		return 0;
	}
	return scenario_resolve(x->tree, endpoint, family, ret_addr, ret_port, err);
}

int socket_endpoints(struct execution *x, const struct endpoint *from, const struct endpoint *to, int family, struct ip_addr *ret_from,
		     int32_t *ret_from_port, struct ip_addr *ret_to, int32_t *ret_to_port, struct err *err)
{
	/* A written address fixes the family; a node's name then takes the address that fits. */
	family = from && from->addr.family ? from->addr.family : to && to->addr.family ? to->addr.family : family;
	int r = resolve_one(x, to, family, ret_to, ret_to_port, err);

	if (r < 0)
		return r;
	return resolve_one(x, from, family ? family : ret_to->family, ret_from, ret_from_port, err);
}

const char *socket_interface(const struct execution *x, int node, const struct node *options)
{
	const char *written = options ? driver_option_interface(options) : NULL;
	const struct plan_node *planned = &x->plan->nodes.items[node];
	const char *only = NULL;

	if (written)
		return written;
	for (size_t i = 0; i < planned->interfaces.count; i++) {
		if (!planned->interfaces.items[i].wire_end)
			continue;
		if (only)
			return NULL;
		only = planned->interfaces.items[i].name;
	}
	return only;
}

/* IPv6 needs to know of an address without a family: `from: :80` to nowhere listens on both by ::, as servers do. */
static void choose_family(struct driver_open *how)
{
	if (!how->from.family && how->to.family)
		how->from.family = how->to.family;
}

int socket_open(struct execution *x, const struct socket_request *request, struct driver_socket **ret, struct driver_failure *failure,
		struct err *err)
{
	const struct driver *driver = driver_find(request->with);
	int node = execution_node(x, request->in);
	struct driver_setsockopt *setsockopts = NULL;
	struct driver_open how = {.options = request->options, .listen = request->listen, .ip_header = request->ip_header};

	if (!driver || node < 0)
		return err_set(err, -EINVAL, "no technique '%s', or no node '%s'", request->with, request->in ? request->in : "");
	int r = socket_endpoints(x, request->from, request->to, request->family, &how.from, &how.from_port, &how.to, &how.to_port, err);
	if (r < 0)
		return r;
	choose_family(&how);
	if (request->each && !driver->stream) {
		how.to = (struct ip_addr){0};
		how.to_port = -1;
	}
	/* Sockets above the wire need one only as the scope of link-local addresses. */
	how.interface = socket_interface(x, node, driver->wants_interface ? request->options : NULL);
	if (driver->wants_interface) {
		if (!how.interface)
			return err_set(err, -EINVAL, "node %s has several wires (or none); say which with interface:", request->in);
	}
	if (request->setsockopt && request->setsockopt->count) {
		setsockopts = arena_alloc(x->arena, request->setsockopt->count * sizeof(*setsockopts));
		for (size_t i = 0; i < request->setsockopt->count; i++) {
			const struct setting_node *setting = (const struct setting_node *)request->setsockopt->items[i];

			setsockopts[i] = (struct driver_setsockopt){setting->node.name, setting->value};
		}
		how.setsockopts = setsockopts;
		how.setsockopt_count = request->setsockopt->count;
	}
	r = netns_enter(x->lab.netns[node], err);
	if (r < 0)
		return r;
	struct err inner = {0};
	if (driver->open(&how, ret, failure, &inner) < 0) {
		if (err)
			*err = inner;
		return 1;
	}
	return 0;
}

struct named_socket *socket_named(struct execution *x, const char *name)
{
	for (size_t i = 0; name && i < x->sockets.count; i++)
		if (str_eq(x->sockets.items[i]->name, name) && x->sockets.items[i]->socket)
			return x->sockets.items[i];
	return NULL;
}

/* The name of the socket that a step uses, or NULL. */
static const char *socket_of(const struct step_node *step)
{
	return step->send ? step->send->socket : step->receive ? step->receive->socket : step->open ? step->open->socket : NULL;
}

void socket_close_named(struct execution *x, struct named_socket *named, bool reset)
{
	for (size_t i = 0; i < x->runs.count; i++) {
		struct step_run *run = x->runs.items[i];

		if (run->finished || !str_eq(socket_of(run->step), named->name))
			continue;
		run->cut_short = "the socket was closed";
		run->verb->expire(run);
	}
	if (named->accepted)
		named->accepted->driver->close(named->accepted, reset);
	if (named->socket)
		named->socket->driver->close(named->socket, reset);
	named->socket = named->accepted = NULL;
}

struct driver_socket *socket_active(const struct named_socket *named)
{
	return named->accepted ? named->accepted : named->socket;
}

/* With a RST: an orphaned TCP socket whose FIN nobody answers would hold its namespace for over a minute. */
void sockets_free(struct execution *x)
{
	for (size_t i = 0; i < x->sockets.count; i++) {
		struct named_socket *named = x->sockets.items[i];

		if (named->accepted)
			named->accepted->driver->close(named->accepted, true);
		if (named->socket)
			named->socket->driver->close(named->socket, true);
		free(named);
	}
	array_free(&x->sockets);
}
