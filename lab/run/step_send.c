/* SPDX-License-Identifier: GPL-2.0-or-later */
/* send: datagrams, frames or a stretch of a stream, by a driver. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/packet/filter.h"
#include "lab/run/verbs.h"

/*
 * Theory: what is to be sent is a list of texts, made batch by batch (the bytes
 * may depend on the repetition, $(i)), and handed to the driver until it says
 * DRIVER_AGAIN; then the loop waits for what the driver wants to poll. With
 * `every` or `rate` a batch is one message and a timer starts the next. When the
 * driver has taken all of them, flush() tells when they have left.
 */
#define BATCH 64

struct send_state {
	struct driver_socket *socket;
	bool owned;                   /* lives for this step */
	const struct send_node *node; /* decoded for the current repetition */
	struct arena *arena;          /* it lies there; of one batch */
	struct frame_ends ends;
	ARRAY(struct text) frames;    /* of a capture file */
	struct text bytes[BATCH];
	struct driver_message messages[BATCH];
	size_t filled, handed;        /* of the batch */
	int64_t made, total;          /* messages */
	int64_t period;               /* ns, 0: as fast as it goes */
	struct loop_source *watch, *timer;
	uint32_t watched;
};

void send_describe(const struct step_node *step, struct text *out)
{
	const struct send_node *send = step->send;

	text_addf(out, "send by %s", send->with ? send->with : send->socket);
	if (send->to.node || send->to.addr.family || send->to.port >= 0) {
		text_add(out, " to ");
		endpoint_print(&send->to, out);
	}
}

const char *send_node_name(const struct step_node *step)
{
	return step->send->in;
}

static int read_frames(struct execution *x, const char *path, struct send_state *state, struct err *err)
{
	_cleanup_free_ char *where = bytes_path(x, path);
	struct capture_file *file = NULL;
	struct capture_frame frame;
	int r = capture_open(where, &file, err);

	while (r >= 0 && (r = capture_next(file, &frame, err)) == 1) {
		struct text bytes = {0};

		text_add_bytes(&bytes, frame.data, frame.length);
		array_push(&state->frames, bytes);
	}
	capture_close(file);
	if (r >= 0 && !state->frames.count)
		return err_set(err, -EINVAL, "'%s' holds no frames", path);
	return r;
}

static int make_message(struct step_run *run, struct send_state *state, struct text *ret, struct err *err)
{
	struct execution *x = run->execution;
	const struct send_node *send = state->node;
	int node = execution_node(x, send->in);

	text_clear(ret);
	if (state->frames.count) {
		const struct text *frame = &state->frames.items[(size_t)state->made % state->frames.count];

		text_add_bytes(ret, frame->data, frame->length);
		return 0;
	}
	if (!send->packet)
		return bytes_of(x, send->payload, ret, err);
	/* For raw sockets, which choose their way by themselves, the one wire of a node still tells the addresses. */
	const struct node *options = state->socket->driver->wants_interface ? send->options : NULL;
	return bytes_build(x, send->packet, node, socket_interface(x, node, options), &state->ends, ret, err);
}

static int find_ends(struct execution *x, const struct send_node *send, struct frame_ends *ret, struct err *err)
{
	return socket_endpoints(x, &send->from, &send->to, bytes_family(send->packet), &ret->from, &ret->from_port, &ret->to,
				&ret->to_port, err);
}

/* The step as it reads for this repetition; the socket stays bound where it is. */
static int decode_again(struct step_run *run, struct send_state *state, struct err *err)
{
	struct execution *x = run->execution;
	struct step_node *step = NULL;
	int r = scenario_redecode(x->scenario, run->written, execution_lookup, x, state->arena, &step, err);

	if (r < 0)
		return r;
	state->node = step->send;
	return find_ends(x, step->send, &state->ends, err);
}

static int fill_batch(struct step_run *run, struct send_state *state, struct err *err)
{
	struct execution *x = run->execution;
	size_t room = state->period ? 1 : BATCH;

	state->filled = state->handed = 0;
	if (run->written->node.runtime) {
		arena_free(state->arena);
		state->arena = arena_new();
		state->node = run->step->send;
	}
	while (state->filled < room && state->made < state->total) {
		size_t at = state->filled;
		bool again = run->written->node.runtime && state->made;
		int r = 0;

		x->repetition = state->made;
		if (again)
			r = decode_again(run, state, err);
		if (r >= 0)
			r = make_message(run, state, &state->bytes[at], err);
		if (r < 0)
			return r;
		state->messages[at] = (struct driver_message){
			.data = (const uint8_t *)text_str(&state->bytes[at]), .length = state->bytes[at].length,
			.peer = state->ends.to, .peer_port = state->ends.to_port,
		};
		state->filled++;
		state->made++;
	}
	return 0;
}

static void end_socket(struct send_state *state)
{
	loop_remove(state->watch);
	loop_remove(state->timer);
	state->watch = state->timer = NULL;
	if (state->owned && state->socket)
		state->socket->driver->close(state->socket, false);
	state->socket = NULL;
}

static int go_on(void *data, uint32_t events, struct err *err);

static int on_time(void *data, struct err *err)
{
	struct step_run *run = data;

	((struct send_state *)run->state)->timer = NULL;
	return go_on(run, 0, err);
}

