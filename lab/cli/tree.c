/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslab tree: a scenario as it was understood. */
#include "lab/cli/commands.h"
#include "lab/cli/view.h"
#include "lab/scenario/show.h"

struct tree_options {
	struct value_list params;
	bool given;
};

static void add_case(const struct cli *cli, const struct scenario_case *scenario, size_t count, struct text *out)
{
	if (count < 2)
		return;
	text_addf(out, "%s%s%s\n", style(cli->colour, STYLE_CYAN), scenario->id, style(cli->colour, STYLE_RESET));
}

static int run(struct cli *cli, const void *values, const char *const *arguments, size_t count)
{
	const struct tree_options *options = values;
	struct show_look look = {.colour = cli->colour, .given_only = options->given};
	_cleanup_view_ struct view view = {0};
	_cleanup_text_ struct text out = {0};
	struct param_override *overrides;
	size_t override_count;

	(void)count;
	if (cli_params(cli, &command_tree, &options->params, &overrides, &override_count) != 0)
		return CLI_USAGE;
	int status = view_read(cli, arguments[0], overrides, override_count, &view);
	if (status != CLI_OK)
		return status;
	for (size_t i = 0; i < view.count; i++) {
		if (i)
			text_add_char(&out, '\n');
		add_case(cli, &view.cases[i], view.count, &out);
		show_tree(&view.cases[i].tree->node, &look, &out);
	}
	cli_print(cli, &out);
	return CLI_OK;
}

static const struct option options[] = {
	{OPTION_AT(struct tree_options, given, "given"), .letter = 'g', .doc = "leave out what is a default"},
	OPTION_PARAMS(struct tree_options, params),
	{0},
};

const struct command command_tree = {
	.name = "tree",
	.group = GROUP_LOOK,
	.summary = "show a scenario as it was understood: every value, defaults marked",
	.arguments = "FILE",
	.about = "The typed tree after references are replaced and defaults filled in, one for each\n"
		 "case of a matrix.",
	.examples = "  nslab tree ping.nslab.yaml\n  nslab tree --given -D family=ipv6 ping.nslab.yaml",
	.options = options,
	.options_size = sizeof(struct tree_options),
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
