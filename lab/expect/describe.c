/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An expectation in words. */
#include <inttypes.h>

#include "lab/base/clock.h"
#include "lab/expect/judge_inside.h"

static void add_places(const struct value_list *at, int dir, struct text *out)
{
	const struct place *places = at->values;

	for (size_t i = 0; i < at->count; i++) {
		text_add(out, i ? i + 1 < at->count ? ", " : " or " : " at ");
		text_add(out, places[i].node);
		if (places[i].interface)
			text_addf(out, ":%s", places[i].interface);
	}
	if (dir != DIR_BOTH)
		text_add(out, dir == DIR_IN ? " in" : " out");
}

static void add_filter(const char *packets, const struct node_list *where, struct text *out)
{
	if (packets && *packets)
		text_addf(out, " '%s'", packets);
	if (where->count) {
		text_add(out, " where ");
		matches_add_wanted(where, out);
	}
}

void describe_count(const struct range *count, struct text *out)
{
	if (count->max == 0)
		text_add(out, "no packet");
	else if (count->min == count->max)
		text_addf(out, "%" PRId64 " packet%s", count->min, count->min == 1 ? "" : "s");
	else if (count->max == INT64_MAX)
		text_addf(out, "at least %" PRId64 " packet%s", count->min, count->min == 1 ? "" : "s");
	else if (count->min == 0)
		text_addf(out, "at most %" PRId64 " packet%s", count->max, count->max == 1 ? "" : "s");
	else
		text_addf(out, "%" PRId64 " to %" PRId64 " packets", count->min, count->max);
}

void describe_ordinal(size_t n, struct text *out)
{
	const char *suffix = n / 10 % 10 == 1 ? "th" : n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";

	text_addf(out, "%zu%s", n, suffix);
}

static void add_gap(const struct expect_node *expect, struct text *out)
{
	bool from = expect->gap.min > 0, to = expect->gap.max != INT64_MAX;

	if (!expect->after)
		return;
	text_add(out, ", ");
	if (from)
		clock_add_duration(out, expect->gap.min);
	if (from || to)
		text_add(out, from && to ? " to " : from ? " or more " : "at most ");
	if (to)
		clock_add_duration(out, expect->gap.max);
	if (to)
		text_add_char(out, ' ');
	text_addf(out, "after '%s'", expect->after);
}

void describe_selection(const struct selection_node *entry, const struct expect_node *expect, struct text *out)
{
	_cleanup_text_ struct text words = {0};
	bool any = !entry->packets || !*entry->packets;

	if (entry->named) {
		text_addf(out, "packet '%s'", entry->named);
		return;
	}
	add_filter(entry->packets, &entry->where, &words);
	add_places(entry->at.count ? &entry->at : &expect->at, entry->dir != DIR_BOTH ? entry->dir : expect->dir, &words);
	text_add(out, any ? "any packet" : "");
	text_add(out, text_str(&words) + (any ? 0 : 1));
}

static void describe_order(const struct expect_node *expect, struct text *out)
{
	text_add(out, expect->strict ? "in this order and none between: " : "in this order: ");
	for (size_t i = 0; i < expect->order.count; i++) {
		text_add(out, i ? ", then " : "");
		describe_selection((const struct selection_node *)expect->order.items[i], expect, out);
	}
}

void judge_describe(const struct expect_node *expect, struct text *out)
{
	if (expect->order.count) {
		describe_order(expect, out);
		return;
	}
	describe_count(&expect->count, out);
	add_filter(expect->packets, &expect->where, out);
	add_places(&expect->at, expect->dir, out);
	if (expect->fields.count) {
		text_add(out, " with ");
		matches_add_wanted(&expect->fields, out);
	}
	if (expect->payload) {
		text_add(out, expect->fields.count ? " and payload " : " with payload ");
		payload_add_wanted(expect->payload, out);
	}
	add_gap(expect, out);
}
