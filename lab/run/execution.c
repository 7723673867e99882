/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A case from the first operation of its lab to its verdict. */
#include "lab/run/execution.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/run/condition.h"

#define ARM_LIMIT (2 * NS_PER_S)

/* Worse verdicts replace better ones; an error is the worst, since it says that nothing is known. */
static int badness(enum verdict verdict)
{
	return verdict == VERDICT_ERROR ? 2 : verdict == VERDICT_FAIL ? 1 : 0;
}

void execution_verdict(struct execution *x, enum verdict verdict, const char *fmt, ...)
{
	va_list args;

	if (badness(verdict) <= badness(x->verdict))
		return;
	x->verdict = verdict;
	text_clear(&x->reason);
	va_start(args, fmt);
	text_addv(&x->reason, fmt, args);
	va_end(args);
}

void execution_emit(struct execution *x, struct event *event)
{
	event->case_index = x->case_index;
	event->stamp = clock_tape();
	event_emit(x->sink, event, NULL); /* a supervisor that is gone ends the runner anyway */
}

void execution_note(struct execution *x, int severity, const char *fmt, ...)
{
	struct event event = {.type = EVENT_NOTE};
	_cleanup_text_ struct text text = {0};
	va_list args;

	va_start(args, fmt);
	text_addv(&text, fmt, args);
	va_end(args);
	event.note.severity = severity;
	event.note.text = text_str(&text);
	execution_emit(x, &event);
}

int execution_node(const struct execution *x, const char *name)
{
	for (size_t i = 0; name && i < x->plan->nodes.count; i++)
		if (str_eq(x->plan->nodes.items[i].name, name))
			return (int)i;
	return -1;
}

int64_t execution_limit(const struct execution *x, int64_t span)
{
	double scaled = (double)span * x->settings->timeout_multiplier;

	return scaled >= (double)INT64_MAX ? CLOCK_NEVER : (int64_t)scaled;
}

struct waiting {
	struct execution *execution;
	loop_done_fn done;
	void *data;
};

static bool waiting_done(void *data)
{
	struct waiting *waiting = data;

	return waiting->execution->halted || waiting->done(waiting->data);
}

int execution_wait(struct execution *x, loop_done_fn done, void *data, int64_t deadline, struct err *err)
{
	struct waiting waiting = {x, done, data};
	int64_t until = deadline < x->deadline ? deadline : x->deadline;
	int r = loop_run(x->loop, waiting_done, &waiting, until, err);

	if (r < 0)
		return r;
	if (done(data))
		return 0;
	if (r == 1 && until == x->deadline && !x->timed_out) {
		_cleanup_text_ struct text span = {0};

		x->timed_out = x->halted = true;
		clock_add_span(&span, x->settings->timeout ? x->settings->timeout : execution_limit(x, x->tree->timeout));
		execution_verdict(x, VERDICT_FAIL, "the scenario's time limit of %s has passed", text_str(&span));
	}
	return 1;
}

int execution_lookup(void *data, const char *name, struct text *out, struct err *err)
{
	struct execution *x = data;
	const char *dot = strchr(name, '.');
	_cleanup_free_ char *packet_name = NULL;

	if (strcmp(name, "i") == 0) {
		text_addf(out, "%" PRId64, x->repetition);
		return 1;
	}
	if (!dot)
		return 0;
	packet_name = strndup(name, (size_t)(dot - name));
	struct tape_packet *packet = packet_name ? named_packet(x->names, packet_name) : NULL;
	if (!packet)
		return 0;

	const struct dissection *dissection = tape_dissect(x->tape, packet);
	if (strcmp(dot + 1, "payload") == 0) {
		text_add_bytes(out, packet->data + dissection->payload_offset, dissection->payload_length);
		return 1;
	}
	if (!packet_field_text(dissection, dot + 1, out))
		return err_set(err, -ENOENT, "packet '%s' has no field %s", packet_name, dot + 1);
	return 1;
}

/* --- building --- */

