/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expectations of a node's state: conntrack, routes, neighbours, addresses, sockets. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/kernel/netfilter.h"
#include "lab/kernel/netns.h"
#include "lab/kernel/rtnl.h"
#include "lab/kernel/sockdiag.h"
#include "lab/run/execution.h"

/*
 * Theory: the kernel tells of these tables only when asked, so they are read
 * again and again, on a timer of the loop that begins at 200 µs and doubles up
 * to 20 ms, until as many entries hold as are expected, or `within` is over. An
 * entry holds when it has every word that is asked for.
 */
#define POLL_FIRST (200 * NS_PER_US)
#define POLL_LAST (20 * NS_PER_MS)
#define NEAREST_SHOWN 3u /* entries of the table in a failure */

enum state_table { STATE_CONNTRACK, STATE_ROUTE, STATE_NEIGHBOUR, STATE_ADDRESS, STATE_SOCKET };

struct state_query {
	struct execution *execution;
	const struct expect_node *expect;
	const char *table_name;
	enum state_table table;
	const struct node_list *words;
	int node;
	int64_t pause;
	int64_t count;
	bool met, over;
	struct loop_source *timer;
	struct err err; /* why the table cannot be read */
	int error;
	struct text seen;
};

static bool find_table(const struct expect_node *expect, struct state_query *ret)
{
	static const char *const names[] = {"conntrack", "route", "neighbour", "address", "socket"};
	const struct node_list *lists[] = {&expect->conntrack, &expect->route, &expect->neighbour, &expect->address, &expect->socket};

	for (size_t i = 0; i < COUNT_OF(lists); i++)
		if (node_given(&expect->node, names[i])) {
			ret->table = (enum state_table)i;
			ret->table_name = names[i];
			ret->words = lists[i];
			return true;
		}
	return false;
}

bool state_is(const struct expect_node *expect)
{
	struct state_query query;

	return find_table(expect, &query);
}

static bool value_holds(const char *wanted, const char *seen)
{
	int64_t value;
	struct range range;
	static const struct field field = {.name = "range", .type = &type_range};
	struct arena *arena;

	if (strcmp(wanted, seen) == 0)
		return true;
	if (!strstr(wanted, "..") || str_to_i64(seen, &value) < 0)
		return false;
	arena = arena_new();
	bool holds = type_range.parse(&field, wanted, arena, &range, NULL) >= 0 && value >= range.min && value <= range.max;
	arena_free(arena);
	return holds;
}

static bool word_holds(const struct match_node *match, const struct rtnl_record *record)
{
	bool any = false;

	for (size_t i = 0; i < record->count && !any; i++) {
		if (!str_eq(record->words[i].key, match->node.name))
			continue;
		for (size_t k = 0; k < match->values.count && !any; k++)
			any = value_holds(((const char *const *)match->values.values)[k], record->words[i].value);
	}
	return any != match->negate;
}

/* How many of the words hold. */
static size_t words_held(const struct state_query *query, const struct rtnl_record *record)
{
	size_t held = 0;

	for (size_t i = 0; i < query->words->count; i++)
		held += word_holds((const struct match_node *)query->words->items[i], record);
	return held;
}

static bool record_holds(const struct state_query *query, const struct rtnl_record *record)
{
	return words_held(query, record) == query->words->count;
}

static int read_table(struct state_query *query, struct arena *arena, struct rtnl_record **ret, size_t *ret_count)
{
	static const enum rtnl_table tables[] = {
		[STATE_ROUTE] = RTNL_ROUTES, [STATE_NEIGHBOUR] = RTNL_NEIGHBOURS, [STATE_ADDRESS] = RTNL_ADDRESSES,
	};
	struct execution *x = query->execution;
	int r = netns_enter(x->lab.netns[query->node], &query->err);

	if (r < 0)
		return r;
	if (query->table == STATE_CONNTRACK)
		r = conntrack_read(arena, ret, ret_count, &query->err);
	else if (query->table == STATE_SOCKET)
		r = sockdiag_read(arena, ret, ret_count, &query->err);
	else
		r = rtnl_read(x->lab.rtnl[query->node], tables[query->table], arena, ret, ret_count, &query->err);
	return r;
}

/* The entries that hold the most of what was asked for, in the table's order. */
static void add_nearest(struct state_query *query, const struct rtnl_record *records, size_t count)
{
	size_t shown = 0;

	for (size_t wanted = query->words->count + 1; wanted-- > 0 && shown < NEAREST_SHOWN;)
		for (size_t i = 0; i < count && shown < NEAREST_SHOWN; i++) {
			if (words_held(query, &records[i]) != wanted)
				continue;
			text_add(&query->seen, shown++ ? "; " : ", nearest: ");
			for (size_t k = 0; k < records[i].count; k++)
				text_addf(&query->seen, "%s%s %s", k ? " " : "", records[i].words[k].key, records[i].words[k].value);
		}
}

