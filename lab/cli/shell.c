/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslab shell: builds a lab and opens a shell in one of its nodes. */
#include <limits.h>
#include <string.h>

#include "lab/cli/commands.h"
#include "lab/cli/load.h"
#include "lab/run/terminal.h"

struct shell_options {
	struct value_list define;
};

static const struct option options[] = {
	OPTION_PARAMS(struct shell_options, define),
	{0},
};

static void greet(struct cli *cli, const struct scenario_tree *tree, const char *node)
{
	fprintf(cli->err, "%s'%s'%s: you are root in node %s%s%s.", style(cli->colour_err, STYLE_BOLD), tree->title,
		style(cli->colour_err, STYLE_RESET), style(cli->colour_err, STYLE_CYAN), node, style(cli->colour_err, STYLE_RESET));
	fprintf(cli->err, " Nodes by name:");
	for (size_t i = 0; i < tree->nodes.count; i++)
		fprintf(cli->err, "%s %s", i ? "," : "", tree->nodes.items[i]->name);
	fprintf(cli->err, ". No step has been taken. Leave with exit; the lab ends then.\n");
}

static int open_shell(struct cli *cli, const struct scenario_case *scenario, const char *node, const char *const *command)
{
	struct run_settings settings = {.jobs = 1, .timeout_multiplier = 1, .repeat = 1, .invocation = "nslab shell"};
	struct err err = {0};
	int status = 0;

	if (!node) {
		if (!scenario->tree->nodes.count) {
			cli_error(cli, "%s: the lab has no nodes", scenario->path);
			return CLI_USAGE;
		}
		node = scenario->tree->nodes.items[0]->name;
	}
	if (!scenario_node(scenario->tree, node)) {
		cli_error(cli, "%s: there is no node '%s'", scenario->path, node);
		return CLI_USAGE;
	}
	if (cli->terminal && !command)
		greet(cli, scenario->tree, node);
	fflush(NULL);
	if (terminal_shell(scenario, &settings, node, command, &status, &err) < 0) {
		cli_error(cli, "%s", err.text);
		return CLI_ERROR;
	}
	return status;
}

static int shell(struct cli *cli, const void *values, const char *const *arguments, size_t count)
{
	const struct shell_options *chosen = values;
	struct param_override *overrides = NULL;
	size_t override_count = 0;
	struct loaded loaded = {0};
	int status = cli_params(cli, &command_shell, &chosen->define, &overrides, &override_count);

	if (status == CLI_OK)
		status = load_cases(cli, arguments, 1, overrides, override_count, false, true, &loaded);
	if (status == CLI_OK && !loaded.cases.count) {
		cli_error(cli, "%s: holds no case", arguments[0]);
		status = CLI_USAGE;
	}
	if (status == CLI_OK)
		status = open_shell(cli, loaded.cases.items[0], count > 1 ? arguments[1] : NULL, count > 2 ? arguments + 2 : NULL);
	loaded_free(&loaded);
	return status;
}

const struct command command_shell = {
	.name = "shell",
	.group = GROUP_RUN,
	.summary = "build a lab and open a shell in one of its nodes",
	.arguments = "FILE [NODE [COMMAND…]]",
	.about = "The shell is already logged in, as root of the lab. The other nodes are reachable\n"
		 "by name; /run, /tmp and /var are the node's own, the rest of the host can only be\n"
		 "read. No step of the scenario is taken. Leaving the shell ends the lab, and nothing\n"
		 "of it stays. NODE is the first one where none is named. With COMMAND, that is run\n"
		 "in place of a shell (after a -- where it has options of its own), and its exit\n"
		 "status is ours.",
	.examples = "  nslab shell scenarios/pierce/pierce.nslab.yaml firewall\n"
		    "  nslab shell ping.nslab.yaml a -- ip -br addr\n",
	.options = options,
	.options_size = sizeof(struct shell_options),
	.arguments_min = 1,
	.arguments_max = UINT_MAX,
	.run = shell,
};
