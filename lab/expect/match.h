/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must hold of a packet: a field's value, a payload. */
#pragma once

#include "lab/expect/judge.h"

/* Judges the field's name and values with no packet at hand. 0 or -EINVAL. */
int match_check(const struct match_node *match, struct err *err);
/* Does the field hold? `ret_seen` (or NULL) is appended what was there. */
bool match_holds(const struct match_node *match, const struct dissection *packet, struct text *ret_seen);
/* "63", "10..20", "1 or 2", "not 3" */
void match_add_wanted(const struct match_node *match, struct text *out);
/* "ip.ttl 63, tcp.flags S" */
void matches_add_wanted(const struct node_list *matches, struct text *out);

/* A payload to compare with, its bytes found. */
struct payload_match {
	const struct payload_node *node; /* NULL: none */
	struct text bytes;               /* unless by sha256 */
};
int payload_match_init(struct payload_match *match, const struct payload_node *node, const struct judge_context *context, struct err *err);
void payload_match_free(struct payload_match *match);
bool payload_match_holds(const struct payload_match *match, const struct tape_packet *packet, const struct dissection *dissection);
/* What the packet carries, as far as it tells the two apart: "'knack' (5 bytes), differs at byte 2". */
void payload_match_add_seen(const struct payload_match *match, const struct tape_packet *packet, const struct dissection *dissection,
			    struct text *out);
/* "'knock'", "the payload of question" */
void payload_add_wanted(const struct payload_node *payload, struct text *out);
