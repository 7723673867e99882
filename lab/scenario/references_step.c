/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and references within the steps: nodes, sockets, earlier steps, named packets. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lab/scenario/check_names.h"
#include "lab/scenario/visit.h"

/*
 * Theory of operation
 *
 * One walk over the steps, in the order in which they run. What a step defines
 * (its name, a socket, a named packet) is added when the walk leaves it, so that
 * a reference finds only what came before. A step with `when` may be left out by
 * the run: what it opens counts as open, what it closes does not count as closed.
 */
struct known_step {
	const char *title;
	const struct step_node *step;
};

struct known_socket {
	const char *name;
	const struct node *opened;
	bool closed;
};

struct step_check {
	const struct name_check *names;
	ARRAY(struct known_step) steps;
	ARRAY(struct known_socket) sockets;
	ARRAY(const struct expect_node *) packets; /* with `as` */
	const struct step_node *step; /* the one being visited */
};

static struct diag_list *diags_of(const struct step_check *check)
{
	return check->names->diags;
}

/* --- what was defined before --- */

static const struct step_node *find_step(const struct step_check *check, const char *title)
{
	for (size_t i = 0; i < check->steps.count; i++)
		if (str_eq(check->steps.items[i].title, title))
			return check->steps.items[i].step;
	return NULL;
}

static const struct expect_node *find_packet(const struct step_check *check, const char *name)
{
	for (size_t i = 0; i < check->packets.count; i++)
		if (str_eq(check->packets.items[i]->as, name))
			return check->packets.items[i];
	return NULL;
}

static struct known_socket *find_socket(const struct step_check *check, const char *name)
{
	for (size_t i = check->sockets.count; i-- > 0;)
		if (str_eq(check->sockets.items[i].name, name))
			return &check->sockets.items[i];
	return NULL;
}

static void help_step(const struct step_check *check, const char *title)
{
	const char **names = arena_alloc(check->names->arena, (check->steps.count + 1) * sizeof(*names));

	for (size_t i = 0; i < check->steps.count; i++)
		names[i] = check->steps.items[i].title;
	const char *near = str_nearest(title, names, check->steps.count);
	if (near)
		diag_help(diags_of(check), "did you mean '%s'?", near);
	else
		diag_help(diags_of(check), "a step is named by  step: NAME  and stands before this one");
}

static const struct step_node *check_step_name(const struct step_check *check, const char *title, struct span at)
{
	const struct step_node *step = title ? find_step(check, title) : NULL;

	if (!title || step)
		return step;
	diag_add(diags_of(check), DIAG_UNKNOWN_STEP, at, "no earlier step is called '%s'", title);
	help_step(check, title);
	return NULL;
}

static void check_packet_name(const struct step_check *check, const char *name, struct span at)
{
	if (!name || find_packet(check, name))
		return;
	const char **names = arena_alloc(check->names->arena, (check->packets.count + 1) * sizeof(*names));
	for (size_t i = 0; i < check->packets.count; i++)
		names[i] = check->packets.items[i]->as;
	const char *near = str_nearest(name, names, check->packets.count);
	diag_add(diags_of(check), DIAG_UNKNOWN_REFERENCE, at, "no earlier expectation names a packet '%s'", name);
	if (near)
		diag_help(diags_of(check), "did you mean '%s'?", near);
	else
		diag_help(diags_of(check), "an expectation names its first packet with  as: %s", name);
}

static struct known_socket *check_socket(const struct step_check *check, const char *name, struct span at)
{
	struct known_socket *socket = name ? find_socket(check, name) : NULL;

