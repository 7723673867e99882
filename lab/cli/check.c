/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslab check: everything that is wrong with scenarios, before anything runs. */
#include <limits.h>
#include <string.h>

#include "lab/cli/commands.h"
#include "lab/cli/load.h"

struct check_options {
	struct value_list params;
	bool strict;
	int format; /* enum check_format */
};

enum check_format { FORMAT_TEXT, FORMAT_JSON };
static const char *const formats[] = {[FORMAT_TEXT] = "text", [FORMAT_JSON] = "json", NULL};

struct totals {
	size_t files, cases, errors, warnings;
	bool unjudged; /* no namespace to try rulesets in */
};

/* --- as JSON, for editors --- */

static void add_text(struct text *out, const char *key, const char *value)
{
	if (!value)
		return;
	text_addf(out, ", \"%s\": ", key);
	text_add_json(out, value, strlen(value));
}

/* Columns from 1, in code points; the end is the column behind the last. */
static void add_place(struct text *out, const struct span *span)
{
	uint32_t columns = 0;

	if (!span->source || !span->line)
		return;
	for (uint32_t i = 0; i < span->length && span->offset + i < span->source->length && span->source->text[span->offset + i] != '\n'; i++)
		columns += (span->source->text[span->offset + i] & 0xc0) != 0x80;
	text_addf(out, ", \"line\": %u, \"column\": %u, \"end_column\": %u", span->line, span->column, span->column + (columns ? columns : 1));
}

static void add_finding(struct text *out, const struct diag *diag, bool strict, bool first)
{
	_cleanup_text_ struct text slug = {0};
	bool is_error = strict || diag_table[diag->id].severity == DIAG_ERROR;

	diag_add_slug(diag->id, &slug);
	text_addf(out, "%s  {\"severity\": \"%s\"", first ? "\n" : ",\n", is_error ? "error" : "warning");
	add_text(out, "file", diag->span.source ? diag->span.source->path : NULL);
	add_place(out, &diag->span);
	add_text(out, "id", text_str(&slug));
	add_text(out, "message", diag->message);
	add_text(out, "help", diag->help);
	add_text(out, "case", diag->context);
	if (diag->context)
		text_addf(out, ", \"other_cases\": %zu", diag->others);
	text_add(out, "}");
}

/* --- files --- */

static void check_file(const struct cli *cli, const struct check_options *options, const char *path, const struct param_override *overrides,
		       size_t override_count, struct totals *totals)
{
	_cleanup_text_ struct text json = {0};
	struct diag_list diags = {0};
	struct loaded_file file;
	struct err err = {0};
	int r = load_file(path, overrides, override_count, &diags, &file, &err);

	if (r == LOAD_KERNEL_NOT_ASKED && !totals->unjudged) {
		totals->unjudged = true;
		cli_error(cli, "rulesets and sysctls were not tried: %s", err.text);
	}
	if (options->format == FORMAT_TEXT)
		cli_print_diags(cli, &diags, options->strict, cli->out, cli->colour);
	else
		diag_list_sort(&diags);
	for (size_t i = 0; options->format == FORMAT_JSON && i < diags.items.count; i++)
		add_finding(&json, &diags.items.items[i], options->strict, !totals->errors && !totals->warnings && i == 0);
	cli_print(cli, &json);
	totals->files++;
	totals->cases += file.count;
	totals->errors += diags.errors + (options->strict ? diags.warnings : 0);
	totals->warnings += options->strict ? 0 : diags.warnings;
	diag_list_free(&diags);
	scenario_file_free(file.file);
}

static void add_count(struct text *out, const char *before, size_t count, const char *noun)
{
	if (count)
		text_addf(out, "%s%zu %s%s", before, count, noun, count == 1 ? "" : "s");
}

static void print_summary(const struct cli *cli, const struct totals *totals)
{
	_cleanup_text_ struct text out = {0};

	if (totals->errors || totals->warnings)
		text_add_char(&out, '\n');
	text_add(&out, style(cli->colour, totals->errors ? STYLE_RED : totals->warnings ? STYLE_YELLOW : STYLE_GREEN));
	text_addf(&out, "%zu file%s", totals->files, totals->files == 1 ? "" : "s");
	if (totals->cases > totals->files)
		text_addf(&out, " with %zu cases", totals->cases);
	if (totals->errors || totals->warnings) {
		add_count(&out, ": ", totals->errors, "error");
		add_count(&out, totals->errors ? ", " : ": ", totals->warnings, "warning");
	} else {
		text_add(&out, ", no findings");
	}
	if (totals->unjudged)
		text_add(&out, "; rulesets and sysctls were not tried");
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
	if (options->format == FORMAT_JSON)
		fputs("{\"findings\": [", cli->out);
	for (size_t i = 0; i < path_count; i++)
		check_file(cli, options, paths[i], overrides, override_count, &totals);
	if (options->format == FORMAT_JSON)
		fprintf(cli->out, "%s], \"files\": %zu, \"cases\": %zu, \"errors\": %zu, \"warnings\": %zu, \"kernel_asked\": %s}\n",
			totals.errors || totals.warnings ? "\n" : "", totals.files, totals.cases, totals.errors, totals.warnings,
			totals.unjudged ? "false" : "true");
	else
		print_summary(cli, &totals);
	if (totals.errors)
		return CLI_USAGE;
	return totals.unjudged && options->strict ? CLI_ERROR : CLI_OK;
}

static const struct option options[] = {
	{OPTION_AT(struct check_options, strict, "strict"), .doc = "count what is odd but legal as an error, and what cannot be tried here, too"},
	{OPTION_AT(struct check_options, format, "format"), .argument = "FORMAT", .type = &type_enum, .choices = formats, .standard = "text",
	 .doc = "text for people, or json for editors"},
	OPTION_PARAMS(struct check_options, params),
	{0},
};

const struct command command_check = {
	.name = "check",
	.group = GROUP_WRITE,
	.summary = "say all that is wrong with scenarios, without running them",
	.arguments = "[PATH…]",
	.about = "Reads each file, every case of its matrix, and tries filters, packets, options and\n"
		 "rulesets as the run would: rulesets and sysctls in a throwaway namespace. PATH is a\n"
		 "file, or a folder for all *.nslab.yaml below it; without one, the current folder.\n"
		 "\n"
		 "Exit status: 0 no error, 2 there is one. Where this machine lets us have no\n"
		 "namespace, rulesets and sysctls are not tried and a line says so; that is no error,\n"
		 "but with --strict it ends with 3.",
	.examples = "  nslab check\n  nslab check --strict ping.nslab.yaml\n  nslab check -D program=./my-server server.nslab.yaml\n"
		    "  nslab check --format json ping.nslab.yaml",
	.options = options,
	.options_size = sizeof(struct check_options),
	.arguments_max = UINT_MAX,
	.run = run,
};
