/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The final word on an expectation: verdict, what was seen, and the packets that came nearest. */
#include <inttypes.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/expect/judge_inside.h"

/*
 * Theory of operation
 *
 * Where too few came, the whole tape is sorted into near misses, by how little
 * was wrong with them; a few of each kind are shown, the nearest kind first.
 */
enum miss {
	MISS_WHERE,   /* right place and time, passed the filter, a field of `where` was another */
	MISS_TIME,    /* before the window opened, or after it closed */
	MISS_PLACE,   /* right time, but elsewhere, or in the other direction */
	MISS_FILTER,  /* right place and time, another kind of packet */
	MISS_COUNT
};
#define SHOWN_EACH 8u

struct misses {
	size_t count[MISS_COUNT];
	struct tape_packet *first[MISS_COUNT][SHOWN_EACH];
	struct tape_packet *last[MISS_COUNT];
};

/* --- rows of the event --- */

void explain_packet(struct explanation *e, struct tape_packet *packet, bool selected, bool matched)
{
	struct tape *tape = e->judge->context.tape;
	_cleanup_text_ struct text place = {0}, summary = {0};

	if (e->packets.count >= EXPLAIN_PACKETS)
		return;
	tape_add_place(tape, packet, &place);
	packet_summary(tape_dissect(tape, packet), &summary);
	array_push(&e->packets, (struct expect_packet){
		.packet = packet->number, .after = packet->stamp - e->opened, .place = arena_strdup(e->arena, text_str(&place)),
		.summary = arena_strdup(e->arena, text_str(&summary)), .selected = selected, .matched = matched,
	});
}

void explain_field(struct explanation *e, const struct tape_packet *packet, const char *name, struct text *expected, struct text *seen,
		   bool held)
{
	array_push(&e->fields, (struct expect_field){
		.packet = packet ? packet->number : 0, .name = name, .expected = arena_strdup(e->arena, text_str(expected)),
		.seen = arena_strdup(e->arena, text_str(seen)), .held = held,
	});
	text_clear(expected);
	text_clear(seen);
}

static void explain_matches(struct explanation *e, struct tape_packet *packet, const struct node_list *matches)
{
	const struct dissection *dissection = tape_dissect(e->judge->context.tape, packet);
	_cleanup_text_ struct text wanted = {0}, seen = {0};

	for (size_t i = 0; i < matches->count; i++) {
		const struct match_node *match = (const struct match_node *)matches->items[i];
		bool held = match_holds(match, dissection, &seen);

		match_add_wanted(match, &wanted);
		explain_field(e, packet, match->node.name, &wanted, &seen, held);
	}
}

static void explain_payload(struct explanation *e, struct tape_packet *packet)
{
	const struct dissection *dissection = tape_dissect(e->judge->context.tape, packet);
	const struct payload_match *payload = &e->judge->payload;
	_cleanup_text_ struct text wanted = {0}, seen = {0};

	if (!payload->node)
		return;
	payload_add_wanted(payload->node, &wanted);
	payload_match_add_seen(payload, packet, dissection, &seen);
	explain_field(e, packet, "payload", &wanted, &seen, payload_match_holds(payload, packet, dissection));
}

/* --- near misses --- */

static void sort_misses(const struct explanation *e, struct misses *ret)
{
	struct judge *judge = e->judge;
	struct tape *tape = judge->context.tape;

	for (size_t i = 0; i < tape->packets.count; i++) {
		struct tape_packet *packet = tape->packets.items[i];
		bool there = selector_sees(&judge->selector, packet), then = packet->stamp >= e->opened && packet->stamp < e->closed;
		enum miss miss;

		if (!there && !then)
			continue;
		enum select_outcome outcome = selector_matches(&judge->selector, tape, packet);
		if (there && then && outcome != SELECT_YES)
			miss = outcome == SELECT_WHERE ? MISS_WHERE : MISS_FILTER;
		else if (there != then && outcome == SELECT_YES)
			miss = there ? MISS_TIME : MISS_PLACE;
		else
			continue;
		if (ret->count[miss] < SHOWN_EACH)
			ret->first[miss][ret->count[miss]] = packet;
		ret->last[miss] = packet;
		ret->count[miss]++;
	}
}

