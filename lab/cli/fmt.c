/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslab fmt: one way to lay scenarios out. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "lab/cli/commands.h"
#include "lab/scenario/format.h"

struct fmt_options {
	bool check;
};

#define STDIN_MAX (4u << 20)

static int read_stdin(struct arena *arena, struct source **ret, struct err *err)
{
	_cleanup_text_ struct text all = {0};
	char buffer[65536];
	size_t got;

	while ((got = fread(buffer, 1, sizeof(buffer), stdin)) > 0) {
		text_add_bytes(&all, buffer, got);
		if (all.length > STDIN_MAX)
			return err_set(err, -EFBIG, "standard input has more than 4 MiB");
	}
	if (ferror(stdin))
		return err_errno(err, -errno, "cannot read standard input");
	*ret = arena_new_of(arena, struct source);
	(*ret)->path = "<standard input>";
	(*ret)->text = arena_strndup(arena, text_str(&all), all.length);
	(*ret)->length = all.length;
	return 0;
}

static int write_all(int fd, const struct text *text)
{
	for (size_t done = 0; done < text->length;) {
		ssize_t wrote = write(fd, text_str(text) + done, text->length - done);

		if (wrote < 0 && errno != EINTR)
			return -errno;
		if (wrote > 0)
			done += (size_t)wrote;
	}
	return 0;
}

/* Beside the file, then into its place: a reader sees the old text or the new one, never half of it. */
static int replace_file(const char *path, const struct text *text, struct err *err)
{
	char real[PATH_MAX];
	struct stat st;
	_cleanup_text_ struct text temporary = {0};

	if (!realpath(path, real) || stat(real, &st) < 0)
		return err_errno(err, -errno, "cannot find '%s'", path);
	text_addf(&temporary, "%s.XXXXXX", real);
	_cleanup_close_ int fd = mkostemp(temporary.data, O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, -errno, "cannot make a file beside '%s'", path);
	int r = write_all(fd, text);
	if (r == 0 && fchmod(fd, st.st_mode & 07777) < 0)
		r = -errno;
	if (r == 0 && (st.st_uid != geteuid() || st.st_gid != getegid()) && fchown(fd, st.st_uid, st.st_gid) < 0 && errno != EPERM)
		r = -errno;
	if (r == 0 && rename(text_str(&temporary), real) < 0)
		r = -errno;
	if (r < 0) {
		unlink(text_str(&temporary));
		return err_errno(err, r, "cannot write '%s'", path);
	}
	return 0;
}

/* One line of a text, without its end; false at the end of the text. */
static bool next_line(const char **at, const char *end, const char **ret_line, size_t *ret_length)
{
	if (*at >= end)
		return false;
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	*ret_line = *at;
	*ret_length = (size_t)((newline ? newline : end) - *at);
	*at = newline ? newline + 1 : end;
	return true;
}

static bool is_blank(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
			return false;
	return true;
}

static void add_line(struct text *out, bool colour, char sign, const char *line, size_t length)
{
	text_addf(out, "%s%c", style(colour, sign == ' ' ? STYLE_DIM : sign == '-' ? STYLE_RED : STYLE_GREEN), sign);
	text_add_visible(out, line, length);
	text_addf(out, "%s\n", style(colour, STYLE_RESET));
}

/*
 * What would change. Formatting keeps every line that is not blank, and their
 * order, so both texts can be walked side by side.
 */
static void add_changes(const struct cli *cli, const struct source *source, const struct text *formatted, struct text *out)
{
	const char *a = source->text, *a_end = a + source->length;
	const char *b = text_str(formatted), *b_end = b + formatted->length;
	const char *old = NULL, *new = NULL;
	size_t old_length = 0, new_length = 0, line = 1, last = SIZE_MAX;
	bool shown = false;
	bool has_old = next_line(&a, a_end, &old, &old_length), has_new = next_line(&b, b_end, &new, &new_length);

	while (has_old || has_new) {
		bool same = has_old && has_new && old_length == new_length && memcmp(old, new, old_length) == 0;
		bool drop = has_old && (!has_new || is_blank(old, old_length) || !is_blank(new, new_length));
		bool add = has_new && (!has_old || is_blank(new, new_length) || !is_blank(old, old_length));

		if (drop && add && is_blank(old, old_length) != is_blank(new, new_length)) {
			drop = is_blank(old, old_length);
			add = !drop;
		}
		/* The line after a change tells where it is. */
		if (same && shown) {
			add_line(out, cli->colour, ' ', old, old_length);
			shown = false;
		}
		if (!same && (last == SIZE_MAX || line > last + 1))
			text_addf(out, "%s@ line %zu%s\n", style(cli->colour, STYLE_CYAN), line, style(cli->colour, STYLE_RESET));
		if (!same) {
			last = line;
			shown = true;
			if (drop)
				add_line(out, cli->colour, '-', old, old_length);
			if (add)
				add_line(out, cli->colour, '+', new, new_length);
		}
		if (same || drop) {
			line++;
			has_old = next_line(&a, a_end, &old, &old_length);
		}
		if (same || add)
			has_new = next_line(&b, b_end, &new, &new_length);
	}
}

