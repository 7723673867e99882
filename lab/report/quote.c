/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a scenario file, quoted under what went wrong in them. */
#include "lab/report/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (1 << 20)
#define LINES_MAX 9
#define TAB_CELLS 8

struct line {
	const char *start;
	size_t length;
	size_t begin;  /* bytes before the first character that is no blank */
	size_t indent; /* the cells they take */
	bool blank;
};

static bool read_file(const char *file, struct text *ret)
{
	_cleanup_close_ int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	char buffer[4096];

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > FILE_MAX)
		return false;
	for (;;) {
		ssize_t n = read(fd, buffer, sizeof(buffer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || ret->length > FILE_MAX)
			return false;
		if (n == 0)
			return ret->length > 0;
		text_add_bytes(ret, buffer, (size_t)n);
	}
}

/* The next line of what is left, which moves on. */
static struct line next_line(const char **left, size_t *left_length)
{
	const char *end = memchr(*left, '\n', *left_length);
	struct line line = {.start = *left, .length = end ? (size_t)(end - *left) : *left_length, .blank = true};
	size_t used = line.length + (end ? 1 : 0);

	while (line.length > 0 && strchr(" \t\r", line.start[line.length - 1]) && line.start[line.length - 1])
		line.length--;
	for (size_t i = 0; i < line.length && line.blank; i++) {
		if (line.start[i] == ' ')
			line.indent++;
		else if (line.start[i] == '\t')
			line.indent += TAB_CELLS;
		else
			line.blank = false;
		line.begin = i;
	}
	*left += used;
	*left_length -= used;
	return line;
}

/* Whether `line` still belongs to the entry that `first` begins: "- key:" owns what is deeper, "key:" its neighbours too. */
static bool belongs(const struct line *first, const struct line *line)
{
	bool dash = !first->blank && first->start[first->begin] == '-';

	return line->blank || (dash ? line->indent > first->indent : line->indent >= first->indent);
}

static void add_line(const struct style *style, const struct line *line, int64_t number, size_t outdent, size_t indent, struct text *out)
{
	_cleanup_text_ struct text spread = {0};
	bool leading = true;
	size_t skipped = 0;

	for (size_t i = 0; i < line->length; i++) {
		size_t cells = line->start[i] == '\t' ? TAB_CELLS : 1;

		leading = leading && (line->start[i] == ' ' || line->start[i] == '\t');
		for (size_t k = 0; k < cells; k++) {
			if (leading && skipped < outdent)
				skipped++;
			else
				text_add_char(&spread, line->start[i] == '\t' ? ' ' : line->start[i]);
		}
	}
	style_add_spaces(indent, out);
	style_paint(style, PAINT_DIM, out);
	text_addf(out, "%5lld %s ", (long long)number, style_sign(style, SIGN_BAR));
	style_plain(style, out);
	style_add_cut(style, text_str(&spread), style->columns - indent - 8, out);
	text_add_char(out, '\n');
}

bool quote_source(const struct style *style, const char *file, int64_t line, size_t indent, struct text *out)
{
	_cleanup_text_ struct text text = {0};
	struct line lines[LINES_MAX];
	size_t count = 0;

	if (line <= 0 || !read_file(file, &text))
		return false;
	const char *left = text_str(&text);
	size_t left_length = text.length;
	for (int64_t number = 1; left_length > 0 && count < LINES_MAX; number++) {
		struct line next = next_line(&left, &left_length);

		if (number < line)
			continue;
		if (count > 0 && !belongs(&lines[0], &next))
			break;
		lines[count++] = next;
	}
	while (count > 0 && (lines[count - 1].blank || lines[count - 1].start[lines[count - 1].begin] == '#'))
		count--;
	for (size_t i = 0; i < count; i++)
		add_line(style, &lines[i], line + (int64_t)i, lines[0].indent, indent, out);
	return count > 0;
}