static void fill_tape_interfaces(struct execution *x)
{
	for (size_t n = 0; n < x->plan->nodes.count; n++) {
		const struct plan_node *node = &x->plan->nodes.items[n];

		for (size_t i = 0; i < node->interfaces.count && !node->hidden; i++) {
			const struct plan_interface *interface = &node->interfaces.items[i];

			array_push(&x->tape->interfaces, (struct tape_interface){
				.node = node->name, .interface = interface->name, .node_index = (int)n,
				.ifindex = interface->index, .wire_end = interface->wire_end, .link = interface->link,
			});
		}
	}
}

static const struct plan_interface *tape_plan_interface(const struct execution *x, const struct tape_interface *interface)
{
	return plan_find_interface(&x->plan->nodes.items[interface->node_index], interface->interface);
}

static void tell_interfaces(struct execution *x)
{
	for (size_t i = 0; i < x->tape->interfaces.count; i++) {
		const struct tape_interface *interface = &x->tape->interfaces.items[i];
		const struct plan_interface *planned = tape_plan_interface(x, interface);
		_cleanup_text_ struct text addresses = {0}, mac = {0};
		struct event event = {.type = EVENT_INTERFACE};

		for (size_t k = 0; k < planned->address_count; k++) {
			if (k)
				text_add_char(&addresses, ' ');
			ip_prefix_print(&planned->addresses[k], &addresses);
		}
		mac_addr_print(&planned->mac, &mac);
		event.interface = (struct event_interface){
			.index = (int64_t)i, .node = interface->node, .interface = interface->interface, .mac = text_str(&mac),
			.addresses = text_str(&addresses), .link = interface->link,
		};
		execution_emit(x, &event);
	}
}

/* Every node is watched, the hidden switches of segments too: their ends prove nothing, but keep the order of indexes. */
static int open_observer(struct execution *x, struct err *err)
{
	struct observer_node *nodes = arena_alloc(x->arena, (x->plan->nodes.count + 1) * sizeof(*nodes));

	for (size_t i = 0; i < x->plan->nodes.count; i++)
		nodes[i] = (struct observer_node){.netns = x->lab.netns[i], .name = x->plan->nodes.items[i].name};
	int r = observer_open(x->tape, nodes, x->plan->nodes.count, x->observer_mode, 0, &x->observer, err);
	if (r >= 0)
		r = observer_attach(x->observer, x->loop, NULL, NULL, err);
	if (r >= 0)
		r = observer_arm(x->observer, ARM_LIMIT, err);
	return r < 0 ? err_wrap(err, "observer") : 0;
}

int execution_build(struct execution *x, struct err *err)
{
	int r = loop_new(&x->loop, err);

	x->tape = tape_new();
	x->names = named_packets_new();
	if (r < 0)
		return r;
	r = plan_build(x->plan, &x->lab, err);
	if (r < 0)
		return err_wrap(err, "cannot build the lab");
	fill_tape_interfaces(x);
	return open_observer(x, err);
}

/* --- steps --- */

int execution_take(struct execution *x, const struct step_node *step, struct err *err)
{
	int r = step_is_wanted(x, step, err);

	if (r <= 0)
		return r;
	if (step->expect)
		return state_is(step->expect) ? state_expect(x, step, err) : window_expect(x, step, err);
	/* What has changed so far changed before the window that opens now. */
	r = absence_look(x, err);
	if (r < 0)
		return r;
	/* One window closes at the very moment at which the next one opens: no packet falls between them. */
	int64_t opened = clock_tape();
	r = window_close(x, opened, err);
	if (r < 0 || x->verdict != VERDICT_PASS)
		return r;
	return step_begin(x, step, opened, NULL, err);
}

