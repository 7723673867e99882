/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of every command. */
#include "lab/cli/commands.h"

#include <string.h>

const struct command *const commands[] = {
	&command_help,
	NULL,
};

const struct command *command_find(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}
