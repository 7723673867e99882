/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a step: begun, waited for, ended; and the list of all verbs. */
#include <errno.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/run/condition.h"
#include "lab/run/execution.h"
#include "lab/run/verbs.h"

const struct step_verb step_verbs[] = {
	{&kind_send, send_start, send_expire, send_release, send_describe, send_node_name},
	{&kind_receive, receive_start, receive_expire, receive_release, receive_describe, receive_node_name},
	{&kind_open, open_start, open_expire, open_release, open_describe, open_node_name},
	{&kind_close, close_start, NULL, NULL, close_describe, NULL},
	{&kind_run, run_start, run_expire, run_release, run_describe, run_node_name},
	{&kind_stop, stop_start, stop_expire, stop_release, stop_describe, NULL},
	{&kind_set, set_start, NULL, NULL, set_describe, set_node_name},
	{&kind_wait, wait_start, wait_expire, wait_release, wait_describe, NULL},
	{&kind_together, together_start, together_expire, together_release, together_describe, NULL},
	{&kind_pierce, pierce_start, NULL, NULL, pierce_describe, pierce_node_name},
	{NULL, NULL, NULL, NULL, NULL, NULL},
};

const struct step_verb *step_verb_of(const struct step_node *step)
{
	for (const struct step_verb *verb = step_verbs; verb->kind; verb++)
		if (step->verb && step->verb->kind == verb->kind)
			return verb;
	return NULL;
}

static void tell_begin(const struct step_run *run)
{
	struct event event = {.type = EVENT_STEP_BEGIN};
	const char *node = run->verb->node ? run->verb->node(run->step) : NULL;
	_cleanup_text_ struct text title = {0};

	if (run->step->title)
		text_add(&title, run->step->title);
	else
		run->verb->describe(run->step, &title);
	event.step_begin = (struct event_step_begin){
		.step = run->index, .verb = run->verb->kind->name, .title = text_str(&title),
		.line = run->step->node.span.line, .node = node ? node : "",
	};
	execution_emit(run->execution, &event);
}

static void tell_end(const struct step_run *run, enum verdict verdict)
{
	struct event event = {.type = EVENT_STEP_END};

	event.step_end = (struct event_step_end){
		.step = run->index, .verdict = verdict, .message = text_str(&run->message),
		.call = run->failure.call ? run->failure.call : "", .errno_value = run->failure.errno_value,
		.took = clock_now() - run->started,
	};
	execution_emit(run->execution, &event);
}

static void end(struct step_run *run, enum verdict verdict)
{
	struct execution *x = run->execution;

	if (run->finished)
		return;
	if (verdict == VERDICT_FAIL && run->abandoned)
		verdict = VERDICT_SKIP;
	loop_remove(run->timer);
	run->timer = NULL;
	run->finished = run->ready = true;
	run->verdict = verdict;
	tell_end(run, verdict);
	if (verdict == VERDICT_FAIL) {
		execution_verdict(x, VERDICT_FAIL, "%s", text_str(&run->message));
		x->halted = true;
	}
	for (size_t i = 0; i < run->watchers.count; i++)
		run->watchers.items[i].finished(run->watchers.items[i].data);
	array_free(&run->watchers);
}

void step_watch(struct step_run *run, void (*finished)(void *data), void *data)
{
	if (run->finished)
		finished(data);
	else
		array_push(&run->watchers, (struct step_watcher){finished, data});
}

void step_done(struct step_run *run)
{
	const struct error_node *expected = run->step->error;

	if (run->finished)
		return;
	if (!expected) {
		end(run, VERDICT_PASS);
		return;
	}
	text_clear(&run->message);
	text_addf(&run->message, "%s%s%s was expected, but every call succeeded", expected->call ? expected->call : "",
		  expected->call ? ": " : "", strerrorname_np((int)expected->errno_value));
	end(run, VERDICT_FAIL);
}

void step_fail(struct step_run *run, const struct driver_failure *failure, const char *fmt, ...)
{
	const struct error_node *expected = run->step->error;
	struct text message = {0};
	va_list args;

	if (run->finished)
		return;
	if (failure)
		run->failure = *failure;
	va_start(args, fmt);
	text_addv(&message, fmt, args); /* the old message may be among the arguments */
	va_end(args);
	text_free(&run->message);
	run->message = message;
	if (!expected || !failure || !failure->errno_value) {
		end(run, VERDICT_FAIL);
		return;
	}
	if (failure->errno_value == expected->errno_value && (!expected->call || str_eq(expected->call, failure->call))) {
		end(run, VERDICT_PASS);
		return;
	}
	text_addf(&run->message, "; expected was %s%s%s", expected->call ? expected->call : "", expected->call ? ": " : "",
		  strerrorname_np((int)expected->errno_value));
	end(run, VERDICT_FAIL);
}

void step_ready(struct step_run *run)
{
	run->ready = true;
	if (run->background) {
		loop_remove(run->timer);
		run->timer = NULL;
	}
}

struct step_run *step_named(const struct execution *x, const char *name)
{
	for (size_t i = x->runs.count; i > 0; i--)
		if (str_eq(x->runs.items[i - 1]->step->title, name))
			return x->runs.items[i - 1];
	return NULL;
}

/* A step whose values only the run knows is decoded again with them. */
static int decoded(struct execution *x, const struct step_node *step, const struct step_node **ret, struct err *err)
{
	struct step_node *again = NULL;

	*ret = step;
	x->repetition = 0;
	if (!step->node.runtime)
		return 0;
	int r = scenario_redecode(x->scenario, step, execution_lookup, x, x->arena, &again, err);
	if (r < 0)
		return r;
	*ret = again;
	return 0;
}

