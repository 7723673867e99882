/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The judge: compiling an expectation, and looking at packets as they come. */
#include "lab/expect/judge.h"

#include <errno.h>

#include "lab/base/clock.h"
#include "lab/expect/judge_inside.h"

/* --- compiling --- */

static int check_shape(const struct expect_node *expect, struct err *err)
{
	if (!expect->order.count && !expect->at.count)
		return err_set(err, -EINVAL, "'at' is missing: where are the packets seen?");
	if (expect->order.count)
		return 0;
	if (expect->count.min < 0 || expect->count.max < expect->count.min)
		return err_set(err, -EINVAL, "count: no number of packets lies in this range");
	if (expect->count.max == 0 && (expect->fields.count || expect->payload))
		return err_set(err, -EINVAL, "count: 0 leaves no packet that could have %s; 'where' says which packets must not come",
			       expect->fields.count ? "fields" : "a payload");
	if (expect->count.max == 0 && expect->as)
		return err_set(err, -EINVAL, "count: 0 leaves no packet that could be called '%s'", expect->as);
	return 0;
}

static int compile(struct judge *judge, struct err *err)
{
	const struct expect_node *expect = judge->expect;
	int r = check_shape(expect, err);

	if (r < 0)
		return r;
	if (expect->order.count)
		return order_new(expect, &judge->context, &judge->order, err);
	r = selector_add_places(&judge->selector, judge->context.tape, &expect->at, expect->dir, err);
	if (r < 0)
		return r;
	r = selector_set(&judge->selector, expect->packets, &expect->where, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < expect->fields.count; i++) {
		r = match_check((const struct match_node *)expect->fields.items[i], err);
		if (r < 0)
			return err_wrap(err, "fields");
	}
	return payload_match_init(&judge->payload, expect->payload, &judge->context, err);
}

int judge_new(const struct expect_node *expect, const struct judge_context *context, struct judge **ret, struct err *err)
{
	struct judge *judge = mem_new(struct judge);

	judge->expect = expect;
	judge->context = *context;
	judge->spoiled = CLOCK_NEVER;
	int r = compile(judge, err);
	if (r < 0) {
		judge_free(judge);
		return r;
	}
	*ret = judge;
	return 0;
}

void judge_free(struct judge *judge)
{
	if (!judge)
		return;
	selector_free(&judge->selector);
	payload_match_free(&judge->payload);
	order_free(judge->order);
	array_free(&judge->picked);
	free(judge);
}

/* --- looking --- */

static bool all_holds(const struct judge *judge, struct tape_packet *packet)
{
	const struct expect_node *expect = judge->expect;

	if (!expect->fields.count && !expect->payload)
		return true;
	const struct dissection *dissection = tape_dissect(judge->context.tape, packet);
	for (size_t i = 0; i < expect->fields.count; i++)
		if (!match_holds((const struct match_node *)expect->fields.items[i], dissection, NULL))
			return false;
	return payload_match_holds(&judge->payload, packet, dissection);
}

static void pick(struct judge *judge, struct tape_packet *packet)
{
	const struct picked picked = {.packet = packet, .holds = all_holds(judge, packet)};
	size_t at = judge->picked.count;

	array_push(&judge->picked, picked);
	for (; at > 0 && judge->picked.items[at - 1].packet->stamp > packet->stamp; at--)
		judge->picked.items[at] = judge->picked.items[at - 1];
	judge->picked.items[at] = picked;
	if (!picked.holds && packet->stamp < judge->spoiled)
		judge->spoiled = packet->stamp;
}

static void look(struct judge *judge, int64_t opened)
{
	struct tape *tape = judge->context.tape;

	if (!judge->started) {
		judge->started = true;
		judge->opened = opened;
	}
	for (; judge->looked < tape->arrivals.count; judge->looked++) {
		struct tape_packet *packet = tape->arrivals.items[judge->looked];

		if (judge->order)
			order_add(judge->order, packet);
		else if (packet->stamp >= judge->opened && selector_try(&judge->selector, tape, packet) == SELECT_YES)
			pick(judge, packet);
	}
}

size_t judge_count(const struct judge *judge, int64_t closed)
{
	size_t low = 0, high = judge->picked.count;

	if (closed == CLOCK_NEVER)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (judge->picked.items[middle].packet->stamp < closed)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

enum gap_outcome judge_gap(const struct judge *judge, int64_t closed, int64_t *ret_gap)
{
	const struct expect_node *expect = judge->expect;

	if (!expect->after)
		return GAP_NONE;
	const struct tape_packet *from = judge->context.names ? named_packet(judge->context.names, expect->after) : NULL;
	if (!from)
		return GAP_NO_NAME;
	if (!judge_count(judge, closed))
		return GAP_NO_MATCH;
	int64_t gap = judge->picked.items[0].packet->stamp - from->stamp;
	*ret_gap = gap;
	return gap > 0 && gap >= expect->gap.min && gap <= expect->gap.max ? GAP_HELD : GAP_MISSED;
}

enum judge_state judge_look(struct judge *judge, int64_t opened, int64_t closed)
{
	const struct expect_node *expect = judge->expect;
	int64_t gap;

	look(judge, opened);
	if (judge->order) {
		struct order_found found;

		order_find(judge->order, judge->opened, closed, &found);
		return found.count == expect->order.count ? JUDGE_MET : JUDGE_OPEN;
	}
	int64_t count = (int64_t)judge_count(judge, closed);
	if (count && count >= expect->count.min && expect->as && judge->context.names)
		named_packet_set(judge->context.names, expect->as, judge->picked.items[0].packet);
	if (count > expect->count.max || judge->spoiled < closed)
		return JUDGE_BROKEN;
	enum gap_outcome outcome = judge_gap(judge, closed, &gap);
	if (outcome == GAP_MISSED || outcome == GAP_NO_NAME)
		return JUDGE_BROKEN;
	return count < expect->count.min ? JUDGE_OPEN : JUDGE_MET;
}

int64_t judge_lower_bound(const struct judge *judge)
{
	return judge->order ? 1 : judge->expect->count.min;
}

bool judge_has_upper_bound(const struct judge *judge)
{
	return !judge->order && judge->expect->count.max != INT64_MAX;
}
