/* SPDX-License-Identifier: GPL-2.0-or-later */
/* receive: a socket that is bound at its step and reads what comes, by a driver. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/run/verbs.h"

/*
 * Theory: a datagram or frame counts when it came. A stream counts, as one, when
 * the peer has closed it or when it holds all the bytes that are expected; a
 * listener counts connections. The step is done when the lower bound of `count`
 * is met, unless an upper bound above it asks to see that nothing more comes:
 * then it lasts for `within`.
 */
#define CONNECTIONS_MAX 1024
#define STREAM_MAX (64u << 20)

struct stream {
	struct step_run *run;
	struct driver_socket *socket;
	struct loop_source *watch;
	struct text bytes;
	bool owned, done;
};

struct receive_state {
	struct driver_socket *socket; /* datagrams, or the listener */
	bool owned;
	struct named_socket *named;
	struct loop_source *watch, *timer;
	ARRAY(struct stream *) streams;
	int64_t count;
	struct arena *arena; /* of the step as current() decoded it last */
};

void receive_describe(const struct step_node *step, struct text *out)
{
	const struct receive_node *receive = step->receive;

	text_addf(out, "receive by %s", receive->with ? receive->with : receive->socket);
	if (receive->to.node || receive->to.addr.family || receive->to.port >= 0) {
		text_add(out, " on ");
		endpoint_print(&receive->to, out);
	}
}

const char *receive_node_name(const struct step_node *step)
{
	return step->receive->in;
}

static void end_all(struct receive_state *state)
{
	loop_remove(state->watch);
	loop_remove(state->timer);
	state->watch = state->timer = NULL;
	for (size_t i = 0; i < state->streams.count; i++) {
		struct stream *stream = state->streams.items[i];

		loop_remove(stream->watch);
		if (stream->owned && stream->socket)
			stream->socket->driver->close(stream->socket, false);
		text_free(&stream->bytes);
		free(stream);
	}
	array_free(&state->streams);
	if (state->owned && state->socket)
		state->socket->driver->close(state->socket, false);
	state->socket = NULL;
}

static void judge_count(struct step_run *run)
{
	struct receive_state *state = run->state;
	const struct range *wanted = &run->step->receive->count;

	if (state->count > wanted->max) {
		end_all(state);
		step_fail(run, NULL, "received %" PRId64 ", expected at most %" PRId64, state->count, wanted->max);
	} else if (state->count >= wanted->min && (wanted->max == wanted->min || wanted->max == INT64_MAX) && wanted->max) {
		end_all(state);
		step_done(run);
	}
}

static int on_within(void *data, struct err *err)
{
	struct step_run *run = data;
	struct receive_state *state = run->state;

	(void)err;
	state->timer = NULL;
	receive_expire(run);
	return 0;
}

void receive_expire(struct step_run *run)
{
	struct receive_state *state = run->state;
	const struct range *wanted = &run->step->receive->count;
	_cleanup_text_ struct text span = {0}, part = {0};
	int64_t count = state->count;
	const char *what = state->socket && state->socket->driver->stream ? "complete stream" : "message";

	for (size_t i = 0; i < state->streams.count; i++)
		if (!state->streams.items[i]->done && state->streams.items[i]->bytes.length)
			text_addf(&part, "; one was under way with %zu bytes", state->streams.items[i]->bytes.length);
	end_all(state);
	if (count >= wanted->min) {
		step_done(run);
		return;
	}
	text_add(&span, run->cut_short ? "before " : "within ");
	if (run->cut_short)
		text_add(&span, run->cut_short);
	else
		clock_add_span(&span, execution_limit(run->execution, run->step->receive->within));
	step_fail(run, NULL, "received %" PRId64 " %s%s %s, expected %s%" PRId64 "%s", count, what, count == 1 ? "" : "s", text_str(&span),
		  wanted->max == wanted->min ? "" : "at least ", wanted->min, text_str(&part));
}

/* The step as it reads for the message that comes next: $(i) counts them. */
static int current(struct step_run *run, const struct receive_node **ret, struct err *err)
{
	struct receive_state *state = run->state;
	struct execution *x = run->execution;
	struct step_node *again = NULL;

	*ret = run->step->receive;
	if (!run->written->node.runtime)
		return 0;
	x->repetition = state->count;
	arena_free(state->arena);
	state->arena = arena_new();
	int r = scenario_redecode(x->scenario, run->written, execution_lookup, x, state->arena, &again, err);
	if (r >= 0)
		*ret = again->receive;
	return r;
}

