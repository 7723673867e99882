/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslab run: runs scenarios and says which expectations held. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/cli/commands.h"
#include "lab/cli/last_failed.h"
#include "lab/cli/load.h"
#include "lab/report/report.h"
#include "lab/run/condition.h"
#include "lab/run/cores.h"
#include "lab/run/supervisor.h"

struct run_options {
	int64_t jobs, durations, repeat, seed, timeout;
	const char *select, *tag, *multiplier, *wrap, *artifacts;
	bool list, stop_first, last_failed, quiet, live, strict;
	int verbose, observer;
	struct value_list require, define, outputs;
};

static const char *const observer_names[] = {"auto", "sockets", "rings", NULL};

static const struct option options[] = {
	{OPTION_AT(struct run_options, jobs, "jobs"), .letter = 'j', .argument = "N", .type = &type_int, .min = 1, .max = 1024,
	 .doc = "run so many cases at once (default: the cores that are granted to us)"},
	{OPTION_AT(struct run_options, select, "select"), .letter = 'k', .argument = "EXPR",
	 .doc = "only cases whose id or title contains the words: 'ping and not ipv6'"},
	{OPTION_AT(struct run_options, tag, "tag"), .argument = "EXPR", .doc = "only cases with these tags: 'nat or tcp', 'not long'"},
	{OPTION_AT(struct run_options, last_failed, "last-failed"), .doc = "only what failed the last time here (all, if nothing did)"},
	{OPTION_AT(struct run_options, list, "list"), .doc = "list the selected cases and run nothing"},
	{OPTION_AT(struct run_options, stop_first, "exitfirst"), .letter = 'x', .doc = "stop after the first failure"},
	{OPTION_AT(struct run_options, repeat, "repeat"), .argument = "N", .type = &type_int, .standard = "1", .min = 1, .max = 1000000,
	 .doc = "run every case N times"},
	OPTION_PARAMS(struct run_options, define),
	{OPTION_AT(struct run_options, outputs, "output"), .letter = 'o', .argument = "FORMAT[=FILE]", .repeatable = true,
	 .doc = "terminal, tap, junit, json, github or markdown; several may stand side by side"},
	{OPTION_AT(struct run_options, artifacts, "artifacts"), .argument = "DIR",
	 .doc = "leave a capture file and the programs' logs of every case below DIR"},
	{OPTION_AT(struct run_options, verbose, "verbose"), .letter = 'v', .repeatable = true, .doc = "show the steps and packets of every case"},
	{OPTION_AT(struct run_options, quiet, "quiet"), .letter = 'q', .doc = "show failures and the summary only"},
	{OPTION_AT(struct run_options, live, "show-output"), .letter = 's', .doc = "show what programs print as they print it"},
	{OPTION_AT(struct run_options, durations, "durations"), .argument = "N", .type = &type_int, .max = 1000000,
	 .doc = "list the N slowest cases at the end"},
	{OPTION_AT(struct run_options, timeout, "timeout"), .argument = "TIME", .type = &type_duration,
	 .doc = "time limit of each case, in place of its own"},
	{OPTION_AT(struct run_options, multiplier, "timeout-multiplier"), .argument = "X", .standard = "1",
	 .doc = "stretch every time limit, for slow machines and valgrind"},
	{OPTION_AT(struct run_options, seed, "seed"), .argument = "N", .type = &type_int, .standard = "0",
	 .doc = "of everything random; the same seed gives the same run"},
	{OPTION_AT(struct run_options, observer, "observer"), .argument = "HOW", .type = &type_enum, .choices = observer_names, .standard = "auto",
	 .doc = "watch with plain packet sockets or with rings; auto chooses by the plan"},
	{OPTION_AT(struct run_options, require, "require"), .argument = "FEATURE", .repeatable = true,
	 .doc = "a case that lacks FEATURE is an error and no skip; 'all' for every feature"},
	{OPTION_AT(struct run_options, wrap, "wrap"), .argument = "WORDS",
	 .doc = "put WORDS before programs under test (commands that begin with a param): --wrap 'valgrind -q'"},
	{OPTION_AT(struct run_options, strict, "strict"), .doc = "take warnings as errors"},
	{0},
};

