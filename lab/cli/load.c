/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenario files loaded and judged in full, for commands that act on their cases. */
#include "lab/cli/load.h"

#include <string.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "lab/check/check.h"
#include "lab/run/plan.h"
#include "lab/run/requirement.h"

/* What the run's own tables say of a case, and the limits of this machine. */
static void check_run(const struct scenario_case *scenario, struct diag_list *diags)
{
	const char *outer = diags->context;
	struct arena *arena = arena_new();

	diags->context = strcmp(scenario->id, scenario->path) != 0 ? scenario->id : outer;
	if (scenario->partial)
		requirement_check_names(scenario->partial, diags);
	if (scenario->tree)
		plan_check_limits(plan_make(scenario->tree, arena), diags);
	diags->context = outer;
	arena_free(arena);
}

int load_file(const char *path, const struct param_override *overrides, size_t override_count, struct diag_list *diags,
	      struct loaded_file *ret, struct err *err)
{
	int r = 0;

	*ret = (struct loaded_file){.file = scenario_load(path, driver_registry(), overrides, override_count, diags)};
	if (!ret->file)
		return LOAD_JUDGED;
	scenario_cases(ret->file, diags, &ret->cases, &ret->count);
	for (size_t i = 0; i < ret->count; i++) {
		check_case(&ret->cases[i], diags);
		check_run(&ret->cases[i], diags);
	}
	r = check_kernel(ret->cases, ret->count, diags, err);
	return r < 0 ? LOAD_KERNEL_NOT_ASKED : LOAD_JUDGED;
}

static int load_one(struct cli *cli, const char *path, const struct param_override *overrides, size_t override_count,
		    struct diag_list *diags, struct loaded *ret)
{
	size_t length = cli_case_file(path);
	const char *wanted = length ? path : NULL;
	struct loaded_file file;
	size_t found = 0;
	struct err err = {0};

	if (length)
		path = arena_strndup(cli->arena, path, length);
	int r = load_file(path, overrides, override_count, diags, &file, &err);

	if (file.file)
		array_push(&ret->files, file.file);
	if (diags->errors)
		return CLI_USAGE;
	if (r == LOAD_KERNEL_NOT_ASKED) {
		cli_error(cli, "%s", err.text);
		fprintf(cli->err, "nslab doctor says what this machine allows, and what to change\n");
		return CLI_ERROR;
	}
	for (size_t i = 0; i < file.count; i++)
		if (!wanted || str_eq(wanted, file.cases[i].id)) {
			array_push(&ret->cases, &file.cases[i]);
			found++;
		}
	if (!found && wanted) {
		cli_error(cli, "%s: the file has no case of that name; nslab run --list %s shows them", wanted, path);
		return CLI_USAGE;
	}
	return CLI_OK;
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
