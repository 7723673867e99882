/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of every command. */
#include "lab/cli/commands.h"

#include <string.h>

const struct command *const commands[] = {
	&command_new, &command_check, &command_fmt, &command_explain, &command_schema,
	&command_run, &command_shell,
	&command_tree, &command_graph, &command_plan,
	&command_doctor, &command_drivers, &command_completion, &command_help,
	NULL,
};

const struct command *command_find(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}
