/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What decoding packets, payloads and matches takes beyond their field tables. */
#pragma once

#include "lab/base/field.h"
#include "lab/scenario/decode.h"
#include "lab/scenario/tree.h"

/* Refuses keys that can only match: sha256, contains, same_as. NULL is allowed. */
void payload_check_sendable(struct decode *decode, const struct payload_node *payload);

/* Callbacks of the tables in tree_expect.c; see struct node_kind. */
int payload_finish(struct decode *decode, struct node *node);
int layer_decode_other(struct decode *decode, const struct yaml *key, const struct yaml *value, struct node *node);
int packet_decode_other(struct decode *decode, const struct yaml *key, const struct yaml *value, struct node *node);
int packet_decode_list(struct decode *decode, const struct yaml *yaml, struct node *node);
int packet_finish(struct decode *decode, struct node *node);
int match_finish(struct decode *decode, struct node *node);
int selection_finish(struct decode *decode, struct node *node);
int expect_finish(struct decode *decode, struct node *node);
