/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every output format there is. */
#include "lab/report/reporters.h"

/* The order is that of the help. */
const struct reporter_type *const reporter_types[] = {
	&reporter_terminal,
	&reporter_tap,
	&reporter_junit,
	&reporter_json,
	&reporter_github,
	&reporter_markdown,
	NULL,
};

const struct reporter_type *reporter_find(const char *name)
{
	for (size_t i = 0; reporter_types[i]; i++)
		if (str_eq(reporter_types[i]->name, name))
			return reporter_types[i];
	return NULL;
}
