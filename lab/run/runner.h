/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runner: the process that carries one case out, PID 1 of its own world. */
#pragma once

#include "lab/kernel/sandbox.h"
#include "lab/run/execution.h"

struct runner_request {
	const struct scenario_case *scenario;
	const struct run_settings *settings;
	struct plan *plan;
	int64_t case_index;
	int observer; /* enum observer_choice, resolved: not OBSERVE_AUTO */
	/* What the runner does once its namespaces are there; NULL: the whole case (execution_run). Its result is the exit status. */
	int (*body)(struct execution *execution, void *data);
	void *data;
};

struct runner {
	struct sandbox sandbox;
	int events; /* the reading end of its event stream: non-blocking */
};

/* Call from the main thread: the runner dies with the thread that started it. The descriptors are the caller's. */
int runner_start(const struct runner_request *request, struct runner *ret, struct err *err);
