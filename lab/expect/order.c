/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `order`: selections that follow each other on the tape. */
#include "lab/expect/order.h"

#include <errno.h>
#include <string.h>

#include "lab/expect/select.h"

/*
 * Theory of operation
 *
 * Others may lie between, so taking for each entry the earliest packet later
 * than the one before is as good as any choice: what it leaves for the entries
 * behind it is the most that can be left.
 *
 * Strict orders are a stretch of the list of all packets that the places see.
 * Each start is tried: the earliest need not be the one that fits.
 */
typedef ARRAY(struct tape_packet *) packets_by_stamp;

struct entry {
	const struct selection_node *node;
	struct selector selector;   /* unless it is a name */
	packets_by_stamp matches;
};

struct order {
	const struct expect_node *expect;
	struct judge_context context;
	struct entry *entries;
	size_t count;
	struct selector scope;      /* strict: places of all entries */
	packets_by_stamp seen;      /* strict: what those places saw */
	struct tape_packet **found; /* one an entry */
};

static struct tape_packet *named_of(const struct order *order, const struct entry *entry)
{
	return order->context.names ? named_packet(order->context.names, entry->node->named) : NULL;
}

static int compile_entry(struct order *order, struct entry *entry, const struct selection_node *node, struct err *err)
{
	const struct expect_node *expect = order->expect;
	const struct value_list *at = node->at.count ? &node->at : &expect->at;
	int dir = node->dir != DIR_BOTH ? node->dir : expect->dir;
	int r;

	entry->node = node;
	if (node->named) {
		struct tape_packet *packet = named_of(order, entry);

		if (packet)
			selector_add_place_of(&order->scope, order->context.tape, packet);
		return 0;
	}
	if (!at->count)
		return err_set(err, -EINVAL, "'at' is missing");
	r = selector_add_places(&entry->selector, order->context.tape, at, dir, err);
	if (r == 0)
		r = selector_add_places(&order->scope, order->context.tape, at, dir, err);
	if (r == 0)
		r = selector_set(&entry->selector, node->packets, &node->where, err);
	return r;
}

int order_new(const struct expect_node *expect, const struct judge_context *context, struct order **ret, struct err *err)
{
	struct order *order = mem_new(struct order);

	order->expect = expect;
	order->context = *context;
	order->count = expect->order.count;
	order->entries = mem_alloc(order->count * sizeof(*order->entries));
	order->found = mem_alloc(order->count * sizeof(struct tape_packet *));
	for (size_t i = 0; i < order->count; i++)
		if (compile_entry(order, &order->entries[i], (const struct selection_node *)expect->order.items[i], err) < 0) {
			order_free(order);
			return err_wrap(err, "order, entry %zu", i + 1);
		}
	*ret = order;
	return 0;
}

void order_free(struct order *order)
{
	if (!order)
		return;
	for (size_t i = 0; i < order->count; i++) {
		selector_free(&order->entries[i].selector);
		array_free(&order->entries[i].matches);
	}
	selector_free(&order->scope);
	array_free(&order->seen);
	free(order->entries);
	free(order->found);
	free(order);
}

static void insert(packets_by_stamp *list, struct tape_packet *packet)
{
	size_t at = list->count;

	array_push(list, packet);
	for (; at > 0 && list->items[at - 1]->stamp > packet->stamp; at--)
		list->items[at] = list->items[at - 1];
	list->items[at] = packet;
}

void order_add(struct order *order, struct tape_packet *packet)
{
	for (size_t i = 0; i < order->count; i++)
		if (!order->entries[i].node->named &&
		    selector_try(&order->entries[i].selector, order->context.tape, packet) == SELECT_YES)
			insert(&order->entries[i].matches, packet);
	if (order->expect->strict && selector_sees(&order->scope, packet))
		insert(&order->seen, packet);
}

/* The earliest packet of the entry with `from` <= stamp < `closed`. */
static struct tape_packet *earliest(const struct entry *entry, int64_t from, int64_t closed)
{
	size_t low = 0, high = entry->matches.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (entry->matches.items[middle]->stamp < from)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == entry->matches.count || entry->matches.items[low]->stamp >= closed)
		return NULL;
	return entry->matches.items[low];
}

static size_t find_loose(struct order *order, int64_t opened, int64_t closed, const char **ret_unnamed)
{
	int64_t later = INT64_MIN; /* the next one's stamp is this or later */

	for (size_t i = 0; i < order->count; i++) {
		const struct entry *entry = &order->entries[i];
		struct tape_packet *packet;

		if (entry->node->named) {
			packet = named_of(order, entry);
			if (!packet)
				*ret_unnamed = entry->node->named;
			else if (packet->stamp < later)
				packet = NULL;
		} else {
			packet = earliest(entry, later > opened ? later : opened, closed);
		}
		if (!packet)
			return i;
		order->found[i] = packet;
		later = packet->stamp + 1;
	}
	return order->count;
}

static bool takes(const struct order *order, size_t i, struct tape_packet *packet, int64_t opened, int64_t closed)
{
	const struct entry *entry = &order->entries[i];

	if (entry->node->named)
		return packet == named_of(order, entry);
	return packet->stamp >= opened && packet->stamp < closed &&
	       selector_try(&entry->selector, order->context.tape, packet) == SELECT_YES;
}

/* How many entries, from the first on, the packets from `start` on fit without a gap. */
static size_t fit(const struct order *order, size_t start, int64_t opened, int64_t closed)
{
	size_t n = 0;

	for (; n < order->count && start + n < order->seen.count; n++) {
		struct tape_packet *packet = order->seen.items[start + n];

		if (n && packet->stamp == order->seen.items[start + n - 1]->stamp)
			break;
		if (!takes(order, n, packet, opened, closed))
			break;
	}
	/* What shares the last one's stamp may just as well lie before it. */
	if (n == order->count && start + n < order->seen.count && n > 1 &&
	    order->seen.items[start + n]->stamp == order->seen.items[start + n - 1]->stamp)
		n--;
	return n;
}

static void find_strict(struct order *order, int64_t opened, int64_t closed, struct order_found *ret)
{
	size_t best = 0, best_start = 0;

	for (size_t start = 0; start < order->seen.count && best < order->count; start++) {
		size_t n = fit(order, start, opened, closed);

		if (n > best) {
			best = n;
			best_start = start;
		}
	}
	/* A loose order that is complete shows who lies between. */
	if (best < order->count && ret->count == order->count) {
		struct tape_packet *const *last = order->found + order->count - 1;

		for (size_t i = 0, next = 0; i < order->seen.count && !ret->between; i++) {
			struct tape_packet *packet = order->seen.items[i];

			if (packet == order->found[next] && packet != *last)
				next++;
			else if (next && packet->stamp <= (*last)->stamp && packet != *last)
				ret->between = packet;
		}
		ret->count = best;
		return;
	}
	for (size_t i = 0; i < best; i++)
		order->found[i] = order->seen.items[best_start + i];
	ret->count = best;
}

void order_find(struct order *order, int64_t opened, int64_t closed, struct order_found *ret)
{
	*ret = (struct order_found){.packets = order->found};
	ret->count = find_loose(order, opened, closed, &ret->unnamed);
	if (order->expect->strict && !ret->unnamed)
		find_strict(order, opened, closed, ret);
}

struct tape_packet *order_alone(const struct order *order, size_t i, int64_t opened, int64_t closed)
{
	const struct entry *entry = &order->entries[i];

	return entry->node->named ? named_of(order, entry) : earliest(entry, opened, closed);
}
