/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslab explain: what a key of the language means. */
#include "lab/scenario/explain.h"

#include "drivers/driver.h"
#include "lab/cli/commands.h"

static int run(struct cli *cli, const void *options, const char *const *arguments, size_t count)
{
	struct explain_look look = {.colour = cli->colour, .columns = cli->columns};
	_cleanup_text_ struct text out = {0};
	struct err err = {0};

	(void)options;
	if (explain_print(count ? arguments[0] : "", driver_registry(), &look, &out, &err) < 0)
		return cli_usage(cli, &command_explain, "%s", err.text);
	cli_print(cli, &out);
	return CLI_OK;
}

const struct command command_explain = {
	.name = "explain",
	.group = GROUP_WRITE,
	.summary = "say what a key of a scenario means, and what may stand there",
	.arguments = "[KEY.KEY…]",
	.about = "Its meaning, type, default, choices and an example. Without an argument, the whole\n"
		 "file. A path may begin at the top, at a step's verb, at a layer or at a technique.",
	.examples = "  nslab explain\n  nslab explain steps.send\n  nslab explain expect.count\n  nslab explain tcp.flags\n"
		    "  nslab explain steps.send.tx_ring",
	.arguments_max = 1,
	.run = run,
};
