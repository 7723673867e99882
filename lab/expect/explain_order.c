/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The final word on an order: how far it went, and what stood in the way. */
#include "lab/base/clock.h"
#include "lab/expect/judge_inside.h"

static const struct selection_node *entry_of(const struct explanation *e, size_t i)
{
	return (const struct selection_node *)e->judge->expect->order.items[i];
}

/* "packets 1, 5 and 9" */
static void add_numbers(struct tape_packet *const *packets, size_t count, struct text *out)
{
	text_add(out, count == 1 ? "packet " : "packets ");
	for (size_t i = 0; i < count; i++)
		text_addf(out, "%s%u", !i ? "" : i + 1 == count ? " and " : ", ", packets[i]->number);
}

static void add_row(struct explanation *e, size_t i, struct tape_packet *packet)
{
	_cleanup_text_ struct text wanted = {0}, seen = {0};

	describe_selection(entry_of(e, i), e->judge->expect, &wanted);
	if (packet)
		text_addf(&seen, "packet %u", packet->number);
	else
		text_add(&seen, "none");
	explain_field(e, packet, "order", &wanted, &seen, packet != NULL);
}

/* Why entry `i` found nothing behind the one before it. */
static void say_stuck(struct explanation *e, const struct order_found *found, size_t i)
{
	const struct tape_packet *before = i ? found->packets[i - 1] : NULL;
	struct tape_packet *alone = order_alone(e->judge->order, i, e->opened, e->closed);

	if (before) {
		text_addf(&e->seen, "saw the first %zu of %zu (", i, e->judge->expect->order.count);
		add_numbers(found->packets, i, &e->seen);
		text_add(&e->seen, "), but then no ");
	} else {
		text_add(&e->seen, "saw no ");
	}
	describe_selection(entry_of(e, i), e->judge->expect, &e->seen);
	if (!before || !alone)
		return;
	text_addf(&e->seen, ": packet %u came ", alone->number);
	if (alone->stamp == before->stamp) {
		text_addf(&e->seen, "with the same stamp as packet %u, which is no order", before->number);
	} else if (alone->stamp > before->stamp) {
		text_addf(&e->seen, "later than packet %u, but not next", before->number); /* strict */
	} else {
		clock_add_span(&e->seen, before->stamp - alone->stamp);
		text_addf(&e->seen, " before packet %u", before->number);
	}
	explain_packet(e, alone, false, false);
}

static void say_between(struct explanation *e, const struct order_found *found)
{
	text_add(&e->seen, "saw them in order (");
	add_numbers(found->packets, e->judge->expect->order.count, &e->seen);
	text_addf(&e->seen, "), but packet %u lies between, at ", found->between->number);
	tape_add_place(e->judge->context.tape, found->between, &e->seen);
	explain_packet(e, found->between, false, false);
}

bool explain_order(struct explanation *e)
{
	size_t wanted = e->judge->expect->order.count, shown;
	struct order_found found;

	order_find(e->judge->order, e->opened, e->closed, &found);
	shown = found.between ? wanted : found.count;
	e->event->count = (int64_t)found.count;
	for (size_t i = 0; i < shown; i++)
		explain_packet(e, found.packets[i], true, true);
	for (size_t i = 0; i < wanted && i < EXPLAIN_PACKETS; i++)
		add_row(e, i, i < shown ? found.packets[i] : NULL);
	if (found.count == wanted) {
		text_add(&e->seen, "saw them in order: ");
		add_numbers(found.packets, wanted, &e->seen);
		return true;
	}
	if (found.between)
		say_between(e, &found);
	else if (found.unnamed)
		text_addf(&e->seen, "no packet was named '%s'", found.unnamed);
	else
		say_stuck(e, &found, found.count);
	return false;
}