static int take_steps(struct execution *x, struct err *err)
{
	const struct node_list *steps = &x->tree->steps;
	size_t i = 0;
	int r = 0;

	for (; i < steps->count && r >= 0 && !x->halted; i++) {
		const struct step_node *step = (const struct step_node *)steps->items[i];

		/* What an expectation found does not keep its neighbours from being judged; acting on goes too far. */
		if (x->verdict != VERDICT_PASS && !step->expect)
			break;
		r = execution_take(x, step, err);
		if (r < 0)
			err_wrap(err, "step at line %u", step->node.span.line);
	}
	if (r >= 0)
		r = window_close(x, clock_tape(), err);
	if (r >= 0)
		r = steps_end(x, err);
	if (i < steps->count && x->verdict != VERDICT_PASS && r >= 0)
		execution_note(x, 0, "%zu later step%s not taken", steps->count - i, steps->count - i == 1 ? " was" : "s were");
	return r;
}

static void tell_packets(struct execution *x)
{
	tape_number(x->tape);
	if (!x->settings->packets)
		return;
	for (size_t i = 0; i < x->tape->packets.count; i++) {
		struct tape_packet *packet = x->tape->packets.items[i];
		_cleanup_text_ struct text summary = {0};
		struct event event = {.type = EVENT_PACKET};

		packet_summary(tape_dissect(x->tape, packet), &summary);
		event.packet = (struct event_packet){
			.packet = packet->number, .interface = packet->interface, .out = packet->out, .stamp = packet->stamp,
			.length = packet->length, .data = packet->data, .data_length = packet->captured,
			.comment = packet->comment ? packet->comment : "", .summary = text_str(&summary),
		};
		execution_emit(x, &event);
	}
}

/* A tape with holes proves nothing, whatever was seen on it. */
static void check_loss(struct execution *x)
{
	struct err err = {0};

	if (!x->observer)
		return;
	if (observer_check_loss(x->observer, &err) < 0)
		execution_verdict(x, VERDICT_ERROR, "%s", err.text);
	else if (x->tape->lost)
		execution_verdict(x, VERDICT_ERROR, "the observer lost %" PRIu64 " packet%s: nothing can be said about what was not seen%s",
				  x->tape->lost, x->tape->lost == 1 ? "" : "s",
				  x->observer_mode == OBSERVER_SOCKETS ? " (--observer rings holds more)" : "");
}

static void tell_end(struct execution *x, int64_t started)
{
	struct event event = {.type = EVENT_CASE_END};

	if (x->tree->xfail && x->verdict == VERDICT_FAIL) {
		x->verdict = VERDICT_XFAIL;
		text_clear(&x->reason);
		text_add(&x->reason, x->tree->xfail);
	} else if (x->tree->xfail && x->verdict == VERDICT_PASS) {
		execution_verdict(x, VERDICT_FAIL, "passed, but is marked xfail: %s", x->tree->xfail);
	}
	event.case_end = (struct event_case_end){
		.verdict = x->verdict, .reason = text_str(&x->reason), .took = clock_now() - started,
		.packets = (int64_t)x->tape->packets.count, .lost = (int64_t)x->tape->lost, .artifacts = "",
	};
	execution_emit(x, &event);
}

int execution_open(struct execution *x, struct err *err)
{
	struct event event = {.type = EVENT_LAB_READY};

	x->started = clock_now();
	x->deadline = clock_after(x->started, x->settings->timeout ? x->settings->timeout : execution_limit(x, x->tree->timeout));
	int r = execution_build(x, err);
	if (r < 0)
		return r;
	event.lab_ready.took = clock_now() - x->started;
	r = absence_begin(x, false, err);
	if (r < 0)
		return r;
	tell_interfaces(x);
	execution_emit(x, &event);
	x->first_opened = x->window_opened = clock_tape();
	return 0;
}

void execution_finish(struct execution *x, const struct err *err)
{
	if (err)
		execution_verdict(x, VERDICT_ERROR, "%s", err->text);
	check_loss(x);
	tell_packets(x);
	tell_end(x, x->started);
}

void execution_run(struct execution *x)
{
	struct err err = {0};
	int r = execution_open(x, &err);

	if (r >= 0)
		r = take_steps(x, &err);
	execution_finish(x, r < 0 ? &err : NULL);
}
