/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslab doctor: what this machine allows, and what to change where it does not. */
#include "lab/run/doctor.h"

#include <string.h>

#include "lab/cli/commands.h"

struct doctor_options {
	bool json;
};

static void add_json_member(struct text *out, const char *name, const char *value)
{
	text_addf(out, ", \"%s\": ", name);
	if (value)
		text_add_json(out, value, strlen(value));
	else
		text_add(out, "null");
}

static void add_json(const struct doctor_report *report, struct text *out)
{
	text_addf(out, "{\n  \"version\": 1,\n  \"lab_possible\": %s,\n  \"privileged\": %s,\n  \"findings\": [",
		  report->lab_possible ? "true" : "false", report->privileged ? "true" : "false");
	for (size_t i = 0; i < report->lines.count; i++) {
		const struct doctor_line *line = &report->lines.items[i];

		text_addf(out, "%s\n    {\"group\": \"%s\", \"name\": \"%s\", \"state\": \"%s\"", i ? "," : "", doctor_group_names[line->group],
			  line->name, doctor_state_names[line->state]);
		add_json_member(out, "about", line->doc);
		add_json_member(out, "note", line->note);
		add_json_member(out, "remedy", line->remedy);
		text_add_char(out, '}');
	}
	text_add(out, "\n  ]\n}\n");
}

static void add_mark(const struct cli *cli, enum doctor_state state, struct text *out)
{
	static const struct {
		const char *utf8, *ascii;
		enum style style;
	} marks[] = {
		[DOCTOR_OK] = {"✓", "ok", STYLE_GREEN},
		[DOCTOR_MISSING] = {"–", "no", STYLE_YELLOW},
		[DOCTOR_FATAL] = {"✗", "NO", STYLE_RED},
		[DOCTOR_UNTRIED] = {"?", "??", STYLE_DIM},
	};

	text_addf(out, "%s%s%s", style(cli->colour, marks[state].style), cli->utf8 ? marks[state].utf8 : marks[state].ascii,
		  style(cli->colour, STYLE_RESET));
}

static void add_line(const struct cli *cli, const struct doctor_line *line, struct text *out)
{
	unsigned columns = cli->columns < 110 ? cli->columns : 110;
	size_t indent = cli->utf8 ? 20 : 21;
	bool is_limit = line->group == DOCTOR_LIMIT;

	text_add(out, "  ");
	add_mark(cli, line->state, out);
	text_addf(out, " %-15s ", line->name);
	text_wrap(out, is_limit && line->note ? line->note : line->doc, indent, columns);
	text_add_char(out, '\n');
	for (int i = 0; i < 2; i++) {
		const char *more = i ? line->remedy : line->state != DOCTOR_OK && !is_limit ? line->note : NULL;

		if (!more)
			continue;
		text_addf(out, "%*s", (int)indent, "");
		text_add(out, i ? style(cli->colour, STYLE_CYAN) : style(cli->colour, STYLE_DIM));
		_cleanup_text_ struct text words = {0};
		text_addf(&words, "%s%s", i ? "to change it: " : "", more);
		text_wrap(out, text_str(&words), indent, columns);
		text_addf(out, "%s\n", style(cli->colour, STYLE_RESET));
	}
}

static void add_summary(const struct cli *cli, const struct doctor_report *report, struct text *out)
{
	size_t missing = 0;

	for (size_t i = 0; i < report->lines.count; i++)
		missing += report->lines.items[i].state == DOCTOR_MISSING;
	if (!report->lab_possible) {
		text_addf(out, "%sNo lab is possible here%s until what is marked above is changed.\n", style(cli->colour, STYLE_RED),
			  style(cli->colour, STYLE_RESET));
		return;
	}
	text_addf(out, "%sLabs run here%s, %s.", style(cli->colour, STYLE_GREEN), style(cli->colour, STYLE_RESET),
		  report->privileged ? "with the rights this process has" : "in user namespaces, with no rights on the host");
	if (missing)
		text_addf(out, " %zu %s not there: scenarios that require %s are skipped, and say so.", missing,
			  missing == 1 ? "thing is" : "things are", missing == 1 ? "it" : "them");
	text_add_char(out, '\n');
}

static int run(struct cli *cli, const void *values, const char *const *arguments, size_t count)
{
	const struct doctor_options *options = values;
	struct doctor_report report;
	_cleanup_text_ struct text out = {0};

	(void)arguments;
	(void)count;
	doctor_examine(&report);
	if (options->json) {
		add_json(&report, &out);
	} else {
		for (int group = 0; group < DOCTOR_GROUP_COUNT; group++) {
			text_addf(&out, "%s%s%s\n", style(cli->colour, STYLE_BOLD), doctor_group_titles[group], style(cli->colour, STYLE_RESET));
			for (size_t i = 0; i < report.lines.count; i++)
				if ((int)report.lines.items[i].group == group)
					add_line(cli, &report.lines.items[i], &out);
			text_add_char(&out, '\n');
		}
		add_summary(cli, &report, &out);
	}
	cli_print(cli, &out);
	int status = report.lab_possible ? CLI_OK : CLI_ERROR;
	doctor_report_free(&report);
	return status;
}

static const struct option options[] = {
	{OPTION_AT(struct doctor_options, json, "json"), .doc = "print the findings as JSON"},
	{0},
};

const struct command command_doctor = {
	.name = "doctor",
	.group = GROUP_MACHINE,
	.summary = "say what this machine allows, and what to change where it does not",
	.arguments = "",
	.about = "Every line is found out by doing, in a process with namespaces of its own; the\n"
		 "machine's network is not touched. The words at the left are those that\n"
		 "`requires: {features: […], programs: […]}` takes. Exit status 3 where no lab is\n"
		 "possible.",
	.examples = "  nslab doctor\n  nslab doctor --json | jq '.findings[] | select(.state != \"ok\")'",
	.options = options,
	.options_size = sizeof(struct doctor_options),
	.run = run,
};
