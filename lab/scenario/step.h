/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What decoding a step takes beyond its field tables: technique options, named sockets, keys that go together. */
#pragma once

#include "lab/base/field.h"
#include "lab/scenario/decode.h"

/* Callbacks of the tables in tree_step.c; see struct node_kind. */
const struct node_kind *step_beside_send(const struct registry *registry, const struct node *node);
const struct node_kind *step_beside_receive(const struct registry *registry, const struct node *node);
const struct node_kind *step_beside_open(const struct registry *registry, const struct node *node);
int step_wait_scalar(struct decode *decode, const struct yaml *yaml, struct node *node);
int step_finish_send(struct decode *decode, struct node *node);
int step_finish_receive(struct decode *decode, struct node *node);
int step_finish_open(struct decode *decode, struct node *node);
int step_finish_ready(struct decode *decode, struct node *node);
int step_finish_run(struct decode *decode, struct node *node);
int step_finish_set(struct decode *decode, struct node *node);
int step_finish_wait(struct decode *decode, struct node *node);
int step_finish_step(struct decode *decode, struct node *node);
