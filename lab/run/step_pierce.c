/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pierce: one packet outwards from the port that others shall reach. */
#include <errno.h>

#include "lab/run/verbs.h"

/*
 * Theory: a stateful firewall lets replies in, and takes for a reply whatever
 * comes from the peer and port that was spoken to. So one packet leaves from the
 * local port that shall be reachable, and the port is given up at once: the real
 * server can bind it and is reached through the entry the firewall now holds
 * (RFC 4787, RFC 5382). For TCP that packet is the SYN of a connect(2) that is
 * never waited for: closing a socket in SYN_SENT sends nothing.
 */
static const char *driver_name(const struct pierce_node *pierce)
{
	return pierce->protocol == PIERCE_TCP ? "tcp" : "udp";
}

void pierce_describe(const struct step_node *step, struct text *out)
{
	text_addf(out, "pierce %s from ", driver_name(step->pierce));
	endpoint_print(&step->pierce->from, out);
	text_add(out, " to ");
	endpoint_print(&step->pierce->to, out);
}

const char *pierce_node_name(const struct step_node *step)
{
	return step->pierce->in;
}

int pierce_start(struct step_run *run, struct err *err)
{
	const struct pierce_node *pierce = run->step->pierce;
	struct driver_failure failure = {0};
	struct driver_socket *socket = NULL;
	struct err inner = {0};
	struct socket_request request = {.in = pierce->in, .with = driver_name(pierce), .from = &pierce->from, .to = &pierce->to};

	int r = socket_open(run->execution, &request, &socket, &failure, &inner);
	if (r < 0) {
		*err = inner;
		return r;
	}
	if (r == 0 && pierce->protocol == PIERCE_UDP) {
		struct driver_message empty = {.data = (const uint8_t *)"", .peer_port = -1};
		size_t sent = 0;

		r = socket->driver->send(socket, &empty, 1, &sent, &failure, &inner);
		r = r < 0 || sent != 1;
	}
	if (r)
		step_fail(run, &failure, "%s", inner.text);
	if (socket)
		socket->driver->close(socket, false);
	step_done(run);
	return 0;
}