	if (!name || (socket && !socket->closed))
		return socket;
	if (socket) {
		diag_add(diags_of(check), DIAG_UNKNOWN_REFERENCE, at, "the socket '%s' is closed by now", name);
		diag_help(diags_of(check), "open it again, or close it later");
		return NULL;
	}
	const char **names = arena_alloc(check->names->arena, (check->sockets.count + 1) * sizeof(*names));
	for (size_t i = 0; i < check->sockets.count; i++)
		names[i] = check->sockets.items[i].name;
	const char *near = str_nearest(name, names, check->sockets.count);
	diag_add(diags_of(check), DIAG_UNKNOWN_REFERENCE, at, "no earlier step opens a socket '%s'", name);
	if (near)
		diag_help(diags_of(check), "did you mean '%s'?", near);
	else
		diag_help(diags_of(check), "open: {in: NODE, with: udp, socket: %s} does, in a step before this one", name);
	return NULL;
}

/* --- places and endpoints --- */

static void check_places(const struct step_check *check, const struct node *node, const struct value_list *places, int dir)
{
	const struct place *place = places->values;

	for (size_t i = 0; i < places->count; i++, place++) {
		struct span at = places->spans[i];
		struct span interface_at = place->interface ? span_find(at, place->interface, strlen(place->interface)) : at;
		struct span node_at = span_find(at, place->node, strlen(place->node));
		const struct lab_node *lab_node = check_node_name(check->names, place->node, node_at);

		if (!lab_node)
			continue;
		if (place->interface) {
			check_interface_name(check->names, place->node, place->interface, interface_at);
			if (strcmp(place->interface, "lo") == 0 && dir == DIR_OUT) {
				diag_add(diags_of(check), DIAG_BAD_EXPECT, node_field_span(node, "dir"), "on lo only 'in' counts");
				diag_help(diags_of(check), "every packet of lo goes out and comes in at once; write dir: in");
			}
		} else if (dir == DIR_BOTH && (lab_node->role == ROLE_ROUTER || lab_node->role == ROLE_BRIDGE)) {
			diag_add(diags_of(check), DIAG_BAD_EXPECT, at,
				 "'%s' is a %s: a packet that it forwards is seen twice, coming in and going out",
				 place->node, lab_node->role == ROLE_ROUTER ? "router" : "bridge");
			diag_help(diags_of(check), "add dir: in or dir: out, or name one interface");
		}
	}
}

static void check_endpoint(const struct step_check *check, const struct node *node, const char *key, const struct endpoint *endpoint, int family)
{
	struct span at = node_field_span(node, key);
	struct ip_addr addr;
	int32_t port;
	struct err err = {0};

	if (!endpoint->node || !check_node_name(check->names, endpoint->node, span_find(at, endpoint->node, strlen(endpoint->node))))
		return;
	if (endpoint->interface) {
		/* Without a port it names where frames go in or out; no address is asked for. */
		if (!check_interface_name(check->names, endpoint->node, endpoint->interface,
					  span_find(at, endpoint->interface, strlen(endpoint->interface))) || endpoint->port < 0)
			return;
	}
	if (scenario_resolve(check->names->tree, endpoint, family, &addr, &port, &err) < 0) {
		diag_add(diags_of(check), DIAG_NO_ADDRESS, at, "%s", err.text);
		diag_help(diags_of(check), "addresses stand at the ends of wires, under 'links:'");
	}
}

static void check_endpoints(const struct step_check *check, const struct node *node, const struct endpoint *from, const struct endpoint *to)
{
	if (from->addr.family && to->addr.family && from->addr.family != to->addr.family) {
		diag_add(diags_of(check), DIAG_BAD_VALUE, node_field_span(node, "to"),
			 "'from' and 'to' are addresses of different families");
		diag_help(diags_of(check), "both IPv4, or both IPv6");
		return;
	}
	check_endpoint(check, node, "from", from, to->addr.family);
	check_endpoint(check, node, "to", to, from->addr.family);
}

static void check_in(const struct step_check *check, const struct node *node, const char *in)
{
	check_node_name(check->names, in, node_field_span(node, "in"));
}

/* --- verbs --- */