/* Waits for what the driver wants to wait for. */
static int watch(struct step_run *run, struct send_state *state, struct err *err)
{
	struct pollfd wanted = state->socket->driver->poll(state->socket, true);

	if (state->watch && state->watched == (uint32_t)wanted.events)
		return 0;
	state->watched = (uint32_t)wanted.events;
	if (state->watch)
		return loop_change_fd(state->watch, state->watched, err);
	return loop_add_fd(run->execution->loop, wanted.fd, state->watched, go_on, run, &state->watch, err);
}

static void unwatch(struct send_state *state)
{
	loop_remove(state->watch);
	state->watch = NULL;
}

static void failed(struct step_run *run, struct send_state *state, const struct driver_failure *failure, const struct err *err)
{
	int64_t sent = state->made - (int64_t)(state->filled - state->handed);

	end_socket(state);
	if (state->total > 1)
		step_fail(run, failure, "%s (after %" PRId64 " of %" PRId64 ")", err->text, sent, state->total);
	else
		step_fail(run, failure, "%s", err->text);
}

/* Hands over what is left, fills the next batch, flushes at the end. Also the loop's callback. */
static int go_on(void *data, uint32_t events, struct err *err)
{
	struct step_run *run = data;
	struct send_state *state = run->state;
	const struct driver *driver;
	struct driver_failure failure = {0};
	struct err inner = {0};

	(void)events;
	if (run->finished || !state->socket)
		return 0;
	driver = state->socket->driver;
	for (;;) {
		if (state->handed == state->filled && state->made < state->total) {
			int r = fill_batch(run, state, &inner);

			if (r < 0) {
				failed(run, state, NULL, &inner);
				return 0;
			}
		}
		if (state->handed == state->filled)
			break;

		size_t sent = 0;
		int r = driver->send(state->socket, state->messages + state->handed, state->filled - state->handed, &sent, &failure, &inner);
		state->handed += sent;
		if (r < 0) {
			failed(run, state, &failure, &inner);
			return 0;
		}
		if (r == DRIVER_AGAIN)
			return watch(run, state, err);
		if (state->period && state->made < state->total && state->handed == state->filled) {
			unwatch(state);
			state->timer = loop_add_timer(run->execution->loop, clock_after(run->started, state->period * state->made), on_time, run);
			return 0;
		}
	}
	int r = driver->flush ? driver->flush(state->socket, &failure, &inner) : DRIVER_DONE;
	if (r < 0) {
		failed(run, state, &failure, &inner);
		return 0;
	}
	if (r == DRIVER_AGAIN)
		return watch(run, state, err);
	end_socket(state);
	step_done(run);
	return 0;
}

static bool begins_with_ip(const struct packet_node *packet)
{
	const char *first = packet && packet->layers.count ? packet->layers.items[0]->name : NULL;

	return first && (strcmp(first, "ip") == 0 || strcmp(first, "ipv6") == 0);
}

static int open_socket(struct step_run *run, struct send_state *state, struct err *err)
{
	struct execution *x = run->execution;
	const struct send_node *send = run->step->send;
	struct driver_failure failure = {0};
	struct err inner = {0};
	/*
	 * Not connected: else the ICMP error that answers one datagram would fail the next one's call, sooner or later. `open` connects.
	 */
	struct socket_request request = {
		.in = send->in, .with = send->with, .options = send->options, .from = &send->from, .to = &send->to, .each = true,
		.ip_header = begins_with_ip(send->packet), .family = bytes_family(send->packet),
	};

	if (send->socket) {
		struct named_socket *named = socket_named(x, send->socket);

		if (!named) {
			step_fail(run, NULL, "no socket named '%s' is open", send->socket);
			return 1;
		}
		state->socket = socket_active(named);
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

int send_start(struct step_run *run, struct err *err)
{
	const struct send_node *send = run->step->send;
	struct send_state *state = mem_new(struct send_state);
	struct err inner = {0};

	run->state = state;
	run->background = send->background;
	state->node = send;
	state->total = send->times;
	state->period = send->every ? send->every : send->rate > 0 ? (int64_t)((double)NS_PER_S / send->rate) : 0;
	int r = find_ends(run->execution, send, &state->ends, &inner);

	if (r >= 0 && send->file) {
		r = read_frames(run->execution, send->file, state, &inner);
		state->total *= (int64_t)state->frames.count;
	}
	if (r < 0) {
		step_fail(run, NULL, "%s", inner.text);
		return 0;
	}
	r = open_socket(run, state, err);
	if (r)
		return r < 0 ? r : 0;
	step_ready(run);
	return go_on(run, 0, err);
}

void send_expire(struct step_run *run)
{
	struct send_state *state = run->state;
	int64_t sent = state->made - (int64_t)(state->filled - state->handed);

	end_socket(state);
	step_fail(run, NULL, "sent %" PRId64 " of %" PRId64 " %s%s", sent, state->total, run->cut_short ? "before " : "in time",
		  run->cut_short ? run->cut_short : "");
}

void send_release(struct step_run *run)
{
	struct send_state *state = run->state;

	if (!state)
		return;
	end_socket(state);
	for (size_t i = 0; i < BATCH; i++)
		text_free(&state->bytes[i]);
	for (size_t i = 0; i < state->frames.count; i++)
		text_free(&state->frames.items[i]);
	array_free(&state->frames);
	arena_free(state->arena);
	free(state);
}