static void add_seen(struct state_query *query, const struct rtnl_record *records, size_t count)
{
	text_clear(&query->seen);
	text_addf(&query->seen, "%" PRId64 " of %zu entr%s", query->count, count, count == 1 ? "y" : "ies");
	add_nearest(query, records, count);
}

static int look(void *data, struct err *err)
{
	struct state_query *query = data;
	const struct range *wanted = &query->expect->count;
	struct arena *arena = arena_new();
	struct rtnl_record *records = NULL;
	size_t count = 0;

	(void)err;
	query->timer = NULL;
	query->error = read_table(query, arena, &records, &count);
	if (query->error >= 0) {
		query->count = 0;
		for (size_t i = 0; i < count; i++)
			query->count += record_holds(query, &records[i]);
		query->met = query->count >= wanted->min && query->count <= wanted->max;
		add_seen(query, records, count);
	}
	arena_free(arena);
	if (query->error >= 0 && !query->met) {
		query->timer = loop_add_timer(query->execution->loop, clock_now() + query->pause, look, query);
		if (query->pause < POLL_LAST)
			query->pause *= 2;
	}
	return 0;
}

static bool is_over(void *data)
{
	const struct state_query *query = data;

	return query->met || query->error < 0;
}

static void describe(const struct state_query *query, struct text *out)
{
	const struct range *count = &query->expect->count;

	if (count->max == 0)
		text_add(out, "no");
	else if (count->min == count->max)
		text_addf(out, "%" PRId64, count->min);
	else if (count->max == INT64_MAX)
		text_addf(out, "at least %" PRId64, count->min);
	else if (count->min == 0)
		text_addf(out, "at most %" PRId64, count->max);
	else
		text_addf(out, "%" PRId64 " to %" PRId64, count->min, count->max);
	text_addf(out, " %s entr%s in %s with ", query->table_name,
		  count->max == 0 || count->max == 1 || (count->max == INT64_MAX && count->min == 1) ? "y" : "ies", query->expect->in);
	for (size_t i = 0; i < query->words->count; i++) {
		const struct match_node *match = (const struct match_node *)query->words->items[i];

		text_addf(out, "%s%s %s", i ? ", " : "", match->node.name, match->negate ? "not " : "");
		for (size_t k = 0; k < match->values.count; k++)
			text_addf(out, "%s%s", k ? " or " : "", ((const char *const *)match->values.values)[k]);
	}
}

int state_expect(struct execution *x, const struct step_node *step, struct err *err)
{
	struct state_query query = {.execution = x, .pause = POLL_FIRST};
	_cleanup_text_ struct text expected = {0};
	int64_t index = x->next_index++, began = clock_now();
	struct step_node *again = NULL;

	if (step->node.runtime) {
		int r = scenario_redecode(x->scenario, step, execution_lookup, x, x->arena, &again, err);

		if (r < 0)
			return r;
		step = again;
	}
	query.expect = step->expect;
	query.node = execution_node(x, step->expect->in);
	if (!find_table(step->expect, &query) || query.node < 0)
		return err_set(err, -EINVAL, "no node '%s'", step->expect->in ? step->expect->in : "");
	describe(&query, &expected);
	window_tell_begin(x, step, index, text_str(&expected));
	look(&query, err);
	int r = is_over(&query) ? 0 :
				  execution_wait(x, is_over, &query, clock_now() + execution_limit(x, step->expect->within), err);
	loop_remove(query.timer);
	if (r >= 0 && query.error < 0) {
		*err = query.err;
		r = query.error;
	}
	if (r >= 0) {
		struct event event = {.type = EVENT_EXPECT};
		int64_t now = clock_tape();

		event.expect = (struct event_expect){
			.step = index, .verdict = query.met ? VERDICT_PASS : VERDICT_FAIL, .file = x->scenario->path,
			.line = step->node.span.line, .expected = text_str(&expected), .seen = text_str(&query.seen), .as = "",
			.opened = now, .closed = now, .count = query.count,
		};
		if (step->node.span.source)
			event.expect.file = step->node.span.source->path;
		execution_emit(x, &event);
		window_tell_end(x, index, event.expect.verdict, clock_now() - began);
		if (!query.met)
			execution_verdict(x, VERDICT_FAIL, "line %u: expected %s", step->node.span.line, text_str(&expected));
	}
	text_free(&query.seen);
	return r < 0 ? r : 0;
}