static int on_send(struct visitor *visitor, const struct node *node)
{
	struct step_check *check = visitor->data;
	const struct send_node *send = (const struct send_node *)node;

	check_in(check, node, send->in);
	check_endpoints(check, node, &send->from, &send->to);
	check_socket(check, send->socket, node_field_span(node, "socket"));
	return visit_children(visitor, node);
}

static int on_receive(struct visitor *visitor, const struct node *node)
{
	struct step_check *check = visitor->data;
	const struct receive_node *receive = (const struct receive_node *)node;

	check_in(check, node, receive->in);
	check_endpoints(check, node, &receive->from, &receive->to);
	check_socket(check, receive->socket, node_field_span(node, "socket"));
	return visit_children(visitor, node);
}

static bool is_word(const char *name)
{
	if (!isalpha((unsigned char)*name) && *name != '_')
		return false;
	while (isalnum((unsigned char)*name) || *name == '_' || *name == '-')
		name++;
	return !*name;
}

static void check_word(const struct step_check *check, const char *name, const char *what, struct span at)
{
	if (!name || is_word(name))
		return;
	diag_add(diags_of(check), DIAG_BAD_NAME, at, "'%s' cannot name a %s", name, what);
	diag_help(diags_of(check), "a letter, then letters, digits, _ and -");
}

static int on_open(struct visitor *visitor, const struct node *node)
{
	struct step_check *check = visitor->data;
	const struct open_node *open = (const struct open_node *)node;
	const struct known_socket *socket = open->socket ? find_socket(check, open->socket) : NULL;
	struct span at = node_field_span(node, "socket");

	check_in(check, node, open->in);
	check_endpoints(check, node, &open->from, &open->to);
	check_word(check, open->socket, "socket", at);
	if (socket && !socket->closed && !check->step->when) {
		diag_add(diags_of(check), DIAG_DUPLICATE_NAME, at, "the socket '%s' is open already, since line %u", open->socket,
			 socket->opened->span.line);
		diag_help(diags_of(check), "give this one another name, or close the other before");
	}
	if (open->socket)
		array_push(&check->sockets, (struct known_socket){open->socket, node, false});
	return visit_children(visitor, node);
}

static int on_close(struct visitor *visitor, const struct node *node)
{
	struct step_check *check = visitor->data;
	struct known_socket *socket = check_socket(check, ((const struct close_node *)node)->socket, node_field_span(node, "socket"));

	if (socket && !check->step->when)
		socket->closed = true;
	return 0;
}

static int on_run(struct visitor *visitor, const struct node *node)
{
	check_in(visitor->data, node, ((const struct run_node *)node)->in);
	return visit_children(visitor, node);
}

static int on_stop(struct visitor *visitor, const struct node *node)
{
	struct step_check *check = visitor->data;
	const struct stop_node *stop = (const struct stop_node *)node;
	struct span at = node_field_span(node, "run");
	const struct step_node *step = check_step_name(check, stop->run, at);

	if (step && (!step->run || !step->run->background)) {
		diag_add(diags_of(check), DIAG_UNKNOWN_STEP, at, "'%s' is not a program in the background", stop->run);
		diag_help(diags_of(check), step->run ? "its step waits for its end; add background: true there" : "only a step with 'run' can be stopped");
	}
	return 0;
}

static bool is_background(const struct step_node *step)
{
	return (step->send && step->send->background) || (step->receive && step->receive->background) ||
	       (step->open && step->open->background) || (step->run && step->run->background);
}

static int on_wait(struct visitor *visitor, const struct node *node)
{
	struct step_check *check = visitor->data;
	const struct wait_node *wait = (const struct wait_node *)node;
	struct span at = node_field_span(node, "step");
	const struct step_node *step = check_step_name(check, wait->step, at);

	if (step && !is_background(step)) {
		diag_add(diags_of(check), DIAG_UNKNOWN_STEP, at, "'%s' does not run in the background, so it is over by now", wait->step);
		diag_help(diags_of(check), "add background: true there, or leave the wait out");
	}
	return 0;
}

