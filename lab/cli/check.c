/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslab check: everything that is wrong with scenarios, before anything runs. */
#include <limits.h>

#include "lab/cli/commands.h"
#include "lab/cli/load.h"

struct check_options {
	struct value_list params;
	bool strict;
};

struct totals {
	size_t files, cases, errors, warnings;
	bool unjudged; /* no namespace to try rulesets in */
};

static void check_file(const struct cli *cli, const struct check_options *options, const char *path, const struct param_override *overrides,
		       size_t override_count, struct totals *totals)
{
	struct diag_list diags = {0};
	struct loaded_file file;
	struct err err = {0};
	int r = load_file(path, overrides, override_count, &diags, &file, &err);

	if (r == LOAD_KERNEL_NOT_ASKED && !totals->unjudged) {
		totals->unjudged = true;
		cli_error(cli, "rulesets and sysctls were not tried: %s", err.text);
	}
	cli_print_diags(cli, &diags, options->strict, cli->out, cli->colour);
	totals->files++;
	totals->cases += file.count;
	totals->errors += diags.errors;
	totals->warnings += diags.warnings;
	diag_list_free(&diags);
	scenario_file_free(file.file);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void add_count(struct text *out, size_t count, const char *noun)
{
	if (count)
		text_addf(out, "%zu %s%s", count, noun, plural(count));
	else
		text_addf(out, "no %ss", noun);
}

static void print_summary(const struct cli *cli, const struct totals *totals, bool failed)
{
	_cleanup_text_ struct text out = {0};

	if (totals->errors || totals->warnings)
		text_add_char(&out, '\n');
	text_add(&out, style(cli->colour, failed ? STYLE_RED : totals->warnings ? STYLE_YELLOW : STYLE_GREEN));
	text_addf(&out, "%zu file%s", totals->files, plural(totals->files));
	if (totals->cases > totals->files)
		text_addf(&out, " with %zu cases", totals->cases);
	text_add(&out, ": ");
	add_count(&out, totals->errors, "error");
	text_add(&out, ", ");
	add_count(&out, totals->warnings, "warning");
	text_addf(&out, "%s\n", style(cli->colour, STYLE_RESET));
	cli_print(cli, &out);
}

static int run(struct cli *cli, const void *values, const char *const *arguments, size_t count)
{
	const struct check_options *options = values;
	struct param_override *overrides;
	size_t override_count, path_count;
	const char *const *paths;
	struct totals totals = {0};
	struct err err = {0};

	if (cli_params(cli, &command_check, &options->params, &overrides, &override_count) != 0)
		return CLI_USAGE;
	if (cli_find_scenarios(cli, arguments, count, &paths, &path_count, &err) < 0) {
		cli_error(cli, "%s", err.text);
		return CLI_USAGE;
	}
	for (size_t i = 0; i < path_count; i++)
		check_file(cli, options, paths[i], overrides, override_count, &totals);
	bool failed = totals.errors || (options->strict && totals.warnings);
	print_summary(cli, &totals, failed);
	return failed ? CLI_USAGE : CLI_OK;
}

static const struct option options[] = {
	{OPTION_AT(struct check_options, strict, "strict"), .doc = "count what is odd but legal as an error"},
	OPTION_PARAMS(struct check_options, params),
	{0},
};

const struct command command_check = {
	.name = "check",
	.group = GROUP_WRITE,
	.summary = "say all that is wrong with scenarios, without running them",
	.arguments = "[PATH…]",
	.about = "Reads each file, every case of its matrix, and tries filters and rulesets as the\n"
		 "run would. PATH is a file, or a folder for all *.nslab.yaml below it; without one,\n"
		 "the current folder. Exit status 2 where there is an error, else 0.",
	.examples = "  nslab check\n  nslab check --strict ping.nslab.yaml\n  nslab check -D program=./my-server server.nslab.yaml",
	.options = options,
	.options_size = sizeof(struct check_options),
	.arguments_max = UINT_MAX,
	.run = run,
};
