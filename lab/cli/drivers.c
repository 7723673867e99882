/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslab drivers: the techniques, their options, and whether this machine has them. */
#include "drivers/driver.h"

#include <string.h>

#include "lab/cli/commands.h"
#include "lab/run/feature.h"
#include "lab/scenario/explain.h"

static void add_verbs(const struct driver *driver, struct text *out)
{
	const char *words[3];
	size_t count = 0;

	if (driver->send_options)
		words[count++] = "send";
	if (driver->receive_options)
		words[count++] = "receive";
	if (driver->open_options)
		words[count++] = "open";
	for (size_t i = 0; i < count; i++)
		text_addf(out, "%s%s", i ? ", " : "", words[i]);
}

static void list_drivers(const struct cli *cli, struct text *out)
{
	for (const struct driver *const *d = drivers; *d; d++) {
		_cleanup_text_ struct text verbs = {0};

		add_verbs(*d, &verbs);
		text_addf(out, "%s%-10s%s %s%-20s%s ", style(cli->colour, STYLE_BOLD), (*d)->name, style(cli->colour, STYLE_RESET),
			  style(cli->colour, STYLE_DIM), text_str(&verbs), style(cli->colour, STYLE_RESET));
		text_wrap(out, (*d)->summary, 32, cli->columns);
		text_add_char(out, '\n');
	}
	text_addf(out, "\n'nslab drivers NAME' shows one's options, and tries it on this machine.\n");
}

static void add_options(const struct cli *cli, const char *verb, const struct node_kind *kind, struct text *out)
{
	if (!kind)
		return;
	text_addf(out, "\n%sBeside %s:%s", style(cli->colour, STYLE_BOLD), verb, style(cli->colour, STYLE_RESET));
	if (!kind->field_count) {
		text_add(out, " no options of its own\n");
		return;
	}
	text_add_char(out, '\n');
	for (size_t i = 0; i < kind->field_count; i++) {
		const struct field *field = &kind->fields[i];
		size_t start = out->length;

		if (field->flags & FIELD_HIDDEN)
			continue;
		text_addf(out, "  %s", field->name);
		text_pad(out, 22, start);
		text_add_char(out, ' ');
		_cleanup_text_ struct text words = {0};
		text_add(&words, field->doc);
		text_add(&words, " (");
		explain_add_type(field, &words);
		if (field->flags & FIELD_REQUIRED)
			text_add(&words, ", required");
		if (field->standard)
			text_addf(&words, ", default %s", field->standard);
		text_add_char(&words, ')');
		text_wrap(out, text_str(&words), 23, cli->columns < 110 ? cli->columns : 110);
		text_add_char(out, '\n');
	}
}

static int show_driver(const struct cli *cli, const struct driver *driver, struct text *out)
{
	const struct feature *feature = feature_find(driver->name);
	struct err err = {0};

	text_addf(out, "%s%s%s: %s; see %s\n", style(cli->colour, STYLE_BOLD), driver->name, style(cli->colour, STYLE_RESET), driver->summary,
		  driver->source);
	add_options(cli, "send", driver->send_options, out);
	add_options(cli, "receive", driver->receive_options, out);
	add_options(cli, "open", driver->open_options, out);
	if (!feature)
		return CLI_OK;
	int r = feature_probe(feature, &err);
	text_addf(out, "\n%sOn this machine:%s ", style(cli->colour, STYLE_BOLD), style(cli->colour, STYLE_RESET));
	if (r < 0)
		text_addf(out, "%snot available%s: %s\n", style(cli->colour, STYLE_RED), style(cli->colour, STYLE_RESET), err.text);
	else
		text_addf(out, "%stried, and it works%s\n", style(cli->colour, STYLE_GREEN), style(cli->colour, STYLE_RESET));
	return CLI_OK;
}

static int run(struct cli *cli, const void *options, const char *const *arguments, size_t count)
{
	_cleanup_text_ struct text out = {0};

	(void)options;
	if (!count) {
		list_drivers(cli, &out);
		cli_print(cli, &out);
		return CLI_OK;
	}
	const struct driver *driver = driver_find(arguments[0]);
	if (!driver) {
		ARRAY(const char *) names = {0};
		for (const struct driver *const *d = drivers; *d; d++)
			array_push(&names, (*d)->name);
		const char *near = str_nearest(arguments[0], names.items, names.count);
		array_free(&names);
		if (near)
			return cli_usage(cli, &command_drivers, "there is no technique '%s'; did you mean '%s'?", arguments[0], near);
		return cli_usage(cli, &command_drivers, "there is no technique '%s'; 'nslab drivers' lists them", arguments[0]);
	}
	int status = show_driver(cli, driver, &out);
	cli_print(cli, &out);
	return status;
}

const struct command command_drivers = {
	.name = "drivers",
	.group = GROUP_MACHINE,
	.summary = "list the techniques for sending and receiving, with their options",
	.arguments = "[NAME]",
	.about = "With a name: its options, and whether it works here, found out by doing it in a\n"
		 "namespace of its own.",
	.examples = "  nslab drivers\n  nslab drivers tx_ring",
	.arguments_max = 1,
	.run = run,
};