static int on_set(struct visitor *visitor, const struct node *node)
{
	struct step_check *check = visitor->data;
	const struct set_node *set = (const struct set_node *)node;
	const struct lab_node *lab_node = check_node_name(check->names, set->in, node_field_span(node, "in"));

	if (!lab_node)
		return 0;
	check_interface_name(check->names, set->in, set->link, node_field_span(node, "link"));
	check_routes(check->names, lab_node, &set->routes, true);
	check_routes(check->names, lab_node, &set->no_routes, false);
	check_rules(check->names, lab_node, &set->rules);
	check_rules(check->names, lab_node, &set->no_rules);
	check_neighbours(check->names, lab_node, &set->neighbours, true);
	check_neighbours(check->names, lab_node, &set->no_neighbours, false);
	return visit_children(visitor, node);
}

static int on_together(struct visitor *visitor, const struct node *node)
{
	struct step_check *check = visitor->data;
	const struct together_node *together = (const struct together_node *)node;
	const struct step_node *outer = check->step;

	for (size_t i = 0; i < together->steps.count; i++) {
		const struct step_node *step = (const struct step_node *)together->steps.items[i];

		if (step->expect) {
			diag_add(diags_of(check), DIAG_STEP_VERB, step->expect->node.name_span,
				 "'together' starts steps that act, and this one expects");
			diag_help(diags_of(check), "put the expectation after it");
		}
	}
	int r = visit_children(visitor, node);
	check->step = outer;
	return r;
}

static int on_pierce(struct visitor *visitor, const struct node *node)
{
	struct step_check *check = visitor->data;
	const struct pierce_node *pierce = (const struct pierce_node *)node;
	const struct endpoint *ends[] = {&pierce->from, &pierce->to};
	static const char *const keys[] = {"from", "to"};

	check_in(check, node, pierce->in);
	check_endpoints(check, node, &pierce->from, &pierce->to);
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (node_given(node, keys[i]) && ends[i]->port < 0 && !node->runtime && (ends[i]->addr.family || ends[i]->node)) {
			diag_add(diags_of(check), DIAG_BAD_VALUE, node_field_span(node, keys[i]), "'%s' needs a port here", keys[i]);
			diag_help(diags_of(check), i ? "whom the way is opened for, as in 198.51.100.2:80" : "the port that others shall reach, as in :6881");
		}
	return 0;
}

/* --- expectations --- */

static void check_absence(const struct step_check *check, const struct node *node, const struct expect_node *expect)
{
	static const char *const of_seen[] = {"fields", "payload", "as", "after", "gap"};

	if (!node_given(node, "count") || expect->count.max != 0)
		return;
	for (size_t i = 0; i < COUNT_OF(of_seen); i++) {
		if (!node_given(node, of_seen[i]))
			continue;
		diag_add(diags_of(check), DIAG_BAD_EXPECT, node_field_span(node, of_seen[i]),
			 "'%s' says something about packets that are seen, and 'count: 0' wants none", of_seen[i]);
		diag_help(diags_of(check), i < 1 ? "packets are selected by 'packets' and 'where'; write it there" : "leave one of the two out");
	}
}

static int on_selection(struct visitor *visitor, const struct node *node)
{
	struct step_check *check = visitor->data;
	const struct selection_node *selection = (const struct selection_node *)node;

	check_packet_name(check, selection->named, node_field_span(node, "named"));
	check_places(check, node, &selection->at, selection->dir);
	return visit_children(visitor, node);
}