static int format_one(struct cli *cli, const struct fmt_options *options, const char *path, bool *ret_changed)
{
	struct arena *arena = arena_new();
	struct diag_list diags = {0};
	struct source *source = NULL;
	struct err err = {0};
	_cleanup_text_ struct text formatted = {0};
	_cleanup_text_ struct text changes = {0};
	bool is_stdin = strcmp(path, "-") == 0;
	int status = CLI_OK, r = 0;

	if (is_stdin)
		r = read_stdin(arena, &source, &err);
	else
		source = source_read(path, arena, (struct span){0}, &diags);
	if (source)
		r = format_source(source, &diags, &formatted, &err);
	if (!source || r < 0) {
		cli_print_diags(cli, &diags, false, cli->err, cli->colour_err);
		if (!diags.errors)
			cli_error(cli, "%s", err.text);
		status = CLI_USAGE;
		goto out;
	}
	bool same = formatted.length == source->length && memcmp(text_str(&formatted), source->text, source->length) == 0;
	*ret_changed |= !same;
	if (options->check && !same) {
		text_addf(&changes, "%s%s%s\n", style(cli->colour, STYLE_BOLD), source->path, style(cli->colour, STYLE_RESET));
		add_changes(cli, source, &formatted, &changes);
		cli_print(cli, &changes);
	} else if (!options->check && is_stdin) {
		cli_print(cli, &formatted);
	} else if (!options->check && !same) {
		if (replace_file(path, &formatted, &err) < 0) {
			cli_error(cli, "%s", err.text);
			status = CLI_ERROR;
		} else {
			fprintf(cli->out, "%s\n", path);
		}
	}
out:
	diag_list_free(&diags);
	arena_free(arena);
	return status;
}

static int run(struct cli *cli, const void *values, const char *const *arguments, size_t count)
{
	const struct fmt_options *options = values;
	bool changed = false;
	int status = CLI_OK;

	for (size_t i = 0; i < count; i++) {
		const char *const *paths = &arguments[i];
		size_t path_count = 1;
		struct err err = {0};

		if (strcmp(arguments[i], "-") != 0 && cli_find_scenarios(cli, &arguments[i], 1, &paths, &path_count, &err) < 0) {
			cli_error(cli, "%s", err.text);
			status = CLI_USAGE;
			continue;
		}
		for (size_t j = 0; j < path_count; j++) {
			int one = format_one(cli, options, paths[j], &changed);

			status = one > status ? one : status;
		}
	}
	return status == CLI_OK && options->check && changed ? CLI_FAIL : status;
}

static const struct option options[] = {
	{OPTION_AT(struct fmt_options, check, "check"), .doc = "change nothing: show what would change, and exit with 1 if anything would"},
	{0},
};

const struct command command_fmt = {
	.name = "fmt",
	.group = GROUP_WRITE,
	.summary = "lay scenarios out in one way, keeping every comment",
	.arguments = "PATH…",
	.about = "Two columns an indentation, one space after - and :, a blank line before each\n"
		 "top-level part and each named step. The order of keys, quotes and comments stay.\n"
		 "Files that change are named. A folder means all *.nslab.yaml below it; - formats\n"
		 "standard input to standard output.",
	.examples = "  nslab fmt ping.nslab.yaml\n  nslab fmt --check scenarios\n  nslab fmt - < draft.yaml",
	.options = options,
	.options_size = sizeof(struct fmt_options),
	.arguments_min = 1,
	.arguments_max = UINT_MAX,
	.run = run,
};
