/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of every verb, one file each: step_send.c, step_receive.c… Listed in steps.c. */
#pragma once

#include "lab/run/execution.h"

/* What a step's start, expiry and release do: see struct step_verb. */
#define VERB_DESCRIBE(verb) void verb##_describe(const struct step_node *step, struct text *out)
#define VERB_NODE(verb) const char *verb##_node_name(const struct step_node *step)

int send_start(struct step_run *run, struct err *err);
void send_expire(struct step_run *run);
void send_release(struct step_run *run);
VERB_DESCRIBE(send);
VERB_NODE(send);

int receive_start(struct step_run *run, struct err *err);
void receive_expire(struct step_run *run);
void receive_release(struct step_run *run);
VERB_DESCRIBE(receive);
VERB_NODE(receive);

int open_start(struct step_run *run, struct err *err);
void open_expire(struct step_run *run);
void open_release(struct step_run *run);
VERB_DESCRIBE(open);
VERB_NODE(open);
int close_start(struct step_run *run, struct err *err);
VERB_DESCRIBE(close);

int run_start(struct step_run *run, struct err *err);
void run_expire(struct step_run *run);
void run_release(struct step_run *run);
VERB_DESCRIBE(run);
VERB_NODE(run);
/* `stop:` acts on another step's program. 0, or -ESRCH where it has ended already. */
int run_signal(struct step_run *run, int signal, int64_t expected_exit);

int stop_start(struct step_run *run, struct err *err);
void stop_expire(struct step_run *run);
void stop_release(struct step_run *run);
VERB_DESCRIBE(stop);

int set_start(struct step_run *run, struct err *err);
VERB_DESCRIBE(set);
VERB_NODE(set);

int wait_start(struct step_run *run, struct err *err);
void wait_expire(struct step_run *run);
void wait_release(struct step_run *run);
VERB_DESCRIBE(wait);

int together_start(struct step_run *run, struct err *err);
void together_expire(struct step_run *run);
void together_release(struct step_run *run);
VERB_DESCRIBE(together);

int pierce_start(struct step_run *run, struct err *err);
VERB_DESCRIBE(pierce);
VERB_NODE(pierce);

/* steps.c: starts a step without waiting for it. */
int step_start(struct execution *execution, const struct step_node *step, int64_t opened, struct step_run **ret, struct err *err);
/* "192.0.2.1:80", "server:80", ":80" */
void endpoint_print(const struct endpoint *endpoint, struct text *out);
