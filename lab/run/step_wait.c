/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wait, stop and together: steps about time and about other steps. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/run/verbs.h"

/* --- wait: a time span, or a background step --- */

void wait_describe(const struct step_node *step, struct text *out)
{
	text_add(out, "wait ");
	if (step->wait->step)
		text_addf(out, "for '%s'", step->wait->step);
	else
		clock_add_span(out, step->wait->span);
}

static int on_span_over(void *data, struct err *err)
{
	struct step_run *run = data;

	(void)err;
	run->state = NULL;
	step_done(run);
	return 0;
}

static void on_other_finished(void *data)
{
	struct step_run *run = data;

	step_done(run);
}

int wait_start(struct step_run *run, struct err *err)
{
	const struct wait_node *wait = run->step->wait;

	(void)err;
	if (!wait->step) {
		run->state = loop_add_timer(run->execution->loop, clock_after(clock_now(), wait->span), on_span_over, run);
		return 0;
	}

	struct step_run *other = step_named(run->execution, wait->step);
	if (!other) {
		step_fail(run, NULL, "the step '%s' was not started", wait->step);
		return 0;
	}
	other->collected = true;
	step_watch(other, on_other_finished, run);
	return 0;
}

void wait_expire(struct step_run *run)
{
	step_fail(run, NULL, run->step->wait->step ? "'%s' did not finish in time" : "the wait was cut short%s",
		  run->step->wait->step ? run->step->wait->step : "");
}

void wait_release(struct step_run *run)
{
	loop_remove(run->state);
}

/* --- stop: a signal to a background program, and its end --- */

void stop_describe(const struct step_node *step, struct text *out)
{
	const char *name = sigabbrev_np((int)step->stop->signal);

	text_addf(out, "stop '%s' with %s", step->stop->run, name ? name : "a signal");
}

int stop_start(struct step_run *run, struct err *err)
{
	const struct stop_node *stop = run->step->stop;
	struct step_run *other = step_named(run->execution, stop->run);

	(void)err;
	if (!other || !other->step->run) {
		step_fail(run, NULL, "no program was started by a step '%s'", stop->run);
		return 0;
	}
	if (run_signal(other, (int)stop->signal, stop->exit) < 0) {
		step_fail(run, NULL, "the program of '%s' had ended already", stop->run);
		return 0;
	}
	other->collected = true;
	step_watch(other, on_other_finished, run);
	return 0;
}

void stop_expire(struct step_run *run)
{
	step_fail(run, NULL, "the program of '%s' did not end", run->step->stop->run);
}

void stop_release(struct step_run *run)
{
	(void)run;
}

/* --- together: several steps at once --- */

struct together_state {
	size_t left;
};

void together_describe(const struct step_node *step, struct text *out)
{
	text_addf(out, "%zu steps together", step->together->steps.count);
}

static void on_part_finished(void *data)
{
	struct step_run *run = data;
	struct together_state *state = run->state;

	if (--state->left == 0)
		step_done(run);
}

int together_start(struct step_run *run, struct err *err)
{
	const struct node_list *steps = &run->step->together->steps;
	struct together_state *state = mem_new(struct together_state);

	run->state = state;
	state->left = steps->count + 1; /* one for the starting itself */
	for (size_t i = 0; i < steps->count; i++) {
		const struct step_node *step = (const struct step_node *)steps->items[i];
		struct step_run *part = NULL;
		int r = step_is_wanted(run->execution, step, err);

		if (r == 0)
			state->left--;
		if (r > 0)
			r = step_start(run->execution, step, clock_tape(), &part, err);
		if (r < 0)
			return r;
		if (!part)
			continue;
		/* A background step among them counts as done once it is ready; its end is collected by wait or the scenario's. */
		if (part->background && !part->finished)
			on_part_finished(run);
		else
			step_watch(part, on_part_finished, run);
	}
	on_part_finished(run);
	return 0;
}

void together_expire(struct step_run *run)
{
	step_fail(run, NULL, "not all steps were done in time");
}

void together_release(struct step_run *run)
{
	free(run->state);
}
