/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The node visitor: one callback per kind of node, a generic visit for the rest. */
#pragma once

#include "lab/base/field.h"

/*
 * Every tool over a scenario is a visitor: a table that names the kinds it cares
 * for. visit() looks the node's kind up and calls that entry; a kind without
 * one, and every callback that wants to go on downwards, uses visit_children(),
 * the generic visit, which walks the kind's fields in table order (which is the order of the language, and so of reading).
 *
 *     static int on_send(struct visitor *visitor, const struct node *node)
 *     {
 *             …
 *             return visit_children(visitor, node);
 *     }
 *     static const struct visitor_entry entries[] = {{&kind_send, on_send}, {0}};
 *     struct visitor visitor = {.entries = entries, .data = &mine};
 *     visit(&visitor, &tree->node);
 */
struct visitor;
typedef int (*visit_fn)(struct visitor *visitor, const struct node *node);

struct visitor_entry {
	const struct node_kind *kind;
	visit_fn enter;
};

struct visitor {
	const struct visitor_entry *entries; /* ends with a NULL kind */
	visit_fn other;                      /* kinds not listed; NULL: visit_children */
	void *data;
	unsigned depth;                      /* of the node being visited; the root is 0 */
};

/* A negative value from a callback stops the walk and is returned. */
int visit(struct visitor *visitor, const struct node *node);
int visit_children(struct visitor *visitor, const struct node *node);
