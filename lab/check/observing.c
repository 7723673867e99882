/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expectations at places where nothing can be seen. */
#include <string.h>

#include "lab/check/check_inside.h"
#include "lab/scenario/condition.h"

/*
 * Theory of operation
 *
 * A packet socket does not see what leaves its own interface past the qdisc
 * (PACKET_QDISC_BYPASS, packet(7)). So steps that send so are kept with the
 * interface they use, and every expectation whose window reaches back to one of
 * them, or that stands while one goes on in the background, is held against
 * them. Windows open at the latest acting step, or where `since` says.
 */
struct bypass {
	size_t step;           /* index of the top-level step */
	const char *node;
	const char *interface; /* NULL: not known */
	bool background;
};

struct observing {
	struct check *check;
	ARRAY(struct bypass) bypasses;
	size_t step;           /* index of the top-level step being looked at */
	size_t window;         /* index of the latest acting one */
};

static bool is_left_out(const struct step_node *step)
{
	return step->when && condition_when(step->when, NULL) == 0;
}

static bool bypasses_qdisc(const struct node *options)
{
	const struct field *field = options ? node_kind_field(options->kind, "qdisc_bypass") : NULL;

	return field && field->type == &type_bool && *(const bool *)field_at(options, field);
}

static void note_sends(struct observing *observing, const struct step_node *step)
{
	const struct send_node *send = step->send;

	if (is_left_out(step))
		return;
	for (size_t i = 0; step->together && i < step->together->steps.count; i++)
		note_sends(observing, (const struct step_node *)step->together->steps.items[i]);
	if (!send || !send->in)
		return;
	const struct open_node *open = find_opened(observing->check, send->socket);
	const struct node *options = open ? open->options : send->options;
	if (bypasses_qdisc(options))
		array_push(&observing->bypasses,
			   (struct bypass){observing->step, send->in, interface_of(observing->check, send->in, options), send->background});
}

static size_t window_of(const struct observing *observing, const struct expect_node *expect)
{
	const struct node_list *steps = &observing->check->tree->steps;

	if (!expect->since)
		return observing->window;
	if (str_eq(expect->since, "start"))
		return 0;
	for (size_t i = 0; i < steps->count; i++)
		if (str_eq(((const struct step_node *)steps->items[i])->title, expect->since))
			return i;
	return observing->window; /* an unknown step: told by the reader */
}

/* A place that sees nothing at all: a node without a wire. */
static void check_sight(struct check *check, const struct place *place, struct span at)
{
	const struct lab_node *node = place->node ? scenario_node(check->tree, place->node) : NULL;

	if (!check->whole || !node || place->interface || count_wire_ends(check->tree, place->node, NULL))
		return;
	diag_add(check->diags, DIAG_BAD_EXPECT, at, "no wire ends at '%s', so nothing can be seen there", place->node);
	diag_help(check->diags, "name an interface of it, or give it a wire under 'links:'");
}

static void check_places(struct observing *observing, const struct node *node, const struct value_list *at, int dir, size_t window)
{
	struct check *check = observing->check;
	const struct place *places = at->values;

	for (size_t p = 0; p < at->count; p++) {
		check_sight(check, &places[p], at->spans ? at->spans[p] : node->span);
		for (size_t i = 0; dir == DIR_OUT && i < observing->bypasses.count; i++) {
			const struct bypass *bypass = &observing->bypasses.items[i];
			bool there = str_eq(places[p].node, bypass->node) &&
				     (!places[p].interface || !bypass->interface || str_eq(places[p].interface, bypass->interface));

			if (!there || (bypass->step < window && !bypass->background))
				continue;
			diag_add(check->diags, DIAG_BAD_EXPECT, node_field_span(node, "dir"),
				 "what is sent with qdisc_bypass is not seen on its own interface, so 'out' at %s%s%s proves nothing", bypass->node,
				 bypass->interface ? ":" : "", bypass->interface ? bypass->interface : "");
			diag_help(check->diags, "expect it at the other end of the wire, with dir: in");
		}
	}
}

static void check_expect(struct observing *observing, const struct expect_node *expect)
{
	size_t window = window_of(observing, expect);

	if (!expect->order.count)
		check_places(observing, &expect->node, &expect->at, expect->dir, window);
	for (size_t i = 0; i < expect->order.count; i++) {
		const struct selection_node *selection = (const struct selection_node *)expect->order.items[i];
		const struct node *node = node_given(&selection->node, "dir") ? &selection->node : &expect->node;

		check_places(observing, node, &selection->at, selection->dir, window);
	}
}

void check_observing(struct check *check)
{
	struct observing observing = {.check = check};
	const struct node_list *steps = &check->tree->steps;

	for (size_t i = 0; i < steps->count; i++) {
		const struct step_node *step = (const struct step_node *)steps->items[i];

		if (is_left_out(step))
			continue;
		observing.step = i;
		if (step->expect) {
			check_expect(&observing, step->expect);
			continue;
		}
		observing.window = i;
		note_sends(&observing, step);
	}
	array_free(&observing.bypasses);
}