/* --- selection --- */

static bool id_has_word(void *data, const char *word)
{
	const struct scenario_case *scenario = data;

	return strcasestr(scenario->id, word) || (scenario->tree->title && strcasestr(scenario->tree->title, word));
}

static bool has_tag(void *data, const char *word)
{
	const struct scenario_case *scenario = data;
	const char *const *tags = scenario->tree->tags.values;

	for (size_t i = 0; i < scenario->tree->tags.count; i++)
		if (strcmp(tags[i], word) == 0)
			return true;
	return false;
}

static int is_selected(const struct run_options *chosen, const struct scenario_case *scenario, const id_list *failed, struct err *err)
{
	int r = 1;

	if (chosen->select)
		r = condition_words(chosen->select, id_has_word, (void *)(uintptr_t)scenario, err);
	if (r < 0)
		return err_wrap(err, "-k");
	if (r == 1 && chosen->tag) {
		r = condition_words(chosen->tag, has_tag, (void *)(uintptr_t)scenario, err);
		if (r < 0)
			return err_wrap(err, "--tag");
	}
	return r == 1 && failed->count ? id_list_has(failed, scenario->id) : r;
}

static int choose(struct cli *cli, const struct run_options *chosen, struct loaded *loaded)
{
	id_list failed = {0};
	size_t kept = 0;
	struct err err = {0};
	int status = CLI_OK;

	if (chosen->last_failed)
		last_failed_read(&failed);
	for (size_t i = 0; i < loaded->cases.count && status == CLI_OK; i++) {
		int r = is_selected(chosen, loaded->cases.items[i], &failed, &err);

		if (r < 0)
			status = cli_usage(cli, &command_run, "%s", err.text);
		if (r == 1)
			loaded->cases.items[kept++] = loaded->cases.items[i];
	}
	if (status == CLI_OK && !kept) {
		cli_error(cli, "nothing selected: %zu case%s found, none of them fits", loaded->cases.count, loaded->cases.count == 1 ? " was" : "s were");
		status = CLI_USAGE;
	}
	loaded->cases.count = kept;
	id_list_free(&failed);
	return status;
}

static void list_cases(struct cli *cli, const struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->cases.count; i++)
		fprintf(cli->out, "%s\n", loaded->cases.items[i]->id);
}

/* --- settings --- */

/* Splits at blanks; quotes keep words together as in a shell. */
static const char *const *split_words(struct cli *cli, const char *text)
{
	ARRAY(const char *) words = {0};

	while (*text) {
		struct text word = {0};
		char quote = '\0';
		bool any = false;

		text += strspn(text, " \t");
		for (; *text && (quote || !strchr(" \t", *text)); text++) {
			any = true;
			if (quote ? *text == quote : strchr("'\"", *text) != NULL)
				quote = quote ? '\0' : *text;
			else
				text_add_char(&word, *text);
		}
		if (any)
			array_push(&words, arena_strdup(cli->arena, text_str(&word)));
		text_free(&word);
	}
	array_push(&words, NULL);
	const char **kept = arena_alloc(cli->arena, words.count * sizeof(*kept));
	memcpy(kept, words.items, words.count * sizeof(*kept));
	array_free(&words);
	return kept;
}

static const char *const *null_terminated(struct cli *cli, const struct value_list *list)
{
	const char **kept = arena_alloc(cli->arena, (list->count + 1) * sizeof(*kept));

	if (list->count)
		memcpy(kept, list->values, list->count * sizeof(*kept));
	return kept;
}

static bool wants_packets(const struct run_options *chosen)
{
	if (chosen->artifacts || chosen->verbose)
		return true;
	for (size_t i = 0; i < chosen->outputs.count; i++)
		if (str_starts(((const char *const *)chosen->outputs.values)[i], "json"))
			return true;
	return false;
}

