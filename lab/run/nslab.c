/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labs in C: build one, act in it, assert on its packets, from any unit test. */
#include "lab/run/nslab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "drivers/driver.h"
#include "lab/base/clock.h"
#include "lab/check/check.h"
#include "lab/kernel/netns.h"
#include "lab/run/requirement.h"
#include "lab/run/runner.h"

struct nslab_lab {
	struct scenario_file *file;
	const struct scenario_case *scenario;
};

struct nslab {
	struct execution *execution;
};

struct body_call {
	nslab_body_fn body;
	void *data;
};

/* --- loading --- */

static int first_finding(struct diag_list *diags, struct err *err)
{
	_cleanup_text_ struct text out = {0};

	diag_list_sort(diags);
	for (size_t i = 0; i < diags->items.count; i++)
		if (diag_table[diags->items.items[i].id].severity == DIAG_ERROR) {
			diag_print(&diags->items.items[i], false, false, &out);
			return err_set(err, -EINVAL, "%s", text_str(&out));
		}
	return err_set(err, -EINVAL, "the scenario cannot be read");
}

static int loaded(struct scenario_file *file, struct diag_list *diags, struct nslab_lab **ret, struct err *err)
{
	const struct scenario_case *cases = NULL;
	size_t count = 0;
	int r = 0;

	if (!file || scenario_cases(file, diags, &cases, &count) < 0 || !count)
		r = first_finding(diags, err);
	if (r >= 0) {
		struct arena *arena = arena_new();

		check_case(&cases[0], diags);
		requirement_check_names(cases[0].tree, diags);
		plan_check_limits(plan_make(cases[0].tree, arena), diags);
		arena_free(arena);
		if (diags->errors)
			r = first_finding(diags, err);
	}
	if (r >= 0)
		r = check_kernel(cases, 1, diags, err);
	if (r >= 0 && diags->errors)
		r = first_finding(diags, err);
	diag_list_free(diags);
	if (r < 0) {
		scenario_file_free(file);
		return r;
	}
	*ret = mem_new(struct nslab_lab);
	(*ret)->file = file;
	(*ret)->scenario = &cases[0];
	return 0;
}

int nslab_lab_load(const char *path, struct nslab_lab **ret, struct err *err)
{
	struct diag_list diags = {0};

	return loaded(scenario_load(path, driver_registry(), NULL, 0, &diags), &diags, ret, err);
}

int nslab_lab_load_text(const char *text, struct nslab_lab **ret, struct err *err)
{
	struct diag_list diags = {0};

	return loaded(scenario_load_text("lab", text, strlen(text), driver_registry(), NULL, 0, &diags), &diags, ret, err);
}

void nslab_lab_free(struct nslab_lab *lab)
{
	if (!lab)
		return;
	scenario_file_free(lab->file);
	free(lab);
}

void nslab_result_free(struct nslab_result *result)
{
	free(result->data);
	result->data = NULL;
	result->data_length = 0;
}

/* --- within the body --- */

int nslab_enter(struct nslab *lab, const char *node, struct err *err)
{
	struct execution *x = lab->execution;
	int at = execution_node(x, node);

	if (at < 0)
		return err_set(err, -ENOENT, "the lab has no node '%s'", node);
	return netns_enter(x->lab.netns[at], err);
}

static int verdict_code(const struct execution *x)
{
	return x->verdict == VERDICT_PASS ? 0 : -ECANCELED;
}

int nslab_take(struct nslab *lab, const char *name)
{
	struct execution *x = lab->execution;
	struct err err = {0};

	for (size_t i = 0; i < x->tree->steps.count; i++) {
		const struct step_node *step = (const struct step_node *)x->tree->steps.items[i];

		if (!str_eq(step->title, name))
			continue;
		if (execution_take(x, step, &err) < 0)
			execution_verdict(x, VERDICT_ERROR, "%s", err.text);
		return verdict_code(x);
	}
	return nslab_fail(lab, "the scenario has no step '%s'", name);
}

void nslab_mark(struct nslab *lab)
{
	struct execution *x = lab->execution;
	struct err err = {0};

	int64_t now = clock_tape();

	if (window_close(x, now, &err) < 0)
		execution_verdict(x, VERDICT_ERROR, "%s", err.text);
	x->window_opened = now;
	x->hold_began = 0;
}

/* An expectation as the decoder would have made it. */
static struct step_node *make_expect(struct execution *x, const char *at, const char *filter, uint64_t min, uint64_t max, struct err *err)
{
	struct step_node *step = arena_new_of(x->arena, struct step_node);
	struct expect_node *expect = arena_new_of(x->arena, struct expect_node);
	struct place *place = arena_new_of(x->arena, struct place);
	const char *colon = strchr(at, ':');

	step->node.kind = &kind_step;
	step->expect = expect;
	step->verb = &expect->node;
	expect->node.kind = &kind_expect;
	expect->node.parent = &step->node;
	if (node_set_standards(&expect->node, x->arena, err) < 0)
		return NULL;
	place->node = colon ? arena_strndup(x->arena, at, (size_t)(colon - at)) : arena_strdup(x->arena, at);
	place->interface = colon ? arena_strdup(x->arena, colon + 1) : NULL;
	expect->at = (struct value_list){.values = place, .count = 1};
	expect->packets = filter ? arena_strdup(x->arena, filter) : NULL;
	expect->count = (struct range){
		.min = min > INT64_MAX ? INT64_MAX : (int64_t)min, .max = max > INT64_MAX ? INT64_MAX : (int64_t)max,
	};
	return step;
}

