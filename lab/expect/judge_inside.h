/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The judge's inside. Not for other floors. */
#pragma once

#include "lab/expect/judge.h"
#include "lab/expect/match.h"
#include "lab/expect/order.h"
#include "lab/expect/select.h"

/* A packet that place, filter and `where` select. */
struct picked {
	struct tape_packet *packet;
	bool holds; /* all of `fields`, and the payload */
};

struct judge {
	const struct expect_node *expect;
	struct judge_context context;
	struct selector selector;
	struct payload_match payload;
	struct order *order;           /* or NULL; then nothing is picked */
	bool started;
	int64_t opened;
	size_t looked;                 /* so many of tape->arrivals were looked at */
	ARRAY(struct picked) picked;   /* by stamp, from `opened` on */
	int64_t spoiled;               /* stamp of the first that does not hold; CLOCK_NEVER: all do */
};

/* How many of `picked` lie before `closed`. */
size_t judge_count(const struct judge *judge, int64_t closed);

enum gap_outcome {
	GAP_NONE,    /* no `after` */
	GAP_HELD,
	GAP_MISSED,
	GAP_NO_NAME, /* nothing is called so */
	GAP_NO_MATCH, /* nothing was picked yet */
};
/* Where there are two packets, *ret_gap is the time between. */
enum gap_outcome judge_gap(const struct judge *judge, int64_t closed, int64_t *ret_gap);

/* "1 packet", "no packet", "2 to 5 packets" */
void describe_count(const struct range *count, struct text *out);
/* "'tcp' where tcp.flags S at client:eth0 out" */
void describe_selection(const struct selection_node *entry, const struct expect_node *expect, struct text *out);
/* "1st", "2nd", "11th" */
void describe_ordinal(size_t n, struct text *out);

/* The event's fields, packets and `seen` (explain.c, explain_order.c); the verdict as well. */
struct explanation {
	struct judge *judge;
	int64_t opened, closed;
	struct arena *arena;
	struct event_expect *event;
	struct text seen;
	ARRAY(struct expect_field) fields;
	ARRAY(struct expect_packet) packets;
};
#define EXPLAIN_PACKETS 32u
void explain_packet(struct explanation *explanation, struct tape_packet *packet, bool selected, bool matched);
void explain_field(struct explanation *explanation, const struct tape_packet *packet, const char *name, struct text *expected,
		   struct text *seen, bool held);
bool explain_selection(struct explanation *explanation); /* whether it holds */
bool explain_order(struct explanation *explanation);
