/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options: command line words into a struct, by the command's table. */
#pragma once

#include "lab/cli/command.h"

/* What every command takes. */
struct common_options {
	bool help;
	int colour; /* enum colour_when */
};
enum colour_when { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
extern const struct option common_option_table[];

struct parsed_options {
	void *values;             /* of command->options_size, in the arena */
	struct common_options common;
	const char *const *arguments; /* NULL-terminated, pointing into argv */
	size_t argument_count;
};

/*
 * Parses words after the command's own name. Options may stand among arguments; "--" ends them; -j4, -j 4, --jobs=4 and
 * --jobs 4 are the same; letters without arguments may be joined. 0, or -EINVAL with what is wrong and the nearest name.
 */
int option_parse(const struct command *command, int argc, char *const *argv, struct arena *arena, struct parsed_options *ret,
		 struct err *err);
/* The options of a command (NULL: none) and the common ones as help shows them, indented by two. */
void option_print_tables(const struct option *table, bool colour, unsigned columns, struct text *out);