/* What runs a single case again: the options that change what a case does. */
static const char *invocation_of(struct cli *cli, const struct run_options *chosen)
{
	static const struct field duration = {.name = "timeout", .type = &type_duration};
	struct text out = {0};

	text_add(&out, "nslab run");
	for (size_t i = 0; i < chosen->define.count; i++) {
		text_add(&out, " -D ");
		text_add_shell_word(&out, ((const char *const *)chosen->define.values)[i]);
	}
	if (chosen->seed)
		text_addf(&out, " --seed %lld", (long long)chosen->seed);
	if (chosen->observer)
		text_addf(&out, " --observer %s", observer_names[chosen->observer]);
	if (chosen->timeout) {
		text_add(&out, " --timeout ");
		type_duration.print(&duration, &chosen->timeout, &out);
	}
	if (strcmp(chosen->multiplier, "1") != 0) {
		text_add(&out, " --timeout-multiplier ");
		text_add_shell_word(&out, chosen->multiplier);
	}
	if (chosen->wrap) {
		text_add(&out, " --wrap ");
		text_add_shell_word(&out, chosen->wrap);
	}
	const char *kept = arena_strdup(cli->arena, text_str(&out));
	text_free(&out);
	return kept;
}

static int fill_settings(struct cli *cli, const struct run_options *chosen, struct run_settings *ret)
{
	char *end = NULL;
	double multiplier = strtod(chosen->multiplier, &end);

	if (*end || !(multiplier > 0 && multiplier <= 1000))
		return cli_usage(cli, &command_run, "--timeout-multiplier: '%s' is no number above 0 and up to 1000", chosen->multiplier);
	*ret = (struct run_settings){
		.jobs = chosen->jobs ? (unsigned)chosen->jobs : cores_granted(), .seed = (uint64_t)chosen->seed, .timeout = chosen->timeout,
		.timeout_multiplier = multiplier, .observer = chosen->observer, .wrap = chosen->wrap ? split_words(cli, chosen->wrap) : NULL,
		.live = chosen->live, .packets = wants_packets(chosen), .stop_first = chosen->stop_first, .repeat = (unsigned)chosen->repeat,
		.require = null_terminated(cli, &chosen->require), .invocation = invocation_of(cli, chosen),
	};
	return CLI_OK;
}

/* --- reports --- */

/* Between the supervisor and the reports: remembers what failed. */
struct collector {
	struct event_sink sink;
	struct event_sink *next;
	const struct loaded *loaded;
	id_list ran, failed;
	struct err err;  /* of an output that was given up */
	bool broken;
};

static int collect(struct event_sink *sink, const struct event *event, struct err *err)
{
	struct collector *collector = (struct collector *)sink;

	(void)err;
	if (event->type == EVENT_CASE_END) {
		const struct loaded *loaded = collector->loaded;
		const char *id = loaded->cases.items[(size_t)event->case_index % loaded->cases.count]->id;
		int64_t verdict = event->case_end.verdict;

		if (!id_list_has(&collector->ran, id))
			array_push(&collector->ran, mem_strdup(id));
		if ((verdict == VERDICT_FAIL || verdict == VERDICT_ERROR || verdict == VERDICT_FLAKY) && !id_list_has(&collector->failed, id))
			array_push(&collector->failed, mem_strdup(id));
	}
	if (event_emit(collector->next, event, &collector->err) < 0)
		collector->broken = true;
	return 0;
}

static int open_reports(struct cli *cli, const struct run_options *chosen, const char *invocation, struct report_set *set, bool *ret_live)
{
	struct report_options look = {
		.colour = cli->colour, .unicode = cli->utf8, .output = chosen->live, .columns = cli->columns,
		.live = cli->terminal && !chosen->quiet && !chosen->live, .durations = (unsigned)chosen->durations, .invocation = invocation,
		.verbosity = chosen->quiet ? REPORT_QUIET : chosen->verbose ? REPORT_VERBOSE : REPORT_NORMAL,
	};
	struct err err = {0};

	for (size_t i = 0; i < chosen->outputs.count; i++)
		if (report_set_add(set, ((const char *const *)chosen->outputs.values)[i], STDOUT_FILENO, &look, &err) < 0)
			return cli_usage(cli, &command_run, "-o: %s", err.text);
	if (!report_set_has_stdout(set) && report_set_add(set, "terminal", STDOUT_FILENO, &look, &err) < 0)
		return cli_usage(cli, &command_run, "%s", err.text);
	*ret_live = look.live;
	return CLI_OK;
}

