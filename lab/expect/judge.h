/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The judge: holds one expectation against the tape. */
#pragma once

#include "lab/event/event.h"
#include "lab/observe/tape.h"
#include "lab/scenario/tree.h"

/*
 * Theory of operation
 *
 * An expectation is compiled once (filter, places, fields), then asked again and
 * again while packets come: is the lower bound met, is the upper one broken? It
 * looks only at packets whose stamp lies in its window [opened, closed), and at
 * each of them once. When the window closes it is judged for good, and the event
 * says what was expected, what was seen, and which packets came nearest.
 *
 * What the language leaves open, decided here:
 * - `as` names, and `gap` measures to, the first packet selected, by stamps.
 * - `after` asserts of that first packet that it came later than the named one;
 *   equal stamps are unordered, and so not later.
 * - `{not: …}` holds for a field that is there and has another value. A field
 *   that occurs several times in a packet holds where one occurrence does.
 * - An entry of `order` without `at` (or `dir`) has those of the expectation. A named
 *   packet counts wherever on the tape it lies; the others lie in the window.
 * - `strict` looks at all packets of the places and directions that the order
 *   names: its matches must follow each other there without any other between.
 * - A frame that was captured in part has no payload to compare.
 *
 * The judge reads the tape and nothing else: no clock, no kernel. Expectations of
 * state (`in:`) are not its business.
 */
struct judge;

/* Names that expectations gave to packets (`as:`), shared by all judges of a case. */
struct named_packets;
struct named_packets *named_packets_new(void);
void named_packets_free(struct named_packets *names); /* NULL is allowed */
struct tape_packet *named_packet(const struct named_packets *names, const char *name); /* or NULL */
void named_packet_set(struct named_packets *names, const char *name, struct tape_packet *packet);

/* Bytes that `same_as` and `payload: {file: …}` refer to, found by the caller. 0 or negative. */
typedef int (*judge_bytes_fn)(void *data, const struct payload_node *payload, struct text *ret_bytes, struct err *err);

struct judge_context {
	struct tape *tape;             /* its interfaces are filled in */
	struct named_packets *names;   /* those of earlier expectations: judge_new() may look them up; may be NULL */
	judge_bytes_fn payload_bytes;  /* asked by judge_new() for file, random, and same_as where it is no named packet; may be NULL */
	void *payload_data;
};

/*
 * Compiles. `expect` and `context->tape` must outlive the judge. -EINVAL with what is wrong (also reported by check before
 * anything runs): a filter, a field, a place that the lab does not have, `fields` or `payload` beside `count: 0`. Also the
 * error of `payload_bytes`, and -ENOPKG where a filter needs a libpcap that is not there.
 */
int judge_new(const struct expect_node *expect, const struct judge_context *context, struct judge **ret, struct err *err);
void judge_free(struct judge *judge); /* NULL is allowed */

enum judge_state {
	JUDGE_OPEN,    /* the lower bound is not met yet */
	JUDGE_MET,     /* met; an upper bound may still be broken */
	JUDGE_BROKEN,  /* the upper bound is broken, or a selected packet's fields do not hold: no later packet can mend it */
};
/*
 * The state by the packets with opened <= stamp < closed (CLOCK_NEVER: no end yet). `opened` is the same in every call.
 * Sets the name of `as` once met. Cheap when nothing was added.
 */
enum judge_state judge_look(struct judge *judge, int64_t opened, int64_t closed);
/*
 * The final word for the window; once per judge. Fills an event (strings in `arena`), numbers the tape, and puts comments
 * on the packets matched. `ret->verdict` is VERDICT_PASS or VERDICT_FAIL; VERDICT_ERROR where tape->lost. `ret->step`,
 * file and line are the caller's.
 */
void judge_close(struct judge *judge, int64_t opened, int64_t closed, struct arena *arena, struct event_expect *ret);

/* The smallest count that satisfies the expectation; 0 for an absence. */
int64_t judge_lower_bound(const struct judge *judge);
bool judge_has_upper_bound(const struct judge *judge);
/* "1 packet 'udp dst port 6881' at firewall:wan in" */
void judge_describe(const struct expect_node *expect, struct text *out);
