/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One scenario read for a command that only looks at it. */
#include "lab/cli/view.h"

#include "drivers/driver.h"

int view_read(const struct cli *cli, const char *path, const struct param_override *overrides, size_t override_count, struct view *ret)
{
	*ret = (struct view){0};
	ret->file = scenario_load(path, driver_registry(), overrides, override_count, &ret->diags);
	if (ret->file)
		scenario_cases(ret->file, &ret->diags, &ret->cases, &ret->count);
	if (ret->file && !ret->diags.errors)
		return CLI_OK;
	fflush(cli->out);
	cli_print_diags(cli, &ret->diags, false, cli->err, cli->colour_err);
	return CLI_USAGE;
}

void view_free(struct view *view)
{
	diag_list_free(&view->diags);
	scenario_file_free(view->file);
	*view = (struct view){0};
}