static void on_tick(void *data)
{
	report_set_tick(data, clock_tape(), terminal_columns(STDOUT_FILENO, 80), NULL);
}

static int exit_status(const struct event_run_end *summary)
{
	if (summary->interrupted)
		return CLI_INTERRUPTED;
	if (summary->errors)
		return CLI_ERROR;
	return summary->failed || summary->flaky ? CLI_FAIL : CLI_OK;
}

static int run_cases(struct cli *cli, const struct run_options *chosen, const struct loaded *loaded)
{
	struct run_settings settings;
	struct report_set *reports = report_set_new();
	struct collector collector = {.sink = {.emit = collect}, .loaded = loaded};
	struct event_run_end summary = {0};
	struct err err = {0};
	bool live = false;
	int status = fill_settings(cli, chosen, &settings);

	if (status == CLI_OK)
		status = open_reports(cli, chosen, settings.invocation, reports, &live);
	if (status != CLI_OK) {
		report_set_free(reports);
		return status;
	}
	collector.next = report_set_sink(reports);
	struct supervision supervision = {
		.cases = loaded->cases.items, .count = loaded->cases.count, .settings = &settings, .sink = &collector.sink,
		.artifacts = chosen->artifacts, .program = "nslab " NSLAB_VERSION, .tick = live ? on_tick : NULL, .tick_data = reports,
	};
	fflush(NULL); /* runners are forked: what is buffered here must not be written twice */
	if (supervise(&supervision, &summary, &err) < 0) {
		cli_error(cli, "%s", err.text);
		status = CLI_ERROR;
	} else {
		status = exit_status(&summary);
	}
	if (report_set_close(reports, &err) < 0 || collector.broken) {
		cli_error(cli, "a report could not be written: %s", collector.broken ? collector.err.text : err.text);
		status = status == CLI_OK ? CLI_ERROR : status;
	}
	report_set_free(reports);
	last_failed_update(&collector.ran, &collector.failed);
	id_list_free(&collector.ran);
	id_list_free(&collector.failed);
	return status;
}

static int run(struct cli *cli, const void *values, const char *const *arguments, size_t count)
{
	const struct run_options *chosen = values;
	struct param_override *overrides = NULL;
	const char *const *paths = NULL;
	size_t override_count = 0, path_count = 0;
	struct loaded loaded = {0};
	struct err err = {0};
	int status = cli_params(cli, &command_run, &chosen->define, &overrides, &override_count);

	if (status != CLI_OK)
		return status;
	if (cli_find_scenarios(cli, arguments, count, &paths, &path_count, &err) < 0) {
		cli_error(cli, "%s", err.text);
		return CLI_USAGE;
	}
	if (!path_count) {
		cli_error(cli, "nothing selected: there is no *.nslab.yaml %s; nslab new writes a first one", count ? "in what was named" : "below here");
		return CLI_USAGE;
	}
	status = load_cases(cli, paths, path_count, overrides, override_count, chosen->strict, chosen->quiet, &loaded);
	if (status == CLI_OK)
		status = choose(cli, chosen, &loaded);
	if (status == CLI_OK && chosen->list)
		list_cases(cli, &loaded);
	else if (status == CLI_OK)
		status = run_cases(cli, chosen, &loaded);
	loaded_free(&loaded);
	return status;
}

const struct command command_run = {
	.name = "run",
	.group = GROUP_RUN,
	.summary = "run scenarios and say which expectations held",
	.arguments = "[PATH…]",
	.about = "PATH is a scenario file, a directory (every *.nslab.yaml below it), or a case\n"
		 "as reports name it: 'ping.nslab.yaml[family=ipv6]'. Without one, all below here.\n"
		 "\n"
		 "Exit status: 0 all passed or were skipped, 1 something failed or was flaky,\n"
		 "2 wrong usage, an invalid scenario or nothing selected, 3 the lab could not do\n"
		 "its work, 130 interrupted.",
	.examples = "  nslab run\n"
		    "  nslab run scenarios -k 'tcp and not nat' -v\n"
		    "  nslab run -o terminal -o junit=out.xml --artifacts out scenarios\n",
	.options = options,
	.options_size = sizeof(struct run_options),
	.arguments_max = UINT_MAX,
	.run = run,
};