/* 0 goes on, 1 the step has ended. */
static int judge_payload(struct step_run *run, const void *data, size_t length, struct err *err)
{
	struct receive_state *state = run->state;
	const struct receive_node *receive;
	_cleanup_text_ struct text difference = {0};
	int64_t number = state->count + 1;
	int r = current(run, &receive, err);

	if (r >= 0)
		r = bytes_match(run->execution, receive->payload, data, length, &difference, err);
	if (r < 0)
		return r;
	if (r == 1)
		return 0;
	end_all(state);
	if (run->step->receive->count.max == 1)
		step_fail(run, NULL, "payload: %s", text_str(&difference));
	else
		step_fail(run, NULL, "payload of number %" PRId64 ": %s", number, text_str(&difference));
	return 1;
}

static int answer(struct step_run *run, struct driver_socket *socket, const struct ip_addr *peer, int32_t port, struct err *err)
{
	struct receive_state *state = run->state;
	const struct receive_node *receive;
	_cleanup_text_ struct text bytes = {0};
	struct driver_failure failure = {0};
	struct err inner = {0};
	size_t sent = 0;

	if (!run->step->receive->reply)
		return 0;
	int r = current(run, &receive, err);
	if (r >= 0)
		r = bytes_of(run->execution, receive->reply, &bytes, err);
	if (r < 0)
		return r;
	struct driver_message message = {
		.data = (const uint8_t *)text_str(&bytes), .length = bytes.length, .peer = *peer, .peer_port = port,
	};
	r = socket->driver->send(socket, &message, 1, &sent, &failure, &inner);
	if (r >= 0 && sent == 1)
		return 0;
	end_all(state);
	step_fail(run, &failure, "reply: %s", r < 0 ? inner.text : "the socket's buffer is full");
	return 1;
}

static void stream_ended(struct stream *stream)
{
	stream->done = true;
	loop_remove(stream->watch);
	stream->watch = NULL;
}

/* Is all there that was expected, so that the peer's close need not be waited for? */
static bool stream_is_complete(struct step_run *run, const struct stream *stream, struct err *err)
{
	_cleanup_text_ struct text difference = {0};

	const struct receive_node *receive;

	return run->step->receive->payload && current(run, &receive, err) >= 0 &&
	       bytes_match(run->execution, receive->payload, text_str(&stream->bytes), stream->bytes.length, &difference, err) == 1;
}

static int finish_stream(struct step_run *run, struct stream *stream, struct err *err)
{
	struct receive_state *state = run->state;
	struct ip_addr nobody = {0};
	int r = judge_payload(run, text_str(&stream->bytes), stream->bytes.length, err);

	if (r)
		return r < 0 ? r : 0;
	r = answer(run, stream->socket, &nobody, -1, err);
	if (r)
		return r < 0 ? r : 0;
	stream_ended(stream);
	state->count++;
	judge_count(run);
	return 0;
}

static int on_stream(void *data, uint32_t events, struct err *err)
{
	struct stream *stream = data;
	struct step_run *run = stream->run;
	const struct driver *driver = stream->socket->driver;
	struct driver_failure failure = {0};
	struct driver_message message;
	struct err inner = {0};

	(void)events;
	for (;;) {
		int r = driver->receive(stream->socket, &message, &failure, &inner);

		if (r == DRIVER_AGAIN)
			return 0;
		if (r == DRIVER_END)
			return finish_stream(run, stream, err);
		if (r < 0) {
			end_all(run->state);
			step_fail(run, &failure, "%s", inner.text);
			return 0;
		}
		if (stream->bytes.length + message.length > STREAM_MAX) {
			end_all(run->state);
			step_fail(run, NULL, "the stream is longer than 64 MiB");
			return 0;
		}
		text_add_bytes(&stream->bytes, message.data, message.length);
		if (stream_is_complete(run, stream, err))
			return finish_stream(run, stream, err);
	}
}

