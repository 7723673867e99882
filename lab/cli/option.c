/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options: command line words into a struct, by the command's table. */
#include "lab/cli/option.h"

#include <errno.h>
#include <string.h>

static const char *const colour_words[] = {"auto", "always", "never", NULL};

const struct option common_option_table[] = {
	{OPTION_AT(struct common_options, colour, "color"), .argument = "WHEN", .type = &type_enum, .choices = colour_words,
	 .standard = "auto", .doc = "colours: auto (on a terminal, unless NO_COLOR is set), always, never"},
	{OPTION_AT(struct common_options, help, "help"), .letter = 'h', .doc = "show this help"},
	{0},
};

/* What one parse works with: the command's table, then the common one. */
struct parser {
	const struct command *command;
	struct arena *arena;
	struct parsed_options *ret;
	int argc;
	char *const *argv;
	int next;
	ARRAY(const char *) arguments;
};

static const struct option *const no_options = (const struct option[]){{0}};

static const struct option *table_of(const struct parser *parser, int which)
{
	if (which == 1)
		return common_option_table;
	return parser->command->options ? parser->command->options : no_options;
}

static const struct option *find(const struct parser *parser, const char *name, size_t length, char letter, void **ret_values)
{
	for (int which = 0; which < 2; which++)
		for (const struct option *o = table_of(parser, which); o->name; o++)
			if (name ? strncmp(o->name, name, length) == 0 && !o->name[length] : o->letter && o->letter == letter) {
				*ret_values = which ? (void *)&parser->ret->common : parser->ret->values;
				return o;
			}
	return NULL;
}

/* The field that a value type wants to see beside the text. */
static struct field field_of(const struct option *option)
{
	return (struct field){.name = option->name, .type = option->type ? option->type : &type_string, .min = option->min,
			      .max = option->max, .choices = option->choices};
}

static int set_standards(const struct option *table, void *values, struct arena *arena, struct err *err)
{
	for (const struct option *o = table; o->name; o++) {
		struct field field = field_of(o);

		if (!o->standard)
			continue;
		int r = field.type->parse(&field, o->standard, arena, (char *)values + o->offset, err);
		if (r < 0)
			return err_wrap(err, "default of --%s", o->name);
	}
	return 0;
}

static void append(struct value_list *list, const char *text, struct arena *arena)
{
	const char **values = arena_alloc(arena, (list->count + 1) * sizeof(*values));

	if (list->count)
		memcpy(values, list->values, list->count * sizeof(*values));
	values[list->count++] = text;
	list->values = values;
}

static int set_value(const struct parser *parser, const struct option *option, void *values, const char *text, struct err *err)
{
	void *at = (char *)values + option->offset;
	struct field field = field_of(option);

	if (option->argument && option->repeatable) {
		append(at, text, parser->arena);
	} else if (option->argument) {
		int r = field.type->parse(&field, text, parser->arena, at, err);
		if (r < 0)
			return err_wrap(err, "--%s", option->name);
	} else if (option->repeatable) {
		(*(int *)at)++;
	} else {
		*(bool *)at = true;
	}
	return 0;
}

static int unknown(const struct parser *parser, const char *name, size_t length, struct err *err)
{
	ARRAY(const char *) names = {0};
	char word[64];

	for (int which = 0; which < 2; which++)
		for (const struct option *o = table_of(parser, which); o->name; o++)
			array_push(&names, o->name);
	if (length >= sizeof(word))
		length = sizeof(word) - 1;
	memcpy(word, name, length);
	word[length] = '\0';
	const char *near = str_nearest(word, names.items, names.count);
	array_free(&names);
	if (near)
		return err_set(err, -EINVAL, "unknown option --%s; did you mean --%s?", word, near);
	return err_set(err, -EINVAL, "unknown option --%s", word);
}

static int parse_long(struct parser *parser, const char *word, struct err *err)
{
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	void *values = NULL;
	const struct option *option = find(parser, word, length, 0, &values);

	if (!option)
		return unknown(parser, word, length, err);
	if (!option->argument && equals)
		return err_set(err, -EINVAL, "--%s takes no value", option->name);
	const char *text = equals ? equals + 1 : NULL;
	if (option->argument && !text) {
		if (parser->next >= parser->argc)
			return err_set(err, -EINVAL, "--%s wants %s", option->name, option->argument);
		text = parser->argv[parser->next++];
	}
	return set_value(parser, option, values, text, err);
}

