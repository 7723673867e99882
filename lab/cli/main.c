/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program: finds the command, parses its options, runs it, and makes sure that its output arrived. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lab/cli/commands.h"
#include "lab/cli/help.h"
#include "lab/cli/option.h"

static bool wants_colour(int when, int fd)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (when != COLOUR_AUTO)
		return when == COLOUR_ALWAYS;
	return isatty(fd) && !(no_colour && *no_colour) && !(terminal && strcmp(terminal, "dumb") == 0);
}

static unsigned terminal_columns(int fd)
{
	struct winsize size;
	uint64_t columns;
	const char *told = getenv("COLUMNS");

	if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
		return size.ws_col;
	if (told && str_to_u64(told, &columns) == 0 && columns >= 20 && columns <= 1000)
		return (unsigned)columns;
	return 80;
}

static void cli_init(struct cli *cli, struct arena *arena)
{
	*cli = (struct cli){
		.arena = arena,
		.out = stdout,
		.err = stderr,
		.colour = wants_colour(COLOUR_AUTO, STDOUT_FILENO),
		.colour_err = wants_colour(COLOUR_AUTO, STDERR_FILENO),
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.terminal = isatty(STDOUT_FILENO),
		.columns = terminal_columns(STDOUT_FILENO),
	};
}

static int run_command(struct cli *cli, const struct command *command, int argc, char **argv)
{
	struct parsed_options options;
	struct err err = {0};

	if (option_parse(command, argc, argv, cli->arena, &options, &err) < 0)
		return cli_usage(cli, command, "%s", err.text);
	cli->colour = wants_colour(options.common.colour, STDOUT_FILENO);
	cli->colour_err = wants_colour(options.common.colour, STDERR_FILENO);
	if (options.common.help) {
		struct text out = {0};

		help_print_command(cli, command, &out);
		cli_print(cli, &out);
		text_free(&out);
		return CLI_OK;
	}
	return command->run(cli, options.values, options.arguments, options.argument_count);
}

static int dispatch(struct cli *cli, int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return command_help.run(cli, NULL, NULL, 0);
	if (strcmp(argv[1], "--version") == 0) {
		fputs("nslab " NSLAB_VERSION "\n", cli->out);
		return CLI_OK;
	}
	if (argv[1][0] == '-')
		return cli_usage(cli, NULL, "options stand after a command; only --help and --version stand alone, not '%s'", argv[1]);
	const struct command *command = command_find(argv[1]);
	if (!command)
		return help_unknown_command(cli, argv[1]);
	return run_command(cli, command, argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
	struct cli cli;

	setlocale(LC_CTYPE, "");
	struct arena *arena = arena_new();
	cli_init(&cli, arena);
	int status = dispatch(&cli, argc, argv);
	/* A full disk must not look like success. */
	errno = 0;
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == CLI_OK) {
		cli_error(&cli, "cannot write the output: %s", errno ? strerror(errno) : "write error");
		status = CLI_ERROR;
	}
	arena_free(arena);
	return status;
}
