/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When is an absence an absence: the links that expectations of no packet rest on. */
#include <inttypes.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/kernel/rtnl.h"
#include "lab/run/execution.h"

/*
 * Theory: not having seen a packet proves something only where it would have
 * been seen. So whenever a window opens or closes, every wire end is asked for
 * its carrier and how often that has changed: a change since the window opened
 * means that the link was not up all the time. And before the verdict marker
 * frames cross every wire once more (observer_fence()): the wire works, its
 * observers hear, and nothing sent before is still under way. Scenarios without
 * such expectations pay for none of this.
 */
#define FENCE_LIMIT (500 * NS_PER_MS)

struct watched_link {
	int node, interface;   /* in the plan */
	size_t tape_index;
	uint32_t changes;      /* of the carrier, when last read */
	int64_t changed;       /* clock_tape() when a change was noticed; 0: never */
	bool up;
};

static bool expects_absence(const struct scenario_tree *tree)
{
	for (size_t i = 0; i < tree->steps.count; i++) {
		const struct expect_node *expect = ((const struct step_node *)tree->steps.items[i])->expect;

		/* What only the run knows may turn out to be one. */
		if (expect && (expect->count.max == 0 || expect->node.runtime))
			return true;
	}
	return false;
}

static int read_link(struct execution *x, struct watched_link *link, bool first, struct err *err)
{
	const struct plan_interface *interface = &x->plan->nodes.items[link->node].interfaces.items[link->interface];
	bool up = false, carrier = false;
	uint32_t changes = 0;
	int r = rtnl_link_state(x->lab.rtnl[link->node], interface->index, &up, &carrier, &changes, err);

	if (r < 0)
		return r;
	if (!first && (changes != link->changes || (up && carrier) != link->up))
		link->changed = clock_tape();
	link->up = up && carrier;
	link->changes = changes;
	return 0;
}

int absence_begin(struct execution *x, bool always, struct err *err)
{
	int r = 0;

	if (!always && !expects_absence(x->tree))
		return 0;
	for (size_t i = 0; i < x->tape->interfaces.count && r >= 0; i++) {
		const struct tape_interface *interface = &x->tape->interfaces.items[i];
		const struct plan_node *node = &x->plan->nodes.items[interface->node_index];
		struct watched_link link = {.node = interface->node_index, .tape_index = i};

		if (!interface->wire_end)
			continue;
		link.interface = (int)(plan_find_interface(node, interface->interface) - node->interfaces.items);
		r = read_link(x, &link, true, err);
		array_push(&x->links, link);
	}
	return r;
}

int absence_look(struct execution *x, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < x->links.count && r >= 0; i++)
		r = read_link(x, &x->links.items[i], false, err);
	return r;
}

int absence_prove(struct execution *x, struct err *err)
{
	int r = absence_look(x, err);

	return r < 0 ? r : observer_fence(x->observer, FENCE_LIMIT, err);
}

static bool is_at(const struct expect_node *expect, const struct tape_interface *interface)
{
	const struct place *places = expect->at.values;

	for (size_t i = 0; i < expect->at.count; i++)
		if (str_eq(places[i].node, interface->node) &&
		    (!places[i].interface || str_eq(places[i].interface, interface->interface)))
			return true;
	return false;
}

const char *absence_trouble(struct execution *x, const struct expect_node *expect, int64_t opened)
{
	for (size_t i = 0; i < x->links.count; i++) {
		const struct watched_link *link = &x->links.items[i];
		const struct tape_interface *interface = &x->tape->interfaces.items[link->tape_index];
		const char *why = NULL;

		if (!is_at(expect, interface))
			continue;
		if (!link->up)
			why = "the link is down";
		else if (link->changed > opened)
			why = "the link was not up all the time";
		else if (!interface->proven)
			why = "no marker frame crossed the wire";
		if (why)
			return arena_printf(x->arena, "%s:%s: %s, so that having seen nothing there proves nothing", interface->node,
					    interface->interface, why);
	}
	return NULL;
}

void absence_free(struct execution *x)
{
	array_free(&x->links);
}
