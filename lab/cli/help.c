/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Help: the overview of all commands, and one command's page. */
#include "lab/cli/help.h"

#include <string.h>

#include "lab/cli/option.h"

static const char *const group_titles[] = {
	[GROUP_WRITE] = "Write scenarios",
	[GROUP_RUN] = "Run them",
	[GROUP_LOOK] = "Look inside",
	[GROUP_MACHINE] = "This machine, this program",
};
_Static_assert(COUNT_OF(group_titles) == GROUP_COUNT, "a title a group");

void help_print_overview(const struct cli *cli, struct text *out)
{
	const char *bold = style(cli->colour, STYLE_BOLD), *reset = style(cli->colour, STYLE_RESET);

	text_addf(out, "%snslab%s: network test labs on the real kernel, each described in one file\n", bold, reset);
	for (int group = 0; group < GROUP_COUNT; group++) {
		text_addf(out, "\n%s%s%s\n", bold, group_titles[group], reset);
		for (const struct command *const *c = commands; *c; c++)
			if ((int)(*c)->group == group)
				text_addf(out, "  %s%-10s%s %s\n", style(cli->colour, STYLE_CYAN), (*c)->name, reset, (*c)->summary);
	}
	text_addf(out, "\nFirst steps: %snslab new hello && nslab run hello.nslab.yaml%s\n"
		       "More:        nslab help COMMAND, nslab explain KEY\n", bold, reset);
}

void help_print_command(const struct cli *cli, const struct command *command, struct text *out)
{
	const char *bold = style(cli->colour, STYLE_BOLD), *reset = style(cli->colour, STYLE_RESET);
	unsigned columns = cli->columns < 100 ? cli->columns : 100;

	text_addf(out, "%snslab %s%s: %s\n\n", bold, command->name, reset, command->summary);
	text_addf(out, "%sUsage:%s nslab %s%s%s%s\n", bold, reset, command->name, command->options ? " [OPTION…]" : "",
		  *command->arguments ? " " : "", command->arguments);
	if (command->about)
		text_addf(out, "\n%s\n", command->about);
	text_addf(out, "\n%sOptions%s\n", bold, reset);
	option_print_tables(command->options, cli->colour, columns, out);
	if (command->examples)
		text_addf(out, "\n%sExamples%s\n%s\n", bold, reset, command->examples);
}

int help_unknown_command(const struct cli *cli, const char *name)
{
	ARRAY(const char *) names = {0};

	for (const struct command *const *c = commands; *c; c++)
		array_push(&names, (*c)->name);
	const char *near = str_nearest(name, names.items, names.count);
	array_free(&names);
	if (near)
		return cli_usage(cli, NULL, "unknown command '%s'; did you mean '%s'?", name, near);
	return cli_usage(cli, NULL, "unknown command '%s'", name);
}

static int run(struct cli *cli, const void *options, const char *const *arguments, size_t count)
{
	_cleanup_text_ struct text out = {0};

	(void)options;
	if (!count) {
		help_print_overview(cli, &out);
	} else {
		const struct command *command = command_find(arguments[0]);

		if (!command)
			return help_unknown_command(cli, arguments[0]);
		help_print_command(cli, command, &out);
	}
	cli_print(cli, &out);
	return CLI_OK;
}

const struct command command_help = {
	.name = "help",
	.group = GROUP_MACHINE,
	.summary = "show what a command does and takes",
	.arguments = "[COMMAND]",
	.arguments_max = 1,
	.run = run,
};