static int parse_letters(struct parser *parser, const char *letters, struct err *err)
{
	for (const char *c = letters; *c; c++) {
		void *values = NULL;
		const struct option *option = find(parser, NULL, 0, *c, &values);

		if (!option)
			return err_set(err, -EINVAL, "unknown option -%c", *c);
		const char *text = NULL;
		if (option->argument) {
			text = c[1] ? c + 1 : parser->next < parser->argc ? parser->argv[parser->next++] : NULL;
			if (!text)
				return err_set(err, -EINVAL, "-%c wants %s", *c, option->argument);
		}
		int r = set_value(parser, option, values, text, err);
		if (r < 0 || option->argument)
			return r;
	}
	return 0;
}

static int parse_words(struct parser *parser, struct err *err)
{
	bool ended = false;

	while (parser->next < parser->argc) {
		const char *word = parser->argv[parser->next++];
		int r = 0;

		if (ended || word[0] != '-' || !word[1])
			array_push(&parser->arguments, word);
		else if (strcmp(word, "--") == 0)
			ended = true;
		else if (word[1] == '-')
			r = parse_long(parser, word + 2, err);
		else
			r = parse_letters(parser, word + 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_count(const struct command *command, size_t count, const char *extra, struct err *err)
{
	if (count < command->arguments_min)
		return err_set(err, -EINVAL, "%s wants %s", command->name, command->arguments);
	if (count > command->arguments_max && !command->arguments_max)
		return err_set(err, -EINVAL, "%s takes no arguments, but got '%s'", command->name, extra);
	if (count > command->arguments_max)
		return err_set(err, -EINVAL, "one argument too many: '%s'", extra);
	return 0;
}

int option_parse(const struct command *command, int argc, char *const *argv, struct arena *arena, struct parsed_options *ret,
		 struct err *err)
{
	struct parser parser = {.command = command, .arena = arena, .ret = ret, .argc = argc, .argv = argv};

	*ret = (struct parsed_options){.values = arena_alloc(arena, command->options_size ? command->options_size : 1)};
	int r = set_standards(common_option_table, &ret->common, arena, err);
	if (r == 0)
		r = set_standards(table_of(&parser, 0), ret->values, arena, err);
	if (r == 0)
		r = parse_words(&parser, err);
	if (r == 0 && !ret->common.help) {
		size_t last = parser.arguments.count;
		const char *extra = last > command->arguments_max ? parser.arguments.items[command->arguments_max] : NULL;

		r = check_count(command, last, extra, err);
	}
	if (r == 0) {
		const char **arguments = arena_alloc(arena, (parser.arguments.count + 1) * sizeof(*arguments));

		if (parser.arguments.count)
			memcpy(arguments, parser.arguments.items, parser.arguments.count * sizeof(*arguments));
		ret->arguments = arguments;
		ret->argument_count = parser.arguments.count;
	}
	array_free(&parser.arguments);
	return r;
}

static void add_heading(const struct option *option, struct text *out)
{
	if (option->letter)
		text_addf(out, "-%c, --%s", option->letter, option->name);
	else
		text_addf(out, "    --%s", option->name);
	if (option->argument)
		text_addf(out, " %s", option->argument);
}

static size_t heading_width(const struct option *table)
{
	size_t width = 0;

	for (const struct option *o = table; o->name; o++) {
		_cleanup_text_ struct text heading = {0};

		add_heading(o, &heading);
		size_t mine = text_width(text_str(&heading), heading.length);
		if (mine > width && mine <= 28)
			width = mine;
	}
	return width;
}

static void print_table(const struct option *table, size_t width, bool colour, unsigned columns, struct text *out)
{
	for (const struct option *o = table; o->name; o++) {
		_cleanup_text_ struct text heading = {0};
		_cleanup_text_ struct text doc = {0};

		add_heading(o, &heading);
		text_add(&doc, o->doc);
		if (o->standard && o->argument && !strstr(o->doc, o->standard))
			text_addf(&doc, " (default %s)", o->standard);
		if (o->repeatable && o->argument)
			text_add(&doc, "; may be given again");
		text_addf(out, "  %s%s%s", style(colour, STYLE_BOLD), text_str(&heading), style(colour, STYLE_RESET));
		size_t taken = text_width(text_str(&heading), heading.length);
		if (taken > width) {
			text_add_char(out, '\n');
			taken = 0;
			text_add(out, "  ");
		}
		for (; taken < width + 2; taken++)
			text_add_char(out, ' ');
		text_wrap(out, text_str(&doc), width + 4, columns);
		text_add_char(out, '\n');
	}
}

void option_print_tables(const struct option *table, bool colour, unsigned columns, struct text *out)
{
	size_t mine = table ? heading_width(table) : 0, common = heading_width(common_option_table);

	if (table)
		print_table(table, mine > common ? mine : common, colour, columns, out);
	print_table(common_option_table, mine > common ? mine : common, colour, columns, out);
}