static int add_stream(struct step_run *run, struct driver_socket *socket, bool owned, struct err *err)
{
	struct receive_state *state = run->state;
	struct stream *stream = mem_new(struct stream);
	struct pollfd wanted = socket->driver->poll(socket, false);

	*stream = (struct stream){.run = run, .socket = socket, .owned = owned};
	array_push(&state->streams, stream);
	int r = loop_add_fd(run->execution->loop, wanted.fd, (uint32_t)wanted.events, on_stream, stream, &stream->watch, err);
	return r < 0 ? r : on_stream(stream, 0, err);
}

static int on_listener(void *data, uint32_t events, struct err *err)
{
	struct step_run *run = data;
	struct receive_state *state = run->state;
	struct driver_failure failure = {0};
	struct err inner = {0};

	(void)events;
	while (!run->finished && state->streams.count < CONNECTIONS_MAX) {
		struct driver_socket *connection = NULL;
		int r = state->socket->driver->accept(state->socket, &connection, &failure, &inner);

		if (r == DRIVER_AGAIN)
			return 0;
		if (r < 0) {
			end_all(state);
			step_fail(run, &failure, "%s", inner.text);
			return 0;
		}
		if (state->named && !state->named->accepted)
			state->named->accepted = connection;
		r = add_stream(run, connection, !state->named, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int on_messages(void *data, uint32_t events, struct err *err)
{
	struct step_run *run = data;
	struct receive_state *state = run->state;
	struct driver_failure failure = {0};
	struct driver_message message;
	struct err inner = {0};

	(void)events;
	while (!run->finished && state->socket) {
		int r = state->socket->driver->receive(state->socket, &message, &failure, &inner);

		if (r == DRIVER_AGAIN)
			return 0;
		if (r < 0) {
			end_all(state);
			step_fail(run, &failure, "%s", inner.text);
			return 0;
		}
		r = judge_payload(run, message.data, message.length, err);
		if (r == 0)
			r = answer(run, state->socket, &message.peer, message.peer_port, err);
		if (r)
			return r < 0 ? r : 0;
		state->count++;
		judge_count(run);
	}
	return 0;
}

static int open_socket(struct step_run *run, struct receive_state *state, struct err *err)
{
	struct execution *x = run->execution;
	const struct receive_node *receive = run->step->receive;
	struct driver_failure failure = {0};
	struct err inner = {0};
	/* Packets are addressed to `to`: that is what the socket is bound to; `from` is the only peer it hears. */
	struct socket_request request = {
		.in = receive->in, .with = receive->with, .options = receive->options, .from = &receive->to, .to = &receive->from, .listen = true,
	};

	if (receive->socket) {
		state->named = socket_named(x, receive->socket);
		if (!state->named) {
			step_fail(run, NULL, "no socket named '%s' is open", receive->socket);
			return 1;
		}
		state->socket = socket_active(state->named);
		return 0;
	}
	state->owned = true;
	int r = socket_open(x, &request, &state->socket, &failure, &inner);
	if (r == 1)
		step_fail(run, &failure, "%s", inner.text);
	else if (r < 0 && err)
		*err = inner;
	return r;
}

int receive_start(struct step_run *run, struct err *err)
{
	struct execution *x = run->execution;
	const struct receive_node *receive = run->step->receive;
	struct receive_state *state = mem_new(struct receive_state);

	run->state = state;
	run->background = receive->background;
	int r = open_socket(run, state, err);
	if (r)
		return r < 0 ? r : 0;
	state->timer = loop_add_timer(x->loop, clock_after(clock_now(), execution_limit(x, receive->within)), on_within, run);
	step_ready(run);

	const struct driver *driver = state->socket->driver;
	bool connected = state->named && (state->named->accepted || !state->named->listens);
	if (driver->stream && connected)
		return add_stream(run, state->socket, false, err);
	struct pollfd wanted = driver->poll(state->socket, false);
	loop_fd_fn reader = driver->stream ? on_listener : on_messages;
	r = loop_add_fd(x->loop, wanted.fd, (uint32_t)wanted.events, reader, run, &state->watch, err);
	return r < 0 ? r : reader(run, 0, err);
}

void receive_release(struct step_run *run)
{
	if (!run->state)
		return;
	end_all(run->state);
	arena_free(((struct receive_state *)run->state)->arena);
	free(run->state);
}
