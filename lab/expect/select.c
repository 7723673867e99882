/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets: places, filter and fields, compiled. */
#include "lab/expect/select.h"

#include <errno.h>

#include "lab/expect/match.h"
#include "lab/packet/filter.h"

static uint8_t directions(int dir)
{
	return dir == DIR_IN ? SELECT_IN : dir == DIR_OUT ? SELECT_OUT : SELECT_IN | SELECT_OUT;
}

static bool is_at(const struct tape_interface *interface, const struct place *place)
{
	if (!str_eq(interface->node, place->node))
		return false;
	return place->interface ? str_eq(interface->interface, place->interface) : interface->wire_end;
}

static void make_places(struct selector *selector, const struct tape *tape)
{
	if (selector->places)
		return;
	selector->place_count = tape->interfaces.count;
	selector->places = mem_alloc(tape->interfaces.count);
}

void selector_add_place_of(struct selector *selector, const struct tape *tape, const struct tape_packet *packet)
{
	make_places(selector, tape);
	selector->places[packet->interface] |= packet->out ? SELECT_OUT : SELECT_IN;
}

int selector_add_places(struct selector *selector, const struct tape *tape, const struct value_list *at, int dir, struct err *err)
{
	const struct place *places = at->values;

	make_places(selector, tape);
	for (size_t i = 0; i < at->count; i++) {
		bool found = false;

		for (size_t k = 0; k < selector->place_count; k++)
			if (is_at(&tape->interfaces.items[k], &places[i])) {
				selector->places[k] |= directions(dir);
				found = true;
			}
		if (!found && places[i].interface)
			return err_set(err, -EINVAL, "at: no interface %s:%s is observed", places[i].node, places[i].interface);
		if (!found)
			return err_set(err, -EINVAL, "at: the node %s has no end of a wire", places[i].node);
	}
	return 0;
}

int selector_set(struct selector *selector, const char *filter, const struct node_list *where, struct err *err)
{
	for (size_t i = 0; i < where->count; i++) {
		int r = match_check((const struct match_node *)where->items[i], err);

		if (r < 0)
			return err_wrap(err, "where");
	}
	selector->where = where;
	if (filter && *filter && filter_compile(filter, &selector->filter, NULL, err) < 0)
		return err_wrap(err, "packets: '%s'", filter);
	return 0;
}

void selector_free(struct selector *selector)
{
	filter_free(selector->filter);
	free(selector->places);
	*selector = (struct selector){0};
}

bool selector_sees(const struct selector *selector, const struct tape_packet *packet)
{
	return packet->interface < selector->place_count && selector->places[packet->interface] & (packet->out ? SELECT_OUT : SELECT_IN);
}

enum select_outcome selector_matches(const struct selector *selector, struct tape *tape, struct tape_packet *packet)
{
	if (selector->filter && !filter_matches(selector->filter, packet->data, packet->captured, packet->length))
		return SELECT_FILTER;
	for (size_t i = 0; selector->where && i < selector->where->count; i++)
		if (!match_holds((const struct match_node *)selector->where->items[i], tape_dissect(tape, packet), NULL))
			return SELECT_WHERE;
	return SELECT_YES;
}

enum select_outcome selector_try(const struct selector *selector, struct tape *tape, struct tape_packet *packet)
{
	return selector_sees(selector, packet) ? selector_matches(selector, tape, packet) : SELECT_PLACE;
}
