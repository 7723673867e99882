/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of a scenario: what they are started with, when they are ready, what they printed. */
#pragma once

#include "lab/run/execution.h"

struct program_request {
	const struct run_node *node;
	const struct step_node *step;
	int stdin_fd, stdout_fd, stderr_fd; /* -1: /dev/null; stay the caller's */
};
/* Starts the program of a `run` step in its node. -ENOENT and the like name the program. *ret_pidfd is the caller's. */
int program_start(struct execution *execution, const struct program_request *request, pid_t *ret_pid, int *ret_pidfd, struct err *err);
/* Starts a command (NULL-terminated) in the same node and view: readiness probes. */
int program_start_command(struct execution *execution, const struct run_node *node, const char *const *command, pid_t *ret_pid,
			  int *ret_pidfd, struct err *err);

/* A shell for a person: `command` on the terminal `tty` (-1: on our own standard streams), in the plan's node `node`, with `env` added. */
int program_start_terminal(struct execution *execution, int node, const char *const *command, const char *const *env, int tty,
			   pid_t *ret_pid, int *ret_pidfd, struct err *err);

/* Does the output hold what is asked of it? 1 yes, 0 no with the reason in *ret_why, -EINVAL a pattern that does not compile. */
int output_check(const struct output_node *check, const char *output, size_t length, struct text *ret_why, struct err *err);

/* Waits, on the execution's loop, until a program is ready as its `ready` says; calls `ready` then, once. */
struct ready;
int ready_start(struct execution *execution, const struct run_node *node, void (*ready)(void *data), void *data, struct ready **ret,
		struct err *err);
/* The program has printed more: `output` is all of that stream. May call `ready`. */
void ready_output(struct ready *ready, const char *output);
void ready_free(struct ready *ready); /* NULL is allowed */
