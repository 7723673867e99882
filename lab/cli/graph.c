/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslab graph: a scenario's lab as a drawing. */
#include "lab/scenario/graph.h"

#include "lab/cli/commands.h"
#include "lab/cli/view.h"

struct graph_options {
	struct value_list params;
	bool dot;
};

static int run(struct cli *cli, const void *values, const char *const *arguments, size_t count)
{
	const struct graph_options *options = values;
	struct graph_look look = {.colour = cli->colour, .utf8 = cli->utf8};
	_cleanup_view_ struct view view = {0};
	_cleanup_text_ struct text out = {0};
	struct param_override *overrides;
	size_t override_count;

	(void)count;
	if (cli_params(cli, &command_graph, &options->params, &overrides, &override_count) != 0)
		return CLI_USAGE;
	int status = view_read(cli, arguments[0], overrides, override_count, &view);
	if (status != CLI_OK || !view.count)
		return status;
	/* Cases of a matrix seldom differ in their wires: the first stands for all. */
	if (options->dot)
		graph_dot(view.cases[0].tree, &out);
	else
		graph_draw(view.cases[0].tree, &look, &out);
	cli_print(cli, &out);
	return CLI_OK;
}

static const struct option options[] = {
	{OPTION_AT(struct graph_options, dot, "dot"), .doc = "print DOT for graphviz instead"},
	OPTION_PARAMS(struct graph_options, params),
	{0},
};

const struct command command_graph = {
	.name = "graph",
	.group = GROUP_LOOK,
	.summary = "draw a scenario's lab: nodes, wires, addresses",
	.arguments = "FILE",
	.about = "Of a matrix, the first case is drawn. Lines are drawn with UTF-8 where the locale\n"
		 "has it, else in ASCII.",
	.examples = "  nslab graph ping.nslab.yaml\n  nslab graph --dot ping.nslab.yaml | dot -Tsvg > ping.svg",
	.options = options,
	.options_size = sizeof(struct graph_options),
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
