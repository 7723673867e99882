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

/*
 * A stream socket is open when its connection stands: the step waits for that, in the background where it is told to. Whoever
 * uses the socket before only waits longer.
 */
static void let_go(struct step_run *run)
{
	loop_remove(run->state);
	run->state = NULL;
}

static void failed(struct step_run *run, const struct driver_failure *failure, const struct err *err)
{
	struct named_socket *named = socket_named(run->execution, run->step->open->socket);

	let_go(run);
	step_fail(run, failure, "%s", err->text);
	if (named) /* whoever uses it in the background fails of the same */
		socket_close_named(run->execution, named, true);
}

/* Also the loop's callback. */
static int maybe_connected(void *data, uint32_t events, struct err *err)
{
	struct step_run *run = data;
	struct named_socket *named = socket_named(run->execution, run->step->open->socket);
	struct driver_failure failure = {0};
	struct err inner = {0};

	(void)events;
	int r = named->socket->driver->flush(named->socket, &failure, &inner);
	if (r == DRIVER_DONE) {
		let_go(run);
		step_done(run);
	} else if (r < 0) {
		failed(run, &failure, &inner);
	} else if (!run->state) {
		struct pollfd wanted = named->socket->driver->poll(named->socket, true);
		struct loop_source *watch = NULL;

		r = loop_add_fd(run->execution->loop, wanted.fd, (uint32_t)wanted.events, maybe_connected, run, &watch, err);
		run->state = watch;
	}
	return r < 0 && !run->finished ? r : 0;
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
	struct named_socket *named = mem_new(struct named_socket);
	*named = (struct named_socket){
		.name = open->socket, .node = execution_node(x, open->in), .socket = socket, .listens = !connects,
	};
	array_push(&x->sockets, named);
	if (!connects || !socket->driver->stream || !socket->driver->flush) {
		step_done(run);
		return 0;
	}
	run->background = open->background;
	step_ready(run);
	return maybe_connected(run, 0, err);
}

void open_expire(struct step_run *run)
{
	let_go(run);
	/* Nobody waits for a connection at the end of a scenario: to what was never there, it would take minutes to fail. */
	if (run->background && !run->cut_short)
		step_done(run);
	else
		step_fail(run, NULL, "not connected%s%s", run->cut_short ? ": " : " in time", run->cut_short ? run->cut_short : "");
}

void open_release(struct step_run *run)
{
	let_go(run);
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
	socket_close_named(run->execution, named, close->how);
	step_done(run);
	return 0;
}
