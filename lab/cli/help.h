/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Help: the overview of all commands, and one command's page. */
#pragma once

#include "lab/cli/command.h"

void help_print_overview(const struct cli *cli, struct text *out);
void help_print_command(const struct cli *cli, const struct command *command, struct text *out);
/* "unknown command 'chekc'; did you mean 'check'?" Returns CLI_USAGE. */
int help_unknown_command(const struct cli *cli, const char *name);
