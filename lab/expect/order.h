/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `order`: selections that follow each other on the tape. */
#pragma once

#include "lab/expect/judge.h"

struct order;
int order_new(const struct expect_node *expect, const struct judge_context *context, struct order **ret, struct err *err);
void order_free(struct order *order); /* NULL is allowed */
/* A packet that was not added before, of any stamp. */
void order_add(struct order *order, struct tape_packet *packet);

/* What was found: one packet an entry, up to the first entry that found none. */
struct order_found {
	struct tape_packet *const *packets;
	size_t count;                       /* as many as there are entries: all */
	const char *unnamed;                /* the entry that failed is a name that no packet has */
	struct tape_packet *between;        /* strict: would be in order, but for this packet; or NULL */
};
/* Looks in [opened, closed). The result is valid until the next call. */
void order_find(struct order *order, int64_t opened, int64_t closed, struct order_found *ret);
/* The packet that entry `i` would take if nothing had to come before it, or NULL. */
struct tape_packet *order_alone(const struct order *order, size_t i, int64_t opened, int64_t closed);
