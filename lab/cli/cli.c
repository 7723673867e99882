/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands share: messages, styles, wrapped text, params, scenario files found below a directory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lab/cli/command.h"

#define SUFFIX ".nslab.yaml"
#define DEPTH_MAX 32

const char *style(bool colour, enum style which)
{
	static const char *const sequences[] = {
		[STYLE_RESET] = "\x1b[0m", [STYLE_BOLD] = "\x1b[1m", [STYLE_DIM] = "\x1b[2m", [STYLE_RED] = "\x1b[1;31m",
		[STYLE_GREEN] = "\x1b[32m", [STYLE_YELLOW] = "\x1b[33m", [STYLE_BLUE] = "\x1b[34m", [STYLE_CYAN] = "\x1b[36m",
	};

	return colour ? sequences[which] : "";
}

void cli_print(const struct cli *cli, const struct text *text)
{
	fwrite(text_str(text), 1, text->length, cli->out);
}

static void complain(const struct cli *cli, const char *fmt, va_list args)
{
	struct text text = {0};

	text_addf(&text, "%snslab:%s ", style(cli->colour_err, STYLE_RED), style(cli->colour_err, STYLE_RESET));
	text_addv(&text, fmt, args);
	text_add_char(&text, '\n');
	fflush(cli->out);
	fputs(text_str(&text), cli->err);
	text_free(&text);
}

void cli_error(const struct cli *cli, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(cli, fmt, args);
	va_end(args);
}

int cli_usage(const struct cli *cli, const struct command *command, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(cli, fmt, args);
	va_end(args);
	if (command)
		fprintf(cli->err, "       'nslab help %s' shows what it takes\n", command->name);
	else
		fputs("       'nslab' alone lists the commands\n", cli->err);
	return CLI_USAGE;
}

int cli_params(const struct cli *cli, const struct command *command, const struct value_list *words, struct param_override **ret,
	       size_t *ret_count)
{
	struct param_override *overrides = arena_alloc(cli->arena, (words->count + 1) * sizeof(*overrides));
	const char *const *texts = words->values;

	for (size_t i = 0; i < words->count; i++) {
		const char *equals = strchr(texts[i], '=');

		if (!equals || equals == texts[i])
			return cli_usage(cli, command, "-D wants NAME=VALUE, not '%s'", texts[i]);
		overrides[i].name = arena_strndup(cli->arena, texts[i], (size_t)(equals - texts[i]));
		overrides[i].value = equals + 1;
	}
	*ret = overrides;
	*ret_count = words->count;
	return 0;
}

void cli_print_diags(const struct cli *cli, struct diag_list *diags, bool strict, FILE *out, bool colour)
{
	(void)cli;
	diag_list_sort(diags);
	for (size_t i = 0; i < diags->items.count; i++) {
		struct text text = {0};

		diag_print(&diags->items.items[i], colour, strict, &text);
		fwrite(text_str(&text), 1, text.length, out);
		text_free(&text);
	}
}

typedef ARRAY(const char *) path_list;

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in one directory, sorted, so that no order depends on the file system. */
static int list_directory(const struct cli *cli, const char *path, path_list *ret, struct err *err)
{
	DIR *directory = opendir(path);

	if (!directory)
		return err_errno(err, -errno, "cannot read the directory '%s'", path);
	for (struct dirent *entry; (entry = readdir(directory));)
		if (entry->d_name[0] != '.')
			array_push(ret, arena_strdup(cli->arena, entry->d_name));
	closedir(directory);
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), compare_paths);
	return 0;
}

/* Files before directories; symbolic links to directories are not followed, so there is no circle. */
static int find_below(const struct cli *cli, const char *directory, unsigned depth, path_list *found, struct err *err)
{
	path_list names = {0};
	int r = depth > DEPTH_MAX ? 0 : list_directory(cli, directory, &names, err);

	for (int pass = 0; r == 0 && pass < 2; pass++)
		for (size_t i = 0; r == 0 && i < names.count; i++) {
			const char *path = strcmp(directory, ".") == 0 ? names.items[i] :
					   arena_printf(cli->arena, "%s%s%s", directory, str_ends(directory, "/") ? "" : "/", names.items[i]);
			struct stat st;

			if (lstat(path, &st) < 0)
				continue;
			if (pass == 0 && !S_ISDIR(st.st_mode) && str_ends(path, SUFFIX))
				array_push(found, path);
			else if (pass == 1 && S_ISDIR(st.st_mode))
				r = find_below(cli, path, depth + 1, found, err);
		}
	array_free(&names);
	return r;
}

size_t cli_case_file(const char *argument)
{
	const char *end = strstr(argument, SUFFIX "[");

	if (!str_ends(argument, "]") || access(argument, F_OK) == 0)
		return 0;
	if (!end)
		end = strchr(argument, '[');
	else
		end += strlen(SUFFIX);
	return end ? (size_t)(end - argument) : 0;
}

static int find_argument(const struct cli *cli, const char *path, path_list *found, struct err *err)
{
	size_t length = cli_case_file(path);
	struct stat st;

	if (length) {
		const char *file = arena_strndup(cli->arena, path, length);

		if (stat(file, &st) < 0)
			return err_errno(err, -errno, "cannot read '%s'", file);
		array_push(found, path);
		return 0;
	}
	if (stat(path, &st) < 0)
		return err_errno(err, -errno, "cannot read '%s'", path);
	if (!S_ISDIR(st.st_mode)) {
		array_push(found, path);
		return 0;
	}
	size_t before = found->count;
	int r = find_below(cli, path, 0, found, err);
	if (r == 0 && found->count == before)
		return err_set(err, -ENOENT, "no *" SUFFIX " in '%s' or below it", path);
	return r;
}

int cli_find_scenarios(const struct cli *cli, const char *const *arguments, size_t count, const char *const **ret, size_t *ret_count,
		       struct err *err)
{
	static const char *const here[] = {"."};
	path_list found = {0};
	int r = 0;

	if (!count) {
		arguments = here;
		count = 1;
	}
	for (size_t i = 0; r == 0 && i < count; i++)
		r = find_argument(cli, arguments[i], &found, err);
	if (r == 0) {
		const char **paths = arena_alloc(cli->arena, found.count * sizeof(*paths));

		memcpy(paths, found.items, found.count * sizeof(*paths));
		*ret = paths;
		*ret_count = found.count;
	}
	array_free(&found);
	return r;
}
