/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tape made by hand, and expectations held against it. */
#pragma once

#include <criterion/criterion.h>
#include <stdarg.h>

#include "lab/base/clock.h"
#include "lab/expect/judge.h"

/* inside:eth0 -- firewall:lan, firewall:wan -- outside:eth0, and firewall's lo. */
enum { INSIDE, LAN, WAN, OUTSIDE, LO };

struct court {
	struct tape *tape;
	struct named_packets *names;
	struct arena *arena;
	struct judge_context context;
	const char *file; /* what judge_context.payload_bytes finds; NULL: an error */
};

struct court *court_open(void);
void court_close(struct court *court);

#define NEVER CLOCK_NEVER
#define ANY_NUMBER {1, INT64_MAX}

/* A UDP packet with a TTL of 64. `stamp` in ms. */
struct tape_packet *udp(struct court *court, uint32_t interface, const char *dir, int64_t stamp, const char *from, const char *to,
			const char *payload);
struct tape_packet *udp_ttl(struct court *court, uint32_t interface, const char *dir, int64_t stamp, const char *from, const char *to,
			    const char *payload, const char *ttl);
/* knock: outside:80 → inside:6881 */
struct tape_packet *knock(struct court *court, uint32_t interface, const char *dir, int64_t stamp);
struct tape_packet *arp(struct court *court, uint32_t interface, const char *dir, int64_t stamp);

struct value_list at(struct court *court, const char *place, ...) __attribute__((sentinel));
/* Pairs of field and value, NULL: "63", "!63" (not), "1|2" (either). */
struct node_list matches(struct court *court, const char *field, ...) __attribute__((sentinel));
struct node_list entries(struct court *court, size_t count, const struct selection_node *nodes);
#define ORDER(court, ...)                                                             \
	entries(court, COUNT_OF(((const struct selection_node[]){__VA_ARGS__})), (const struct selection_node[]){__VA_ARGS__})
struct payload_node *payload(struct court *court, struct payload_node node);
#define PAYLOAD(court, ...) payload(court, (struct payload_node){.counter = -1, .random = -1, __VA_ARGS__})

/* Compiled; must succeed. Freed with the court's end by judge_free() of the caller. */
struct judge *judge_of(struct court *court, const struct expect_node *expect);
/* Must be refused with -EINVAL and a message that contains `words`. */
void refused(struct court *court, const struct expect_node *expect, const char *words);
/* Judged for good in [opened, closed) ms; closed NEVER is allowed. */
struct event_expect verdict_of(struct court *court, const struct expect_node *expect, int64_t opened, int64_t closed);
void passes(struct court *court, const struct expect_node *expect, int64_t opened, int64_t closed, const char *seen);
/* `seen`: what the event says, whole. */
void fails(struct court *court, const struct expect_node *expect, int64_t opened, int64_t closed, const char *seen);
enum judge_state state_of(struct judge *judge, int64_t opened, int64_t closed);

#define MS(n) ((n) == NEVER ? NEVER : (n) * NS_PER_MS)
#define EXPECT(...) (&(struct expect_node){.count = ANY_NUMBER, .gap = {0, INT64_MAX}, __VA_ARGS__})
