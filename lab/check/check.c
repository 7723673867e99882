/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One case, judged by what drivers, libpcap and the packet builder say of it. */
#include "lab/check/check.h"

#include <string.h>

#include "lab/check/check_inside.h"
#include "lab/kernel/rtnl.h"
#include "lab/scenario/condition.h"
#include "lab/scenario/visit.h"

static int on_link(struct visitor *visitor, const struct node *node)
{
	const struct check *check = visitor->data;
	const struct link_node *link = (const struct link_node *)node;
	struct err err = {0};

	if (link->qdisc && rtnl_check_qdisc(link->qdisc, &err) < 0)
		diag_add(check->diags, DIAG_BAD_VALUE, node_field_span(node, "qdisc"), "%s", err.text);
	return visit_children(visitor, node);
}

static int on_step(struct visitor *visitor, const struct node *node)
{
	struct check *check = visitor->data;
	const struct step_node *outer_step = check->step, *step = (const struct step_node *)node;
	bool outer = check->expects_error;

	if (step->when && condition_when(step->when, NULL) == 0)
		return 0;
	check->step = step;
	check->expects_error |= step->error != NULL;
	int r = visit_children(visitor, node);
	check->expects_error = outer;
	check->step = outer_step;
	return r;
}

static int on_send(struct visitor *visitor, const struct node *node)
{
	check_send(visitor->data, (const struct send_node *)node);
	return visit_children(visitor, node);
}

static int on_receive(struct visitor *visitor, const struct node *node)
{
	check_receive(visitor->data, (const struct receive_node *)node);
	return visit_children(visitor, node);
}

static int on_open(struct visitor *visitor, const struct node *node)
{
	check_open(visitor->data, (const struct open_node *)node);
	return visit_children(visitor, node);
}

static int on_pierce(struct visitor *visitor, const struct node *node)
{
	check_pierce(visitor->data, (const struct pierce_node *)node);
	return visit_children(visitor, node);
}

static int on_run(struct visitor *visitor, const struct node *node)
{
	check_run(visitor->data, (const struct run_node *)node);
	return visit_children(visitor, node);
}

static int on_payload(struct visitor *visitor, const struct node *node)
{
	check_payload(visitor->data, (const struct payload_node *)node);
	return visit_children(visitor, node);
}

static int on_selection(struct visitor *visitor, const struct node *node)
{
	struct check *check = visitor->data;
	const struct selection_node *selection = (const struct selection_node *)node;

	check_filter(check, node, "packets", selection->packets);
	check_matches(check, &selection->where);
	return visit_children(visitor, node);
}

static int on_expect(struct visitor *visitor, const struct node *node)
{
	struct check *check = visitor->data;
	const struct expect_node *expect = (const struct expect_node *)node;

	check_filter(check, node, "packets", expect->packets);
	check_matches(check, &expect->where);
	check_matches(check, &expect->fields);
	check_state_words(check, "conntrack", &expect->conntrack);
	check_state_words(check, "route", &expect->route);
	check_state_words(check, "neighbour", &expect->neighbour);
	check_state_words(check, "address", &expect->address);
	check_state_words(check, "socket", &expect->socket);
	return visit_children(visitor, node);
}

void check_case(const struct scenario_case *scenario, struct diag_list *diags)
{
	static const struct visitor_entry entries[] = {
		{&kind_link, on_link}, {&kind_step, on_step}, {&kind_send, on_send}, {&kind_receive, on_receive}, {&kind_open, on_open},
		{&kind_pierce, on_pierce}, {&kind_run, on_run}, {&kind_payload, on_payload}, {&kind_selection, on_selection},
		{&kind_expect, on_expect}, {0},
	};
	struct check check = {
		.scenario = scenario, .tree = scenario->tree ? scenario->tree : scenario->partial, .diags = diags, .whole = scenario->tree != NULL,
	};
	struct visitor visitor = {.entries = entries, .data = &check};
	const char *outer = diags->context;

	if (!check.tree)
		return;
	diags->context = strcmp(scenario->id, scenario->path) != 0 ? scenario->id : outer;
	visit(&visitor, &check.tree->node);
	check_observing(&check);
	diags->context = outer;
	array_free(&check.opened);
}