int nslab_expect(struct nslab *lab, const char *at, const char *filter, uint64_t min, uint64_t max)
{
	struct execution *x = lab->execution;
	struct err err = {0};
	struct step_node *step = make_expect(x, at, filter, min, max, &err);
	int r = step ? window_expect(x, step, &err) : -EINVAL;

	if (r >= 0)
		r = window_close(x, clock_tape(), &err);
	if (r < 0)
		execution_verdict(x, VERDICT_ERROR, "%s", err.text);
	return verdict_code(x);
}

int nslab_fail(struct nslab *lab, const char *fmt, ...)
{
	_cleanup_text_ struct text text = {0};
	va_list args;

	va_start(args, fmt);
	text_addv(&text, fmt, args);
	va_end(args);
	execution_verdict(lab->execution, VERDICT_FAIL, "%s", text_str(&text));
	return -ECANCELED;
}

/* Given bytes travel as output of a step that does not exist. */
#define GIVEN_STREAM 3

void nslab_give(struct nslab *lab, const void *bytes, size_t length)
{
	struct event event = {.type = EVENT_OUTPUT};

	event.output = (struct event_output){.step = -1, .stream = GIVEN_STREAM, .data = bytes, .data_length = length};
	execution_emit(lab->execution, &event);
}

static int call_body(struct execution *x, void *data)
{
	const struct body_call *call = data;
	struct nslab lab = {.execution = x};
	struct err err = {0};
	int status = 0;
	int r = execution_open(x, &err);

	if (r >= 0 && !x->links.count)
		r = absence_begin(x, true, &err);
	if (r >= 0) {
		status = call->body(&lab, call->data);
		r = window_close(x, clock_tape(), &err);
	}
	if (r >= 0)
		r = steps_end(x, &err);
	if (r >= 0 && status)
		execution_verdict(x, VERDICT_FAIL, "the body returned %d", status);
	nslab_give(&lab, "", 0);
	struct event note = {.type = EVENT_NOTE, .note = {.severity = status, .text = "status"}};
	execution_emit(x, &note);
	execution_finish(x, r < 0 ? &err : NULL);
	return 0;
}

/* --- the caller's side --- */

static void take_event(const struct event *event, struct text *given, struct nslab_result *result, bool *ret_ended)
{
	if (event->type == EVENT_OUTPUT && event->output.stream == GIVEN_STREAM) {
		text_add_bytes(given, event->output.data, event->output.data_length);
	} else if (event->type == EVENT_NOTE && strcmp(event->note.text, "status") == 0) {
		result->status = (int)event->note.severity;
	} else if (event->type == EVENT_CASE_END) {
		const struct event_case_end *end = &event->case_end;

		result->passed = end->verdict == VERDICT_PASS;
		result->error = end->verdict == VERDICT_ERROR;
		result->packets = (uint64_t)end->packets;
		snprintf(result->message, sizeof(result->message), "%.1000s", end->reason);
		*ret_ended = true;
	}
}

static void read_stream(int fd, struct nslab_result *result)
{
	struct arena *arena = arena_new();
	_cleanup_text_ struct text bytes = {0};
	struct text given = {0};
	bool ended = false;
	char chunk[16384];
	ssize_t n;

	fcntl(fd, F_SETFL, 0);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			text_add_bytes(&bytes, chunk, (size_t)n);
	for (size_t at = 0; at < bytes.length;) {
		struct event event;
		long used = event_decode((const uint8_t *)bytes.data + at, bytes.length - at, arena, &event, NULL);

		if (used <= 0)
			break;
		take_event(&event, &given, result, &ended);
		at += (size_t)used;
	}
	if (!ended) {
		result->error = true;
		snprintf(result->message, sizeof(result->message), "the runner ended before it told a verdict");
	}
	result->data_length = given.length;
	result->data = (uint8_t *)text_steal(&given);
	arena_free(arena);
}

int nslab_lab_run(struct nslab_lab *lab, nslab_body_fn body, void *data, struct nslab_result *ret, struct err *err)
{
	static const struct run_settings settings = {.jobs = 1, .timeout_multiplier = 1, .repeat = 1, .invocation = ""};
	struct arena *arena = arena_new();
	struct body_call call = {body, data};
	struct nslab_result result = {0};
	struct runner runner;
	struct runner_request request = {
		.scenario = lab->scenario, .settings = &settings, .plan = plan_make(lab->scenario->tree, arena),
		.body = body ? call_body : NULL, .data = &call,
	};

	request.observer = request.plan->wants_rings ? OBSERVE_RINGS : OBSERVE_SOCKETS;
	fflush(NULL);
	int r = runner_start(&request, &runner, err);
	if (r >= 0) {
		read_stream(runner.events, &result);
		while (waitpid(runner.sandbox.pid, NULL, 0) < 0 && errno == EINTR)
			;
		close(runner.events);
		cleanup_closep(&runner.sandbox.pidfd);
		*ret = result;
	}
	arena_free(arena);
	return r;
}