static void show_misses(struct explanation *e, const struct misses *misses)
{
	for (unsigned miss = 0; miss < MISS_COUNT; miss++)
		for (size_t i = 0; i < misses->count[miss] && i < SHOWN_EACH; i++) {
			explain_packet(e, misses->first[miss][i], false, false);
			if (miss == MISS_WHERE)
				explain_matches(e, misses->first[miss][i], &e->judge->expect->where);
		}
}

static void add_where_miss(struct explanation *e, const struct misses *misses)
{
	const struct node_list *where = &e->judge->expect->where;
	struct tape_packet *packet = misses->last[MISS_WHERE];
	size_t count = misses->count[MISS_WHERE];

	for (size_t i = 0; i < where->count; i++) {
		const struct match_node *match = (const struct match_node *)where->items[i];
		_cleanup_text_ struct text was = {0};

		if (match_holds(match, tape_dissect(e->judge->context.tape, packet), &was))
			continue;
		text_addf(&e->seen, "; %zu passed the filter, but %s%s was %s, expected ", count, count == 1 ? "its " : "the last one's ",
			  match->node.name, text_str(&was));
		match_add_wanted(match, &e->seen);
		return;
	}
}

static void add_time_miss(struct explanation *e, const struct misses *misses)
{
	size_t count = misses->count[MISS_TIME];
	struct tape_packet *packet = misses->last[MISS_TIME];

	text_addf(&e->seen, "; %zu more came ", count);
	if (packet->stamp >= e->closed) {
		packet = misses->first[MISS_TIME][0]->stamp >= e->closed ? misses->first[MISS_TIME][0] : packet;
		text_addf(&e->seen, count == 1 ? "" : "outside the window, one of them ");
		clock_add_span(&e->seen, packet->stamp - e->closed);
		text_add(&e->seen, " after the window closed");
	} else {
		text_addf(&e->seen, count == 1 ? "" : "before the window opened, the last ");
		clock_add_span(&e->seen, e->opened - packet->stamp);
		text_add(&e->seen, count == 1 ? " before the window opened" : " before");
	}
}

static void add_filter_miss(struct explanation *e, const struct misses *misses)
{
	const struct expect_node *expect = e->judge->expect;
	const struct place *place = expect->at.values;
	size_t count = misses->count[MISS_FILTER], others = count + misses->count[MISS_WHERE];
	_cleanup_text_ struct text where = {0};

	if (expect->at.count == 1)
		text_addf(&where, "%s%s%s", place->node, place->interface ? ":" : "", place->interface ? place->interface : "");
	else
		text_add(&where, "these places");
	if (!others)
		text_addf(&e->seen, "; nothing else %s %s%s",
			  expect->dir == DIR_IN ? "came in at" : expect->dir == DIR_OUT ? "went out at" : "crossed", text_str(&where),
			  misses->count[MISS_TIME] ? " meanwhile" : "");
	else if (count)
		text_addf(&e->seen, "; %zu other packet%s crossed %s, %s the filter", count, count == 1 ? "" : "s", text_str(&where),
			  count == 1 ? "which did not match" : "none matched");
}

static void say_too_few(struct explanation *e, size_t count)
{
	struct misses misses = {0};

	sort_misses(e, &misses);
	text_add(&e->seen, "saw ");
	if (count)
		text_addf(&e->seen, "%zu", count);
	else
		text_add(&e->seen, "none");
	if (misses.count[MISS_WHERE])
		add_where_miss(e, &misses);
	if (misses.count[MISS_TIME])
		add_time_miss(e, &misses);
	if (misses.count[MISS_PLACE]) {
		text_addf(&e->seen, "; %zu such packet%s seen elsewhere, last at ", misses.count[MISS_PLACE],
			  misses.count[MISS_PLACE] == 1 ? " was" : "s were");
		tape_add_place(e->judge->context.tape, misses.last[MISS_PLACE], &e->seen);
	}
	if (!count)
		add_filter_miss(e, &misses);
	show_misses(e, &misses);
}

