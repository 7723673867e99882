/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslab plan: the operations that build a scenario's lab. */
#include "lab/run/plan.h"

#include "lab/cli/commands.h"
#include "lab/cli/view.h"

struct plan_options {
	struct value_list params;
	bool shell;
};

static int run(struct cli *cli, const void *values, const char *const *arguments, size_t count)
{
	const struct plan_options *options = values;
	_cleanup_view_ struct view view = {0};
	_cleanup_text_ struct text out = {0};
	struct param_override *overrides;
	size_t override_count;

	(void)count;
	if (cli_params(cli, &command_plan, &options->params, &overrides, &override_count) != 0)
		return CLI_USAGE;
	int status = view_read(cli, arguments[0], overrides, override_count, &view);
	if (status != CLI_OK || !view.count)
		return status;
	const struct plan *plan = plan_make(view.cases[0].tree, cli->arena);
	if (options->shell)
		plan_print_shell(plan, &out);
	else
		plan_print(plan, &out);
	cli_print(cli, &out);
	return CLI_OK;
}

static const struct option options[] = {
	{OPTION_AT(struct plan_options, shell, "shell"),
	 .doc = "print a shell script of ip, ethtool, nft and sysctl commands that builds the same lab"},
	OPTION_PARAMS(struct plan_options, params),
	{0},
};

const struct command command_plan = {
	.name = "plan",
	.group = GROUP_LOOK,
	.summary = "list the operations that build a lab, or a script that does the same",
	.arguments = "FILE",
	.about = "What a run does before its first step, in order. Of a matrix, the first case is\n"
		 "planned. Nothing is built.",
	.examples = "  nslab plan ping.nslab.yaml\n  nslab plan --shell ping.nslab.yaml > ping.sh",
	.options = options,
	.options_size = sizeof(struct plan_options),
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
