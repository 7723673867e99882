/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside `nslab fmt`: what each line of a scenario's text is. */
#include "lab/scenario/format_lines.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_break(char c)
{
	return c == '\n' || c == '\r';
}

/* Where a scalar starts and ends with its quotes, wherever its span begins. */
static void scalar_extent(const struct format_lines *lines, const struct yaml *yaml, size_t *ret_start, size_t *ret_end)
{
	size_t start = yaml->span.offset, end = start + yaml->span.length;

	if (yaml->quoted && start > 0 && lines->text[start] != '"' && lines->text[start] != '\'') {
		start--;
		end++;
	} else if (yaml->quoted && start > 0 && end < lines->length && lines->text[start - 1] == lines->text[start] &&
		   lines->text[end] == lines->text[start]) {
		start--;
		end++;
	}
	*ret_start = start;
	*ret_end = end < lines->length ? end : lines->length;
}

static void paint(struct format_lines *lines, size_t start, size_t end, uint8_t bits)
{
	for (size_t i = start; i < end && i <= lines->length; i++)
		lines->paint[i] |= bits;
}

static void paint_tree(struct format_lines *lines, const struct yaml *yaml)
{
	size_t start = yaml->span.offset, end = start + yaml->span.length;

	if (yaml->kind == YAML_SCALAR) {
		if (yaml->block || yaml->null)
			return;
		scalar_extent(lines, yaml, &start, &end);
		paint(lines, start + 1, end, yaml->quoted ? PAINT_INSIDE | PAINT_QUOTED : PAINT_INSIDE);
		return;
	}
	if (!yaml->block) {
		paint(lines, start + 1, end, PAINT_INSIDE);
		for (size_t i = start + 1; i < end && i < lines->length; i++)
			if ((lines->paint[i] & PAINT_DEPTH) < PAINT_DEPTH)
				lines->paint[i]++;
	}
	for (size_t i = 0; i < yaml->count; i++) {
		if (yaml->kind == YAML_LIST) {
			paint_tree(lines, yaml->items[i]);
			continue;
		}
		const struct yaml_pair *pair = &yaml->pairs[i];
		if (yaml->block) {
			scalar_extent(lines, pair->key, &start, &end);
			lines->key_length[start] = (uint32_t)(end - start);
		}
		paint_tree(lines, pair->key);
		paint_tree(lines, pair->value);
	}
}

static void split_lines(struct format_lines *lines)
{
	size_t at = 0;

	while (at < lines->length) {
		struct format_line line = {.start = at};

		while (at < lines->length && !is_break(lines->text[at]))
			at++;
		line.end = at;
		if (at + 1 < lines->length && lines->text[at] == '\r' && lines->text[at + 1] == '\n')
			at++;
		at++;
		while (line.start + line.indent < line.end && lines->text[line.start + line.indent] == ' ')
			line.indent++;
		array_push(&lines->lines, line);
	}
}

static bool line_is_blank(const struct format_lines *lines, const struct format_line *line)
{
	for (size_t i = line->start; i < line->end; i++)
		if (!is_blank(lines->text[i]))
			return false;
	return true;
}

void format_header_read(const struct format_lines *lines, size_t header, unsigned *ret_digit, bool *ret_keep)
{
	*ret_digit = 0;
	*ret_keep = false;
	for (size_t i = header + 1; i < lines->length && !is_blank(lines->text[i]) && !is_break(lines->text[i]); i++) {
		if (lines->text[i] >= '1' && lines->text[i] <= '9')
			*ret_digit = (unsigned)(lines->text[i] - '0');
		else if (lines->text[i] == '+')
			*ret_keep = true;
	}
}

/* The | or > in the line that ends before or holds `offset`, or the text's length. */
static size_t header_in_line(const struct format_lines *lines, const struct format_line *line)
{
	size_t best = lines->length;

	for (size_t i = line->start; i < line->end; i++) {
		if (lines->text[i] != '|' && lines->text[i] != '>')
			continue;
		if (lines->paint[i] & PAINT_INSIDE || (i > line->start && !is_blank(lines->text[i - 1])))
			continue;
		size_t after = i + 1;
		while (after < line->end && strchr("0123456789+-", lines->text[after]))
			after++;
		size_t rest = after;
		while (rest < line->end && is_blank(lines->text[rest]))
			rest++;
		if (rest == line->end || (rest > after && lines->text[rest] == '#'))
			best = i;
		break;
	}
	return best;
}