/* --- one selection --- */

static void say_too_many(struct explanation *e, size_t count)
{
	const struct expect_node *expect = e->judge->expect;
	size_t first = (size_t)expect->count.max; /* index of the first one too many */
	const struct tape_packet *packet = e->judge->picked.items[first].packet;

	text_addf(&e->seen, "saw %zu", count);
	if (count == 1) {
		text_add(&e->seen, ": it came ");
	} else {
		text_add(&e->seen, ": the ");
		describe_ordinal(first + 1, &e->seen);
		text_add(&e->seen, " came ");
	}
	clock_add_span(&e->seen, packet->stamp - e->opened);
	text_add(&e->seen, " after the window opened, at ");
	tape_add_place(e->judge->context.tape, packet, &e->seen);
}

/* The first field that does not hold, of the first packet that has one. */
static void say_spoiled(struct explanation *e, size_t count)
{
	size_t spoiled = 0, i = 0;

	for (size_t k = 0; k < count; k++)
		spoiled += !e->judge->picked.items[k].holds;
	while (i < count && e->judge->picked.items[i].holds)
		i++;
	struct tape_packet *packet = e->judge->picked.items[i].packet;
	for (size_t k = 0; k < e->fields.count; k++) {
		const struct expect_field *field = &e->fields.items[k];

		if (field->held || field->packet != packet->number)
			continue;
		text_addf(&e->seen, "saw %zu, but ", count);
		if (count == 1)
			text_add(&e->seen, "its ");
		else
			text_addf(&e->seen, "%zu of them %s not hold: in packet %u, ", spoiled, spoiled == 1 ? "does" : "do", packet->number);
		text_addf(&e->seen, "%s was %s, expected %s", field->name, field->seen, field->expected);
		return;
	}
	text_addf(&e->seen, "saw %zu, but packet %u does not hold", count, packet->number); /* further down than what is shown */
}

static bool explain_gap(struct explanation *e)
{
	const struct expect_node *expect = e->judge->expect;
	_cleanup_text_ struct text wanted = {0}, seen = {0};
	int64_t gap = 0;
	enum gap_outcome outcome = judge_gap(e->judge, e->closed, &gap);

	if (outcome == GAP_NONE || outcome == GAP_NO_MATCH)
		return true;
	if (outcome == GAP_NO_NAME) {
		text_addf(&wanted, "a packet named '%s'", expect->after);
		text_add(&seen, "none");
	} else {
		if (expect->gap.min > 0)
			clock_add_duration(&wanted, expect->gap.min);
		text_add(&wanted, "..");
		if (expect->gap.max != INT64_MAX)
			clock_add_duration(&wanted, expect->gap.max);
		text_addf(&wanted, " after '%s'", expect->after);
		if (gap)
			clock_add_span(&seen, gap < 0 ? -gap : gap);
		text_add(&seen, gap > 0 ? " after" : gap < 0 ? " before" : "with the same stamp as");
	}
	if (outcome == GAP_NO_NAME)
		text_addf(&e->seen, "no packet was named '%s'", expect->after);
	else if (outcome == GAP_MISSED)
		text_addf(&e->seen, "saw %zu, the first %s '%s'%s", judge_count(e->judge, e->closed), text_str(&seen), expect->after,
			  gap ? "" : ", which is no order");
	explain_field(e, NULL, "gap", &wanted, &seen, outcome == GAP_HELD);
	return outcome == GAP_HELD;
}

