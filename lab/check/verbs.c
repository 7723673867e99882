/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that act: options of techniques, sockets, who is spoken to, programs. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "drivers/options.h"
#include "drivers/sockopt.h"
#include "lab/check/check_inside.h"

/* --- options --- */

/* Options of setsockopt(2). Returns how many were refused. */
static size_t check_settings(struct check *check, const struct node_list *settings)
{
	size_t refused = 0;

	for (size_t i = 0; settings && i < settings->count; i++) {
		const struct setting_node *setting = (const struct setting_node *)settings->items[i];
		bool known = sockopt_find(setting->node.name) != NULL;
		struct err err = {0};

		/* A value that only the run knows is judged by the run; the name is here. */
		if (known && !setting->value)
			continue;
		if (sockopt_check(setting->node.name, setting->value ? setting->value : "0", &err) == 0)
			continue;
		diag_add(check->diags, DIAG_BAD_OPTION, known ? node_field_span(&setting->node, "value") : setting->node.name_span, "%s", err.text);
		refused++;
	}
	return refused;
}

/* The field `name` of the options, where it has this type; or NULL. */
static const void *option_at(const struct node *options, const char *name, const struct value_type *type)
{
	const struct field *field = node_kind_field(options->kind, name);

	return field && field->type == type ? field_at(options, field) : NULL;
}

static void check_options(struct check *check, const struct node *verb, const struct driver *driver, const struct node *options)
{
	const struct field *settings = options ? node_kind_field(options->kind, "options") : NULL;
	const char *const *filter = options ? option_at(options, "filter", &type_string) : NULL;
	size_t refused = 0;
	const char *field = NULL;
	struct err err = {0};

	if (!driver || !options || check->expects_error)
		return;
	if (settings && settings->kind == &kind_setting)
		refused = check_settings(check, field_at(options, settings));
	if (filter)
		check_filter(check, options, "filter", *filter);
	if (refused || options->runtime || !driver->check || driver->check(options, &field, &err) == 0)
		return;
	if (!str_eq(field, "filter")) /* told above, with the word at fault */
		diag_add(check->diags, DIAG_BAD_OPTION, field ? node_field_span(options, field) : verb->span, "%s", err.text);
}

/* --- where a packet driver works --- */

static void help_interfaces(struct check *check, const char *node)
{
	_cleanup_text_ struct text names = {0};

	for (size_t i = 0; i < check->tree->links.count; i++) {
		const struct link_node *link = (const struct link_node *)check->tree->links.items[i];

		for (size_t k = 0; k < link->ends.count; k++) {
			const struct end_node *end = (const struct end_node *)link->ends.items[k];

			if (str_eq(end->lab_node, node))
				text_addf(&names, "%s%s", names.length ? ", " : "", end->interface);
		}
	}
	if (names.length)
		diag_help(check->diags, "its interfaces are %s", text_str(&names));
	else
		diag_help(check->diags, "wires stand under 'links:'; each node has lo");
}

static void check_interface(struct check *check, const struct node *verb, const char *in, const struct driver *driver,
			    const struct node *options)
{
	const char *written = driver_option_interface(options);

	if (!driver || !driver->wants_interface || !scenario_node(check->tree, in) || !check->whole || (options && options->runtime))
		return;
	size_t wires = count_wire_ends(check->tree, in, NULL);
	if (!written && wires != 1) {
		diag_add(check->diags, DIAG_MISSING_KEY, verb->name_span.line ? verb->name_span : verb->span,
			 "'interface' is missing here: '%s' has %s", in, wires ? "several wires" : "no wire");
		help_interfaces(check, in);
	} else if (written && !check->expects_error && !has_interface(check->tree, in, written)) {
		diag_add(check->diags, DIAG_UNKNOWN_INTERFACE, node_field_span(options, "interface"), "node '%s' has no interface '%s'", in, written);
		help_interfaces(check, in);
	}
}

/* --- who is spoken to --- */

/* Techniques that speak to a port of somebody. */
static bool has_ports(const struct driver *driver)
{
	return driver && !driver->wants_interface && driver != &driver_raw;
}

static bool is_somebody(const struct endpoint *endpoint)
{
	return endpoint->node || endpoint->addr.family;
}

/* Decoded, or refused, or only known to the run: then there is nothing to say here. */
static bool is_readable(const struct node *node, const char *key, const struct endpoint *endpoint)
{
	return !node_given(node, key) || is_somebody(endpoint) || endpoint->port >= 0;
}

