/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The supervisor: runs cases, several at once, and gathers what they say into one event stream. */
#pragma once

#include "lab/event/event.h"
#include "lab/run/settings.h"
#include "lab/scenario/scenario.h"

struct supervision {
	const struct scenario_case *const *cases; /* in the order they are to run */
	size_t count;
	const struct run_settings *settings;
	struct event_sink *sink;     /* every event of the run, each case's own ones in order */
	const char *artifacts;       /* directory, or NULL */
	const char *program;         /* "nslab 0.1.0" */
	void (*tick)(void *data);    /* called some ten times a second while cases run; or NULL */
	void *tick_data;
};

/*
 * Runs all cases, `settings->repeat` times over. Call from the main thread. Ends
 * early on SIGINT or SIGTERM, or after the first failure with stop_first; every
 * process it started has ended when it returns. *ret_summary is what run-end
 * said. Negative: nothing could be run at all.
 */
int supervise(const struct supervision *supervision, struct event_run_end *ret_summary, struct err *err);