bool explain_selection(struct explanation *e)
{
	struct judge *judge = e->judge;
	const struct range *wanted = &judge->expect->count;
	size_t count = judge_count(judge, e->closed);
	bool few = (int64_t)count < wanted->min, many = (int64_t)count > wanted->max;
	_cleanup_text_ struct text expected = {0}, seen = {0};

	e->event->count = (int64_t)count;
	describe_count(wanted, &expected);
	text_addf(&seen, "%zu", count);
	explain_field(e, NULL, "count", &expected, &seen, !few && !many);
	for (size_t i = 0; i < count && i < EXPLAIN_PACKETS; i++) {
		explain_packet(e, judge->picked.items[i].packet, true, judge->picked.items[i].holds);
		explain_matches(e, judge->picked.items[i].packet, &judge->expect->fields);
		explain_payload(e, judge->picked.items[i].packet);
	}
	if (many)
		say_too_many(e, count);
	else if (judge->spoiled < e->closed)
		say_spoiled(e, count);
	else if (!explain_gap(e))
		return false;
	else if (few)
		say_too_few(e, count);
	else if (count)
		text_addf(&e->seen, "saw %zu", count);
	else
		text_add(&e->seen, "saw none");
	return !few && !many && judge->spoiled >= e->closed;
}

/* --- the event --- */

/* On each packet that matched: which expectation it was, and that this failed all the same. */
static void add_comments(struct explanation *e, bool pass)
{
	struct judge *judge = e->judge;
	const struct span *span = &judge->expect->node.span;
	size_t count = judge_count(judge, e->closed);
	struct order_found found = {0};
	_cleanup_text_ struct text comment = {0};

	if (!pass)
		text_add(&comment, "FAIL ");
	if (span->line && span->source)
		text_addf(&comment, "%s:%u: ", span->source->path, span->line);
	text_add(&comment, e->event->expected);
	for (size_t i = 0; i < count; i++)
		if (judge->picked.items[i].holds)
			tape_add_comment(judge->context.tape, judge->picked.items[i].packet, text_str(&comment));
	if (judge->order)
		order_find(judge->order, e->opened, e->closed, &found);
	for (size_t i = 0; i < found.count; i++)
		tape_add_comment(judge->context.tape, found.packets[i], text_str(&comment));
}

void judge_close(struct judge *judge, int64_t opened, int64_t closed, struct arena *arena, struct event_expect *ret)
{
	struct tape *tape = judge->context.tape;
	struct explanation e = {.judge = judge, .closed = closed, .arena = arena, .event = ret};
	_cleanup_text_ struct text expected = {0};

	judge_look(judge, opened, closed);
	tape_number(tape);
	e.opened = judge->opened;
	judge_describe(judge->expect, &expected);
	*ret = (struct event_expect){
		.expected = arena_strdup(arena, text_str(&expected)), .as = judge->expect->as ? judge->expect->as : "",
		.opened = e.opened, .closed = closed,
	};
	bool pass = judge->order ? explain_order(&e) : explain_selection(&e);
	if (judge->expect->as && judge->picked.count && judge_count(judge, closed) && judge->context.names)
		named_packet_set(judge->context.names, judge->expect->as, judge->picked.items[0].packet);
	add_comments(&e, pass);
	ret->verdict = pass ? VERDICT_PASS : VERDICT_FAIL;
	if (tape->lost) {
		ret->verdict = VERDICT_ERROR;
		text_clear(&e.seen);
		text_addf(&e.seen, "the observer lost %" PRIu64 " packet%s: nothing can be said of what it saw", tape->lost,
			  tape->lost == 1 ? "" : "s");
	}
	ret->seen = arena_strdup(arena, text_str(&e.seen));
	ret->field_count = e.fields.count;
	ret->fields = arena_alloc(arena, e.fields.count * sizeof(*e.fields.items));
	if (e.fields.count)
		memcpy((void *)(uintptr_t)ret->fields, e.fields.items, e.fields.count * sizeof(*e.fields.items));
	ret->packet_count = e.packets.count;
	ret->packets = arena_alloc(arena, e.packets.count * sizeof(*e.packets.items));
	if (e.packets.count)
		memcpy((void *)(uintptr_t)ret->packets, e.packets.items, e.packets.count * sizeof(*e.packets.items));
	array_free(&e.fields);
	array_free(&e.packets);
	text_free(&e.seen);
}