static size_t line_at(const struct format_lines *lines, size_t offset)
{
	size_t low = 0, high = lines->lines.count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (lines->lines.items[middle].start <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static size_t leading_spaces(const char *text, size_t length)
{
	size_t count = 0;

	while (count < length && text[count] == ' ')
		count++;
	return count;
}

/*
 * The column that a block scalar's content starts at: its first line as written
 * has as many spaces more than its first line as read.
 */
static size_t content_column(const struct format_line *first, const struct yaml *yaml)
{
	const char *c = yaml->text;

	while (*c == '\n')
		c++;
	size_t own = leading_spaces(c, strlen(c));
	return first->indent > own ? first->indent - own : 0;
}

/* Marks a block scalar's lines. Its content column goes into their `indent`. */
static void mark_content(struct format_lines *lines, const struct yaml *yaml)
{
	size_t at = line_at(lines, yaml->span.offset);
	size_t header = lines->length;

	for (size_t i = at + 1; i-- > 0 && header == lines->length;)
		header = header_in_line(lines, &lines->lines.items[i]);
	if (header == lines->length)
		return;
	size_t first = line_at(lines, header) + 1, last;
	unsigned digit;
	bool keep;
	format_header_read(lines, header, &digit, &keep);
	for (last = first; last < lines->lines.count && line_is_blank(lines, &lines->lines.items[last]); last++)
		;
	if (last == lines->lines.count || !yaml->length || strspn(yaml->text, "\n") == yaml->length)
		last = first;
	size_t column = last < lines->lines.count ? content_column(&lines->lines.items[last], yaml) : 0;
	size_t end = first;
	for (size_t i = first; yaml->length && i < lines->lines.count; i++) {
		const struct format_line *line = &lines->lines.items[i];
		bool blank = line_is_blank(lines, line);

		/* Blanks beyond the content's column are content. */
		if (!blank && line->indent < column)
			break;
		if (!blank || keep || line->end - line->start > column)
			end = i + 1;
	}
	for (size_t i = first; i < end; i++) {
		struct format_line *line = &lines->lines.items[i];

		*line = (struct format_line){.start = line->start, .end = line->end, .indent = column, .kind = LINE_CONTENT,
					     .header = header, .keep_after = keep};
	}
}

static void mark_scalars(struct format_lines *lines, const struct yaml *yaml)
{
	if (yaml->kind == YAML_SCALAR && yaml->block && lines->lines.count)
		mark_content(lines, yaml);
	for (size_t i = 0; yaml->kind != YAML_SCALAR && i < yaml->count; i++)
		mark_scalars(lines, yaml->kind == YAML_LIST ? yaml->items[i] : yaml->pairs[i].value);
}

static bool is_marker(const struct format_lines *lines, const struct format_line *line)
{
	const char *c = lines->text + line->start;
	size_t length = line->end - line->start;

	if (length && *c == '%')
		return true;
	return length >= 3 && (memcmp(c, "---", 3) == 0 || memcmp(c, "...", 3) == 0) && (length == 3 || is_blank(c[3]));
}

static void tell_kinds(struct format_lines *lines)
{
	for (size_t i = 0; i < lines->lines.count; i++) {
		struct format_line *line = &lines->lines.items[i];
		size_t first = line->start;

		if (line->kind == LINE_CONTENT)
			continue;
		while (first < line->end && is_blank(lines->text[first]))
			first++;
		if (lines->paint[line->start] & PAINT_INSIDE)
			line->kind = LINE_GOES_ON;
		else if (first == line->end)
			line->kind = LINE_BLANK;
		else if (lines->text[first] == '#')
			line->kind = LINE_COMMENT;
		else if (is_marker(lines, line))
			line->kind = LINE_MARKER;
		else
			line->kind = LINE_BEGINS;
	}
}

/* Top-level parts that are blocks, what follows one, and named steps each begin a paragraph. */
static void mark_paragraphs(struct format_lines *lines, const struct yaml *root)
{
	bool after_block = false;

	if (root->kind != YAML_MAP || !root->block)
		return;
	for (size_t i = 0; i < root->count; i++) {
		const struct yaml *value = root->pairs[i].value;
		bool is_block = value->kind != YAML_SCALAR && value->block;
		size_t start, end;

		scalar_extent(lines, root->pairs[i].key, &start, &end);
		lines->paragraph[start] = is_block || after_block;
		after_block = is_block;
		if (!is_block || value->kind != YAML_LIST || strcmp(root->pairs[i].key->text, "steps") != 0)
			continue;
		for (size_t j = 1; j < value->count; j++)
			if (value->items[j]->kind == YAML_MAP && value->items[j]->block && yaml_get(value->items[j], "step")) {
				scalar_extent(lines, value->items[j]->pairs[0].key, &start, &end);
				lines->paragraph[start] = true;
			}
	}
}

void format_lines_read(struct format_lines *ret, const struct source *source, const struct yaml *root, struct arena *arena)
{
	*ret = (struct format_lines){
		.text = source->text,
		.length = source->length,
		.paint = arena_alloc(arena, source->length + 1),
		.key_length = arena_alloc(arena, (source->length + 1) * sizeof(*ret->key_length)),
		.paragraph = arena_alloc(arena, source->length + 1),
	};
	split_lines(ret);
	paint_tree(ret, root);
	mark_scalars(ret, root);
	tell_kinds(ret);
	mark_paragraphs(ret, root);
}