static int on_expect(struct visitor *visitor, const struct node *node)
{
	struct step_check *check = visitor->data;
	const struct expect_node *expect = (const struct expect_node *)node;
	const struct expect_node *twin = expect->as ? find_packet(check, expect->as) : NULL;

	if (!expect->order.count)
		check_places(check, node, &expect->at, expect->dir);
	check_in(check, node, expect->in);
	check_absence(check, node, expect);
	if (expect->since && strcmp(expect->since, "start") != 0)
		check_step_name(check, expect->since, node_field_span(node, "since"));
	check_packet_name(check, expect->after, node_field_span(node, "after"));
	check_word(check, expect->as, "packet", node_field_span(node, "as"));
	int r = visit_children(visitor, node);
	if (twin && !check->step->when)
		diag_add(diags_of(check), DIAG_DUPLICATE_NAME, node_field_span(node, "as"),
			 "a packet is called '%s' already, on line %u", expect->as,
			 node_field_span(&twin->node, "as").line);
	if (expect->as)
		array_push(&check->packets, expect);
	return r;
}

static bool carries_payload(const struct step_node *step)
{
	return step->send || step->receive;
}

static int on_payload(struct visitor *visitor, const struct node *node)
{
	struct step_check *check = visitor->data;
	const struct payload_node *payload = (const struct payload_node *)node;
	const struct step_node *step = payload->same_as ? find_step(check, payload->same_as) : NULL;

	if (!step || find_packet(check, payload->same_as)) {
		check_packet_name(check, payload->same_as, node_field_span(node, "same_as"));
	} else if (!carries_payload(step)) {
		diag_add(diags_of(check), DIAG_UNKNOWN_REFERENCE, node_field_span(node, "same_as"), "step '%s' sends no payload",
			 payload->same_as);
		diag_help(diags_of(check), "name a step with 'send', or a packet that 'as' named");
	}
	return 0;
}

/* --- steps --- */

static void check_title(const struct step_check *check, const struct step_node *step)
{
	const struct step_node *twin = step->title ? find_step(check, step->title) : NULL;
	struct span at = node_field_span(&step->node, "step");

	if (twin) {
		diag_add(diags_of(check), DIAG_DUPLICATE_NAME, at, "another step has this name, on line %u",
			 node_field_span(&twin->node, "step").line);
		diag_help(diags_of(check), "names of steps are unique, so that each can be spoken of");
	} else if (str_eq(step->title, "start")) {
		diag_add(diags_of(check), DIAG_BAD_NAME, at, "'start' is the start of the scenario, as in since: start");
	}
}

static int on_step(struct visitor *visitor, const struct node *node)
{
	struct step_check *check = visitor->data;
	const struct step_node *step = (const struct step_node *)node;

	check_title(check, step);
	check->step = step;
	int r = visit_children(visitor, node);
	if (step->title)
		array_push(&check->steps, (struct known_step){step->title, step});
	return r;
}

/* $(offer.ip.src): somewhere in the scenario a packet has to be called so. */
static void check_runtime(const struct step_check *check, const struct runtime_references *references)
{
	for (size_t i = 0; i < references->list.count; i++) {
		const struct runtime_reference *reference = &references->list.items[i];
		const char *dot = strchr(reference->name, '.');

		if (dot)
			check_packet_name(check, arena_printf(check->names->arena, "%.*s", (int)(dot - reference->name), reference->name),
					  reference->span);
	}
}

void references_check_steps(const struct name_check *names, const struct runtime_references *references)
{
	static const struct visitor_entry entries[] = {
		{&kind_step, on_step}, {&kind_send, on_send}, {&kind_receive, on_receive}, {&kind_open, on_open}, {&kind_close, on_close},
		{&kind_run, on_run}, {&kind_stop, on_stop}, {&kind_wait, on_wait}, {&kind_set, on_set}, {&kind_together, on_together},
		{&kind_pierce, on_pierce}, {&kind_expect, on_expect}, {&kind_selection, on_selection}, {&kind_payload, on_payload}, {0},
	};
	struct step_check check = {.names = names};
	struct visitor visitor = {.entries = entries, .data = &check};

	visit(&visitor, &names->tree->node);
	check_runtime(&check, references);
	array_free(&check.steps);
	array_free(&check.sockets);
	array_free(&check.packets);
}