static int on_timeout(void *data, struct err *err)
{
	struct step_run *run = data;
	_cleanup_text_ struct text span = {0};

	(void)err;
	run->timer = NULL;
	clock_add_span(&span, execution_limit(run->execution, run->step->timeout));
	text_addf(&run->message, "not done within the step's %s", text_str(&span));
	run->cut_short = arena_printf(run->execution->arena, "the step's %s were over", text_str(&span));
	if (run->verb->expire)
		run->verb->expire(run);
	step_fail(run, NULL, "not done within the step's %s", text_str(&span));
	return 0;
}

static bool may_go_on(void *data)
{
	const struct step_run *run = data;

	return run->finished || (run->background && run->ready);
}

int step_wait(struct step_run *run, struct err *err)
{
	int r = execution_wait(run->execution, may_go_on, run, CLOCK_NEVER, err);

	return r < 0 ? r : 0;
}

/* The condition, with what only the run knows put in. */
static int judge_when(struct execution *x, const struct step_node *step, struct err *err)
{
	int r = decoded(x, step, &step, err);

	return r < 0 || !step->when ? (r < 0 ? r : 1) : condition_when(step->when, err);
}

int step_is_wanted(struct execution *x, const struct step_node *step, struct err *err)
{
	const struct step_verb *verb = step_verb_of(step);
	_cleanup_text_ struct text described = {0};

	if (!node_given(&step->node, "when"))
		return 1;
	int wanted = judge_when(x, step, err);
	if (wanted > 0)
		return 1;
	int64_t index = x->next_index++;
	if (step->expect && state_is(step->expect))
		text_addf(&described, "state of %s", step->expect->in);
	else if (step->expect)
		judge_describe(step->expect, &described);
	else if (verb)
		verb->describe(step, &described);
	window_tell_begin(x, step, index, text_str(&described));
	window_tell_end(x, index, wanted < 0 ? VERDICT_FAIL : VERDICT_SKIP, 0);
	if (wanted < 0)
		execution_verdict(x, VERDICT_FAIL, "line %u: %s", step->node.span.line, err->text);
	return 0;
}

int step_start(struct execution *x, const struct step_node *step, int64_t opened, struct step_run **ret, struct err *err)
{
	const struct step_node *taken = step;
	int64_t index = x->next_index++;
	struct err inner = {0};
	int r = decoded(x, step, &taken, &inner);

	struct step_run *run = mem_new(struct step_run);
	*run = (struct step_run){
		.execution = x, .step = taken, .written = step, .verb = step_verb_of(taken), .index = index, .started = clock_now(),
		.opened = opened, .verdict = VERDICT_PASS,
	};
	array_push(&x->runs, run);
	*ret = run;
	if (!run->verb)
		return err_set(err, -EINVAL, "line %u: a step without a verb", step->node.span.line);
	tell_begin(run);
	if (r < 0) {
		step_fail(run, NULL, "%s", inner.text);
		return 0;
	}
	if (taken->timeout)
		run->timer = loop_add_timer(x->loop, clock_after(run->started, execution_limit(x, taken->timeout)), on_timeout, run);
	r = run->verb->start(run, err);
	return r < 0 ? err_wrap(err, "%s", run->verb->kind->name) : 0;
}

int step_begin(struct execution *x, const struct step_node *step, int64_t opened, struct step_run **ret, struct err *err)
{
	struct step_run *run = NULL;

	x->window_opened = opened;
	x->hold_began = 0;
	int r = step_start(x, step, opened, &run, err);
	if (r >= 0)
		r = step_wait(run, err);
	if (ret)
		*ret = run;
	return r;
}

/* --- the end of a scenario --- */

static bool all_finished(void *data)
{
	const struct execution *x = data;

	for (size_t i = 0; i < x->runs.count; i++)
		if (!x->runs.items[i]->finished)
			return false;
	return true;
}

/* What ends by itself; programs are told to end, connections are given up. */
static bool all_claims_settled(void *data)
{
	const struct execution *x = data;

	for (size_t i = 0; i < x->runs.count; i++) {
		const struct step_run *run = x->runs.items[i];

		if (!run->finished && !run->step->run && !run->step->open)
			return false;
	}
	return true;
}

int steps_end(struct execution *x, struct err *err)
{
	/* A background `receive` that nobody waited for is still a claim: it gets its `within`. */
	int r = x->halted ? 0 : execution_wait(x, all_claims_settled, x, CLOCK_NEVER, err);
	bool halted = x->halted;

	if (r < 0)
		return r;
	for (size_t i = 0; i < x->runs.count; i++) {
		struct step_run *run = x->runs.items[i];

		if (run->finished)
			continue;
		loop_remove(run->timer);
		run->timer = NULL;
		/* Where time ran out, the step that took it is the finding; the rest was only kept from ending. */
		run->abandoned = halted && !(x->timed_out && !may_go_on(run));
		if (x->timed_out)
			run->cut_short = "the scenario's time was over";
		if (run->verb->expire)
			run->verb->expire(run);
		else
			step_done(run);
	}
	/* Programs were told to end and get a second, then KILL: so this wait is bounded. */
	x->halted = false;
	r = loop_run(x->loop, all_finished, x, clock_now() + 3 * NS_PER_S, err);
	x->halted |= halted;
	return r < 0 ? r : 0;
}

void steps_free(struct execution *x)
{
	for (size_t i = 0; i < x->runs.count; i++) {
		struct step_run *run = x->runs.items[i];

		if (run->verb && run->verb->release)
			run->verb->release(run);
		loop_remove(run->timer);
		text_free(&run->message);
		array_free(&run->watchers);
		free(run);
	}
	array_free(&x->runs);
}
