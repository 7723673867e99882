/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The node visitor: one callback per kind of node, a generic visit for the rest. */
#include "lab/scenario/visit.h"

int visit(struct visitor *visitor, const struct node *node)
{
	for (const struct visitor_entry *entry = visitor->entries; entry && entry->kind; entry++)
		if (entry->kind == node->kind)
			return entry->enter(visitor, node);
	return visitor->other ? visitor->other(visitor, node) : visit_children(visitor, node);
}

int visit_children(struct visitor *visitor, const struct node *node)
{
	int r = 0;

	visitor->depth++;
	for (size_t i = 0; r >= 0 && i < node->kind->field_count; i++) {
		const struct field *field = &node->kind->fields[i];

		if (field->shape == FIELD_CHILD || field->shape == FIELD_BESIDE) {
			const struct node *child = *(struct node **)field_at(node, field);

			if (child)
				r = visit(visitor, child);
		} else if (field->shape == FIELD_CHILDREN || field->shape == FIELD_NAMED) {
			const struct node_list *list = field_at(node, field);

			for (size_t j = 0; r >= 0 && j < list->count; j++)
				r = visit(visitor, list->items[j]);
		}
	}
	visitor->depth--;
	return r < 0 ? r : 0;
}
