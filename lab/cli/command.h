/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command is: its name, its options, its words of help and its code, in one const struct. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "lab/base/field.h"
#include "lab/scenario/scenario.h"

/*
 * Theory of operation
 *
 * Each command lives in a file of its own (lab/cli/check.c) that defines one
 * `const struct command command_check`; commands.c lists them all. A command's
 * options are a table, and the table alone makes the parser, the help and the
 * completion. Parsed values land in a struct of the command's own, zeroed and
 * filled with the defaults first, through the same value types that read
 * scenarios: durations, counts and sizes mean the same in both.
 */

/* Exit statuses, as LANGUAGE.md fixes them. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAIL = 1,         /* a verdict fail or flaky; a file that fmt --check would change */
	CLI_USAGE = 2,        /* wrong words, an invalid scenario, nothing selected */
	CLI_ERROR = 3,        /* the work could not be done */
	CLI_INTERRUPTED = 130,
};

/* One option. Ends of tables have a NULL name. */
struct option {
	const char *name;              /* "--jobs" without the dashes */
	char letter;                   /* 'j', or 0 */
	const char *argument;          /* as help shows it: "N"; NULL: takes none, and is a bool */
	const struct value_type *type; /* of the argument; NULL: text */
	size_t offset;                 /* of the value in the command's options */
	const char *standard;          /* default, as text; NULL: zero bytes */
	int64_t min, max;
	const char *const *choices;    /* type_enum */
	bool repeatable;               /* with an argument: `struct value_list` of const char *; without: int, counting */
	const char *doc;
};
#define OPTION_AT(struct_type, member, long_name) .name = (long_name), .offset = offsetof(struct_type, member)

enum command_group { GROUP_WRITE, GROUP_RUN, GROUP_LOOK, GROUP_MACHINE, GROUP_COUNT };

/* One invocation: where output goes and how it may look. */
struct cli {
	struct arena *arena;
	FILE *out, *err;
	bool colour;      /* on `out` */
	bool colour_err;
	bool utf8;        /* the locale's; else draw in ASCII */
	bool terminal;    /* `out` is one */
	unsigned columns; /* of the terminal; 80 where there is none */
};

struct command {
	const char *name;
	enum command_group group;
	const char *summary;          /* one line, no full stop */
	const char *arguments;        /* "[FILE…]", "" */
	const char *about;            /* paragraphs, wrapped by hand to 78 columns */
	const char *examples;         /* lines "  nslab check ping.nslab.yaml", or NULL */
	const struct option *options; /* or NULL */
	size_t options_size;          /* of the struct that the options fill */
	unsigned arguments_min, arguments_max; /* max UINT_MAX: any number */
	/* Returns an exit status. `options` as described, `arguments` NULL-terminated. */
	int (*run)(struct cli *cli, const void *options, const char *const *arguments, size_t count);
};

/* Every command, in the order of the overview; ends with NULL. To find them all, read commands.c. */
extern const struct command *const commands[];
const struct command *command_find(const char *name);

/* "nslab: " and the message, to cli->err. */
void cli_error(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same, with where to read on. Returns CLI_USAGE. `command` may be NULL. */
int cli_usage(const struct cli *cli, const struct command *command, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void cli_print(const struct cli *cli, const struct text *text);

/* `-D name=value` options as the reader wants them. 0, or CLI_USAGE with the message printed. */
int cli_params(const struct cli *cli, const struct command *command, const struct value_list *words, struct param_override **ret,
	       size_t *ret_count);
#define OPTION_PARAMS(struct_type, member)                                                                   \
	{OPTION_AT(struct_type, member, "define"), .letter = 'D', .argument = "NAME=VALUE", .repeatable = true, \
	 .doc = "give one of the scenario's params another value"}

/* Length of FILE in an argument that names one of its cases, FILE[version=v1]; 0: it names no case. A file may be called that, too. */
size_t cli_case_file(const char *argument);

/*
 * The scenario files that the arguments mean: a file or a case is itself, a directory is
 * all *.nslab.yaml below it in the order of their names, no argument is ".".
 * Hidden directories are passed over. Paths live in cli->arena. 0, or a
 * negative errno with the message.
 */
int cli_find_scenarios(const struct cli *cli, const char *const *arguments, size_t count, const char *const **ret, size_t *ret_count,
		       struct err *err);

/* All findings and nothing else, to `out`; sorts them. */
void cli_print_diags(const struct cli *cli, struct diag_list *diags, bool strict, FILE *out, bool colour);

/* Escape sequences, "" without colour. */
enum style { STYLE_RESET, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_GREEN, STYLE_YELLOW, STYLE_BLUE, STYLE_CYAN };
const char *style(bool colour, enum style which);
