/* SPDX-License-Identifier: GPL-2.0-or-later */
/* open and close: sockets with a name. */
#include <errno.h>
#include <string.h>

#include "lab/run/verbs.h"

void open_describe(const struct step_node *step, struct text *out)
{
	text_addf(out, "open %s socket %s in %s", step->open->with, step->open->socket, step->open->in);
}

const char *open_node_name(const struct step_node *step)
{
	return step->open->in;
}

int open_start(struct step_run *run, struct err *err)
{
	struct execution *x = run->execution;
	const struct open_node *open = run->step->open;
	struct driver_failure failure = {0};
	struct driver_socket *socket = NULL;
	struct err inner = {0};
	bool connects = open->to.node || open->to.addr.family;
	struct socket_request request = {
		.in = open->in, .with = open->with, .options = open->options, .from = &open->from, .to = &open->to,
		.setsockopt = &open->setsockopt, .listen = !connects,
	};

	if (socket_named(x, open->socket)) {
		step_fail(run, NULL, "a socket named '%s' is open already", open->socket);
		return 0;
	}
	int r = socket_open(x, &request, &socket, &failure, &inner);
	if (r < 0) {
		*err = inner;
		return r;
	}
	if (r == 1) {
		step_fail(run, &failure, "%s", inner.text);
		return 0;
	}
	array_push(&x->sockets, (struct named_socket){
		.name = open->socket, .node = execution_node(x, open->in), .socket = socket, .listens = !connects});
	step_done(run);
	return 0;
}

void close_describe(const struct step_node *step, struct text *out)
{
	text_addf(out, "%s socket %s", step->close->how ? "reset" : "close", step->close->socket);
}

int close_start(struct step_run *run, struct err *err)
{
	const struct close_node *close = run->step->close;
	struct named_socket *named = socket_named(run->execution, close->socket);

	(void)err;
	if (!named) {
		step_fail(run, NULL, "no socket named '%s' is open", close->socket);
		return 0;
	}
	if (named->accepted)
		named->accepted->driver->close(named->accepted, close->how);
	named->socket->driver->close(named->socket, close->how);
	named->socket = named->accepted = NULL;
	step_done(run);
	return 0;
}