/* Somebody and a port, where a socket is to speak to. */
static void check_peer(struct check *check, const struct node *verb, const struct endpoint *to, bool needed)
{
	struct span at = node_field_span(verb, "to");

	if (check->expects_error || !is_readable(verb, "to", to) || (to->interface && !has_interface(check->tree, to->node, to->interface)))
		return;
	if (!node_given(verb, "to")) {
		if (!needed || !check->whole)
			return;
		diag_add(check->diags, DIAG_MISSING_KEY, verb->name_span.line ? verb->name_span : verb->span, "'to' is missing here");
		diag_help(check->diags, "write to: and whom it is for, as in to: server:80");
	} else if (!is_somebody(to)) {
		diag_add(check->diags, DIAG_BAD_VALUE, at, "'to' names a port, and nobody who has it");
		diag_help(check->diags, "write an address or a node before the port, as in server:%d", to->port);
	} else if (to->port < 0) {
		diag_add(check->diags, DIAG_BAD_VALUE, at, "'to' needs a port here");
		diag_help(check->diags, "write it behind a colon, as in server:80");
	} else if (to->port == 0) {
		diag_add(check->diags, DIAG_BAD_VALUE, at, "nobody can be reached at port 0");
		diag_help(check->diags, "ports go from 1 to 65535; at 'from', 0 lets the kernel choose");
	}
}

static void refuse_on_socket(struct check *check, const struct node *verb, const char *key, const struct open_node *open)
{
	if (!node_given(verb, key))
		return;
	diag_add(check->diags, DIAG_CONFLICTING_KEYS, node_field_span(verb, key), "'%s' has no effect on a socket that is open already", key);
	diag_help(check->diags, "'%s' was opened on line %u; say it there", open->socket, open->node.span.line);
}

/* Options beside a named socket: it has its own. */
static void refuse_options(struct check *check, const struct node *options, const struct open_node *open)
{
	for (size_t i = 0; options && i < options->kind->field_count; i++)
		if (options->given >> i & 1)
			refuse_on_socket(check, options, options->kind->fields[i].name, open);
}

static int family_of(const struct open_node *open)
{
	return open->from.addr.family ? open->from.addr.family : open->to.addr.family;
}

static void check_send_socket(struct check *check, const struct send_node *send, const struct driver *driver, const struct open_node *open)
{
	const struct node *node = &send->node;
	bool connected = is_somebody(&open->to);

	refuse_options(check, send->options, open);
	if (!send->packet)
		refuse_on_socket(check, node, "from", open);
	if (!has_ports(driver))
		return;
	if (driver->stream) {
		refuse_on_socket(check, node, "to", open);
		return;
	}
	check_peer(check, node, &send->to, !connected && !open->node.runtime);
	if (send->to.addr.family && family_of(open) && send->to.addr.family != family_of(open) && !check->expects_error) {
		diag_add(check->diags, DIAG_BAD_VALUE, node_field_span(node, "to"), "'to' is %s, and the socket '%s' was opened for %s",
			 send->to.addr.family == AF_INET ? "IPv4" : "IPv6", open->socket, family_of(open) == AF_INET ? "IPv4" : "IPv6");
		diag_help(check->diags, "a socket speaks one family, that of the addresses it was opened with");
	}
}

/* A raw socket reads from the IP header where a packet goes; without one it must be told. */
static void check_raw_peer(struct check *check, const struct send_node *send)
{
	const struct raw_options *options = (const struct raw_options *)send->options;

	if (check->expects_error || !check->whole || send->packet || send->file || node_given(&send->node, "to") || options->node.runtime)
		return;
	if (options->header_included || options->protocol == IPPROTO_RAW)
		return;
	diag_add(check->diags, DIAG_MISSING_KEY, send->node.name_span.line ? send->node.name_span : send->node.span,
		 "'to' is missing here: the kernel makes the IP header");
	diag_help(check->diags, "write to: and whom it is for, or begin the payload with its header and say header_included: true");
}

/* --- send, receive, open, pierce --- */

