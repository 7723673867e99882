/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenario files loaded and judged in full, for commands that act on their cases. */
#include "lab/cli/load.h"

#include <string.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "lab/check/check.h"

/* "file[version=v1]" names one case of a file; a file may also be called that. */
static const char *case_wanted(struct cli *cli, const char **path)
{
	const char *bracket = strchr(*path, '[');
	const char *id = *path;

	if (!bracket || access(*path, F_OK) == 0 || !str_ends(*path, "]"))
		return NULL;
	*path = arena_strndup(cli->arena, *path, (size_t)(bracket - *path));
	return id;
}

static int load_one(struct cli *cli, const char *path, const struct param_override *overrides, size_t override_count,
		    struct diag_list *diags, struct loaded *ret)
{
	const char *wanted = case_wanted(cli, &path);
	const struct scenario_case *cases = NULL;
	size_t count = 0, found = 0;
	struct err err = {0};
	struct scenario_file *file = scenario_load(path, driver_registry(), overrides, override_count, diags);

	if (!file)
		return CLI_USAGE;
	array_push(&ret->files, file);
	if (scenario_cases(file, diags, &cases, &count) < 0)
		return CLI_USAGE;
	for (size_t i = 0; i < count; i++) {
		if (wanted && !str_eq(wanted, cases[i].id))
			continue;
		check_case(&cases[i], diags);
		array_push(&ret->cases, &cases[i]);
		found++;
	}
	if (!found && wanted) {
		cli_error(cli, "%s: the file has no case of that name; nslab run --list %s shows them", wanted, path);
		return CLI_USAGE;
	}
	if (diags->errors)
		return CLI_USAGE;
	if (check_kernel(cases, count, diags, &err) < 0) {
		cli_error(cli, "%s", err.text);
		fprintf(cli->err, "nslab doctor says what this machine allows, and what to change\n");
		return CLI_ERROR;
	}
	return diags->errors ? CLI_USAGE : CLI_OK;
}

int load_cases(struct cli *cli, const char *const *paths, size_t count, const struct param_override *overrides, size_t override_count,
	       bool strict, bool quiet, struct loaded *ret)
{
	int status = CLI_OK;

	for (size_t i = 0; i < count; i++) {
		struct diag_list own = {0};
		int r = load_one(cli, paths[i], overrides, override_count, &own, ret);

		if (strict && own.warnings)
			r = r == CLI_OK ? CLI_USAGE : r;
		if (r != CLI_OK || (own.warnings && !quiet))
			cli_print_diags(cli, &own, strict, cli->err, cli->colour_err);
		if (r > status)
			status = r;
		diag_list_free(&own);
	}
	return status;
}

void loaded_free(struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->files.count; i++)
		scenario_file_free(loaded->files.items[i]);
	array_free(&loaded->files);
	array_free(&loaded->cases);
}
