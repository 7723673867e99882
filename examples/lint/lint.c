/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lint rule of your own: a visitor over the typed tree of each scenario. */
#include <errno.h>
#include <stdio.h>

#include "drivers/driver.h"
#include "lab/scenario/scenario.h"
#include "lab/scenario/visit.h"

/*
 * Our house has two rules that nslab itself does not have:
 *
 *   - a step that sends has a name, so that a report says what was sent and why;
 *   - an absence (count: 0) says how long it is watched, for nobody remembers defaults.
 *
 * Each rule is a callback for one kind of node; the visitor walks the rest. Build it against the installed library:
 *
 *     cc -o lint lint.c $(pkg-config --cflags --libs nslab)
 *     ./lint scenarios/ping.nslab.yaml
 *
 * README.md beside this file explains it line by line.
 */
struct lint {
	unsigned findings;
	bool named; /* the step around the node that is visited has a name */
};

static void complain(struct lint *lint, struct span at, const char *message)
{
	printf("%s:%u:%u: %s\n", at.source->path, at.line, at.column, message);
	lint->findings++;
}

static int on_step(struct visitor *visitor, const struct node *node)
{
	struct lint *lint = visitor->data;

	lint->named = node_given(node, "step");
	return visit_children(visitor, node); /* down to the verb */
}

static int on_send(struct visitor *visitor, const struct node *node)
{
	struct lint *lint = visitor->data;

	if (!lint->named)
		complain(lint, node->name_span, "a step that sends wants a name: put 'step:' above it");
	return 0;
}

static int on_expect(struct visitor *visitor, const struct node *node)
{
	/* Which struct a kind of node is, lab/scenario/tree.h tells. */
	const struct expect_node *expect = (const struct expect_node *)node;

	if (expect->count.max == 0 && !node_given(node, "for"))
		complain(visitor->data, node_field_span(node, "count"), "say how long nothing is to be seen: 'for:'");
	return 0;
}

/* A kind without an entry is walked through to its children. */
static const struct visitor_entry rules[] = {
	{&kind_step, on_step},
	{&kind_send, on_send},
	{&kind_expect, on_expect},
	{0},
};

/* nslab's own findings: a file it cannot read has nothing to be linted. */
static void print_errors(const struct diag_list *diags)
{
	struct text text = {0};

	for (size_t i = 0; i < diags->items.count; i++)
		diag_print(&diags->items.items[i], false, false, &text);
	fputs(text_str(&text), stderr);
	text_free(&text);
}

static int lint_file(const char *path, struct lint *lint)
{
	struct diag_list diags = {0};
	const struct scenario_case *cases = NULL;
	size_t count = 0;
	int r = 0;
	struct scenario_file *file = scenario_load(path, driver_registry(), NULL, 0, &diags);

	if (!file || scenario_cases(file, &diags, &cases, &count) < 0) {
		print_errors(&diags);
		r = -EINVAL;
	}
	/* A matrix makes several cases of one text: the first is enough to look at. */
	if (r == 0 && count > 0) {
		struct visitor visitor = {.entries = rules, .data = lint};

		r = visit(&visitor, &cases[0].tree->node);
	}
	diag_list_free(&diags);
	scenario_file_free(file);
	return r;
}

int main(int argc, char **argv)
{
	struct lint lint = {0};

	if (argc < 2) {
		fprintf(stderr, "usage: lint FILE…\n");
		return 2;
	}
	for (int i = 1; i < argc; i++)
		if (lint_file(argv[i], &lint) < 0)
			return 2;
	return lint.findings ? 1 : 0;
}