void check_send(struct check *check, const struct send_node *send)
{
	const struct driver *driver = send->with ? driver_find(send->with) : NULL;
	const struct open_node *open = find_opened(check, send->socket);
	const struct node *node = &send->node;

	if (driver && !driver->send_options)
		return; /* told by the reader */
	if (open) {
		check_send_socket(check, send, driver, open);
	} else if (!send->socket) {
		check_options(check, node, driver, send->options);
		check_interface(check, node, send->in, driver, send->options);
		if (has_ports(driver))
			check_peer(check, node, &send->to, true);
		else if (driver == &driver_raw)
			check_raw_peer(check, send);
	}
	if (send->file) {
		check_capture(check, node, send->file);
		if (driver && !driver->wants_interface) {
			diag_add(check->diags, DIAG_CONFLICTING_KEYS, node_field_span(node, "file"),
				 "a capture file holds whole frames, and '%s' sends none", driver->name);
			diag_help(check->diags, "with: packet and with: tx_ring do; the bytes of a file are  payload: {file: …}");
		}
	}
	if (send->packet)
		check_packet(check, send, driver);
}

static void check_receive_port(struct check *check, const struct receive_node *receive)
{
	const struct node *node = &receive->node;

	if (check->expects_error || !is_readable(node, "to", &receive->to) || receive->to.port > 0)
		return;
	if (!check->whole && !node_given(node, "to"))
		return;
	if (node_given(node, "to"))
		diag_add(check->diags, DIAG_BAD_VALUE, node_field_span(node, "to"), "'to' needs a port here: else the kernel chooses one, and nobody knows it");
	else
		diag_add(check->diags, DIAG_MISSING_KEY, node->name_span.line ? node->name_span : node->span,
			 "'to' is missing here: else the kernel chooses a port, and nobody knows it");
	diag_help(check->diags, "write the port that packets are addressed to, as in to: :80");
}

void check_receive(struct check *check, const struct receive_node *receive)
{
	const struct driver *driver = receive->with ? driver_find(receive->with) : NULL;
	const struct open_node *open = find_opened(check, receive->socket);
	const struct node *node = &receive->node;

	if (driver && !driver->receive_options)
		return; /* told by the reader */
	if (open) {
		refuse_options(check, receive->options, open);
		refuse_on_socket(check, node, "to", open);
		refuse_on_socket(check, node, "from", open);
		if (driver && driver->stream && is_somebody(&open->to) && receive->count.min > 1) {
			diag_add(check->diags, DIAG_BAD_VALUE, node_field_span(node, "count"), "of a stream, connections are counted, and '%s' is one",
				 open->socket);
			diag_help(check->diags, "leave 'count' out; what one connection must bring is its 'payload'");
		}
	} else if (!receive->socket) {
		check_options(check, node, driver, receive->options);
		check_interface(check, node, receive->in, driver, receive->options);
		if (has_ports(driver))
			check_receive_port(check, receive);
	}
	if (receive->reply && driver && !driver->send) {
		diag_add(check->diags, DIAG_CONFLICTING_KEYS, node_field_span(node, "reply"), "'%s' only receives, so it cannot reply", driver->name);
		diag_help(check->diags, "with: packet does both");
	}
}

void check_open(struct check *check, const struct open_node *open)
{
	const struct driver *driver = open->with ? driver_find(open->with) : NULL;

	if (!check->expects_error)
		check_settings(check, &open->setsockopt);
	check_options(check, &open->node, driver, open->options);
	check_interface(check, &open->node, open->in, driver, open->options);
	if (has_ports(driver) && is_somebody(&open->to))
		check_peer(check, &open->node, &open->to, false);
	if (open->socket)
		array_push(&check->opened, open);
}

void check_pierce(struct check *check, const struct pierce_node *pierce)
{
	/* A missing port is told by the reader. */
	if (!is_somebody(&pierce->to) || pierce->to.port == 0)
		check_peer(check, &pierce->node, &pierce->to, false);
}

/* --- programs --- */

void check_run(struct check *check, const struct run_node *run)
{
	const struct output_node *const outputs[] = {run->stdout_check, run->stderr_check};
	const char *interface = run->ready && run->ready->listen && str_starts(run->ready->listen, "packet ") ? run->ready->listen + 7 : NULL;

	for (size_t i = 0; i < COUNT_OF(outputs); i++)
		if (outputs[i])
			check_pattern(check, &outputs[i]->node, "matches", outputs[i]->matches);
	if (run->ready)
		check_pattern(check, &run->ready->node, "output", run->ready->output);
	if (interface && check->whole && !has_interface(check->tree, run->in, interface)) {
		diag_add(check->diags, DIAG_UNKNOWN_INTERFACE,
			 place_of_word(node_field_span(&run->ready->node, "listen"), run->ready->listen, 7), "node '%s' has no interface '%s'", run->in,
			 interface);
		help_interfaces(check, run->in);
	}
}
