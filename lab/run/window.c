/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The window of an acting step: its expectations, waited for and then judged. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/run/execution.h"

/*
 * Theory: an expectation whose lower bound is not met keeps the run waiting, for
 * `within` at most; then the run goes on. An absence (count 0) keeps it waiting
 * for `for`, counted from the first of several neighbouring ones (when it is
 * believed, absence.c says). All of
 * them stay pending until the next acting step is about to start: that moment,
 * on the tape's clock, closes the window, the observer is drained up to it, and
 * every judge says its last word.
 */
struct pending_expect {
	const struct step_node *step;
	struct judge *judge;
	int64_t index;
	int64_t opened;
	int64_t began;       /* clock_now() */
};

static int judge_bytes(void *data, const struct payload_node *payload, struct text *ret, struct err *err)
{
	return bytes_of(data, payload, ret, err);
}

static int64_t window_start(const struct execution *x, const struct expect_node *expect, struct err *err)
{
	if (!expect->since)
		return x->window_opened;
	if (strcmp(expect->since, "start") == 0)
		return x->first_opened;
	struct step_run *run = step_named(x, expect->since);
	return run ? run->opened : err_set(err, -ENOENT, "since: the step '%s' was not started", expect->since);
}

/* What an expectation asks, in the words of its verdict. */
void window_tell_begin(struct execution *x, const struct step_node *step, int64_t index, const char *described)
{
	struct event event = {.type = EVENT_STEP_BEGIN};

	event.step_begin = (struct event_step_begin){
		.step = index, .verb = step->verb->kind->name, .title = step->title ? step->title : described, .line = step->node.span.line, .node = "",
	};
	execution_emit(x, &event);
}

void window_tell_end(struct execution *x, int64_t index, int64_t verdict, int64_t took)
{
	struct event event = {.type = EVENT_STEP_END};

	event.step_end = (struct event_step_end){.step = index, .verdict = verdict, .message = "", .call = "", .took = took};
	execution_emit(x, &event);
}

struct watched {
	struct execution *execution;
	struct pending_expect *pending;
	enum judge_state wanted;
};

static bool lower_bound_is_met(void *data)
{
	struct watched *watched = data;

	return judge_look(watched->pending->judge, watched->pending->opened, CLOCK_NEVER) != JUDGE_OPEN;
}

static bool is_broken(void *data)
{
	struct watched *watched = data;

	return judge_look(watched->pending->judge, watched->pending->opened, CLOCK_NEVER) == JUDGE_BROKEN;
}

/* 0 waited as far as need be; what came of it the judge knows. */
static int wait_for(struct execution *x, struct pending_expect *pending, struct err *err)
{
	const struct expect_node *expect = pending->step->expect;
	struct watched watched = {.execution = x, .pending = pending};
	int64_t now = clock_now();
	int r;

	if (judge_lower_bound(pending->judge) > 0) {
		/* After a failure nothing is waited for any more: the rest is judged by what is there. */
		int64_t within = x->verdict == VERDICT_PASS ? execution_limit(x, expect->within) : 0;

		x->hold_began = 0;
		if (lower_bound_is_met(&watched))
			return 0;
		r = execution_wait(x, lower_bound_is_met, &watched, clock_after(now, within), err);
	} else {
		if (expect->count.max != 0)
			return 0;
		if (!x->hold_began)
			x->hold_began = now;
		r = execution_wait(x, is_broken, &watched, clock_after(x->hold_began, execution_limit(x, expect->hold)), err);
	}
	return r < 0 ? r : 0;
}

int window_expect(struct execution *x, const struct step_node *step, struct err *err)
{
	struct judge_context context = {.tape = x->tape, .names = x->names, .payload_bytes = judge_bytes, .payload_data = x};
	struct step_node *again = NULL;
	_cleanup_text_ struct text described = {0};
	struct pending_expect *pending;
	int64_t index = x->next_index++;
	int r;

	if (step->node.runtime) {
		r = scenario_redecode(x->scenario, step, execution_lookup, x, x->arena, &again, err);
		if (r == -ENOENT || r == -EINVAL) { /* a packet that an earlier expectation failed to name */
			execution_verdict(x, VERDICT_FAIL, "line %u: %s", step->node.span.line, err->text);
			return 0;
		}
		if (r < 0)
			return r;
		step = again;
	}
	int64_t opened = window_start(x, step->expect, err);
	if (opened < 0)
		return (int)opened;
	pending = mem_new(struct pending_expect);
	pending->step = step;
	pending->index = index;
	pending->opened = opened;
	pending->began = clock_now();
	judge_describe(step->expect, &described);
	window_tell_begin(x, step, index, text_str(&described));
	array_push(&x->pending, pending);
	r = judge_new(step->expect, &context, &pending->judge, err);
	return r < 0 ? r : wait_for(x, pending, err);
}

static void judge_one(struct execution *x, struct pending_expect *pending, int64_t closed)
{
	struct event event = {.type = EVENT_EXPECT};
	const struct span *span = &pending->step->node.span;
	const char *trouble;

	judge_close(pending->judge, pending->opened, closed, x->arena, &event.expect);
	event.expect.step = pending->index;
	event.expect.file = span->source ? span->source->path : x->scenario->path;
	event.expect.line = span->line;
	trouble = event.expect.verdict == VERDICT_PASS && pending->step->expect->count.max == 0 ?
			  absence_trouble(x, pending->step->expect, pending->opened) :
			  NULL;
	if (trouble) {
		event.expect.verdict = VERDICT_ERROR;
		event.expect.seen = trouble;
	}
	execution_emit(x, &event);
	window_tell_end(x, pending->index, event.expect.verdict, clock_now() - pending->began);
	if (event.expect.verdict == VERDICT_FAIL)
		execution_verdict(x, VERDICT_FAIL, "line %u: expected %s, %s", span->line, event.expect.expected, event.expect.seen);
	else if (event.expect.verdict == VERDICT_ERROR)
		execution_verdict(x, VERDICT_ERROR, "line %u: %s", span->line, event.expect.seen);
}

int window_close(struct execution *x, int64_t closed, struct err *err)
{
	bool absences = false;
	int r = 0;

	if (!x->pending.count)
		return 0;
	for (size_t i = 0; i < x->pending.count && !absences; i++)
		absences = x->pending.items[i]->step->expect->count.max == 0;
	r = absences ? absence_prove(x, err) : 0;
	if (r >= 0)
		r = observer_drain(x->observer, err);
	if (r >= 0)
		r = observer_check_loss(x->observer, err);
	for (size_t i = 0; i < x->pending.count && r >= 0; i++)
		judge_one(x, x->pending.items[i], closed);
	window_free(x);
	return r;
}

void window_free(struct execution *x)
{
	for (size_t i = 0; i < x->pending.count; i++) {
		judge_free(x->pending.items[i]->judge);
		free(x->pending.items[i]);
	}
	array_free(&x->pending);
}
