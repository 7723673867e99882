/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslab schema: the language as JSON Schema. */
#include "lab/scenario/schema.h"

#include "drivers/driver.h"
#include "lab/cli/commands.h"

static int run(struct cli *cli, const void *options, const char *const *arguments, size_t count)
{
	_cleanup_text_ struct text out = {0};

	(void)options;
	(void)arguments;
	(void)count;
	schema_print(driver_registry(), &out);
	cli_print(cli, &out);
	return CLI_OK;
}

const struct command command_schema = {
	.name = "schema",
	.group = GROUP_WRITE,
	.summary = "print the language as JSON Schema, for completion in an editor",
	.arguments = "",
	.about = "JSON Schema, draft 2020-12. With yaml-language-server, write it to a file once, and\n"
		 "put this line at the head of a scenario, or the file into the editor's settings:\n\n"
		 "  # yaml-language-server: $schema=nslab.schema.json",
	.examples = "  nslab schema > nslab.schema.json",
	.run = run,
};
