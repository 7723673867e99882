/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Field tables: look-up and defaults. */
#include "lab/base/field.h"

#include <errno.h>
#include <string.h>

const struct field *node_kind_field(const struct node_kind *kind, const char *name)
{
	for (size_t i = 0; i < kind->field_count; i++)
		if (strcmp(kind->fields[i].name, name) == 0)
			return &kind->fields[i];
	return NULL;
}

bool node_given(const struct node *node, const char *name)
{
	const struct field *field = node_kind_field(node->kind, name);

	return field && node->given >> (field - node->kind->fields) & 1;
}

struct span node_field_span(const struct node *node, const char *name)
{
	const struct field *field = node_kind_field(node->kind, name);

	if (!field || !node->field_spans || !node->field_spans[field - node->kind->fields].line)
		return node->span;
	return node->field_spans[field - node->kind->fields];
}

int node_set_standards(struct node *node, struct arena *arena, struct err *err)
{
	for (size_t i = 0; i < node->kind->field_count; i++) {
		const struct field *field = &node->kind->fields[i];

		if (field->shape != FIELD_SCALAR || !field->standard)
			continue;
		int r = field->type->parse(field, field->standard, arena, field_at(node, field), err);
		if (r < 0)
			return err_wrap(err, "default of %s.%s", node->kind->name, field->name);
	}
	return 0;
}

const struct registry_driver *registry_driver(const struct registry *registry, const char *name)
{
	for (size_t i = 0; i < registry->driver_count; i++)
		if (strcmp(registry->drivers[i].name, name) == 0)
			return &registry->drivers[i];
	return NULL;
}
