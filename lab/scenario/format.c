/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `nslab fmt`: one way to lay a scenario out, by editing its text. */
#include "lab/scenario/format.h"

#include <errno.h>
#include <string.h>

#include "lab/scenario/format_lines.h"

/*
 * Theory of operation
 *
 * Block structure is told by columns. So a stack holds the collections that are
 * open where a line begins: the column each has in the source, and the column
 * it gets. A dash or a key at a column closes what is deeper, joins what stands
 * there, or opens what is new, two columns further in. Lines that go on with a
 * flow collection, a long scalar or a block scalar follow the line that began
 * it. A comment takes the column of the line that follows, unless it stands
 * deeper than that: then it belongs to the block that ends there.
 */
#define STEP 2u

struct level {
	size_t old, new;
	bool dash; /* a list's dashes stand here, else a map's keys */
};

/* One line of the result. */
struct laid {
	size_t column;
	struct text text;   /* without indentation */
	bool blank_before;  /* as written */
	bool paragraph;     /* a blank line is wanted before it */
	bool comment;
	bool glued;         /* a blank line before it would be content of a scalar */
	bool opens;         /* a key whose value may stand below: no blank line before what is deeper than `key` */
	size_t key;         /* the key's column */
};

struct layout {
	const struct format_lines *lines;
	ARRAY(struct level) stack;
	ARRAY(struct laid) out;
	ARRAY(size_t) pending; /* lines of comments that wait for the next line */
	size_t base;           /* column of what the latest LINE_BEGINS began */
	size_t goes_on;        /* column of a scalar's further lines */
	bool blank;            /* a blank line was passed over */
	bool pending_blank;    /* and one before the first pending comment */
	bool glued;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct level *top(struct layout *layout)
{
	return layout->stack.count ? &layout->stack.items[layout->stack.count - 1] : NULL;
}

/* Where what is nested in the innermost open collection goes. */
static size_t inner_column(struct layout *layout)
{
	return top(layout) ? top(layout)->new + STEP : 0;
}

static const struct level *enter(struct layout *layout, size_t column, bool dash)
{
	while (top(layout) && (top(layout)->old > column || (!dash && top(layout)->old == column && top(layout)->dash)))
		layout->stack.count--;
	if (!top(layout) || top(layout)->old != column || top(layout)->dash != dash)
		array_push(&layout->stack, (struct level){.old = column, .new = inner_column(layout), .dash = dash});
	return top(layout);
}

/* The rest of a line from `at`, blanks at its end cut off unless they are within quotes. */
static void add_rest(const struct layout *layout, size_t at, size_t end, struct text *out)
{
	if (!(layout->lines->paint[end] & PAINT_QUOTED))
		while (end > at && is_blank(layout->lines->text[end - 1]))
			end--;
	text_add_bytes(out, layout->lines->text + at, end - at);
}

/* What follows a dash or a colon: one space, unless nothing or only a comment follows. */
static size_t add_gap(const struct layout *layout, size_t at, size_t end, struct text *out)
{
	size_t next = at;

	while (next < end && is_blank(layout->lines->text[next]))
		next++;
	if (next == end)
		return end;
	if (layout->lines->text[next] == '#')
		return at;
	text_add_char(out, ' ');
	return next;
}

/* "key:" and what follows; returns whether its value lies below. */
static bool add_key(struct layout *layout, size_t at, size_t end, struct text *out)
{
	const struct format_lines *lines = layout->lines;
	size_t colon = at + lines->key_length[at];

	text_add_bytes(out, lines->text + at, lines->key_length[at]);
	while (colon < end && is_blank(lines->text[colon]))
		colon++;
	if (colon == end || lines->text[colon] != ':') { /* an explicit key, or one we do not understand */
		add_rest(layout, at + lines->key_length[at], end, out);
		return false;
	}
	text_add_char(out, ':');
	size_t rest = add_gap(layout, colon + 1, end, out);
	bool opens = rest == end || lines->text[rest] == '#' || is_blank(lines->text[rest]);
	add_rest(layout, rest, end, out);
	return opens;
}

static struct laid *push(struct layout *layout, size_t column)
{
	struct laid *laid = array_push(&layout->out, (struct laid){.column = column, .blank_before = layout->blank});

	laid->glued = layout->glued;
	layout->blank = layout->glued = false;
	return laid;
}

static void add_comments(struct layout *layout, const struct format_line *next, size_t next_column)
{
	bool blank = layout->blank;

	for (size_t i = 0; i < layout->pending.count; i++) {
		const struct format_line *line = &layout->lines->lines.items[layout->pending.items[i]];
		size_t column = next_column, first = line->start;

		if (!next || (line->indent > next->indent && top(layout) && next->indent <= top(layout)->old)) {
			column = 0;
			for (size_t j = 0; j < layout->stack.count; j++)
				if (layout->stack.items[j].old <= line->indent)
					column = layout->stack.items[j].new;
		}
		while (is_blank(layout->lines->text[first]))
			first++;
		layout->blank = i ? layout->lines->lines.items[layout->pending.items[i] - 1].kind == LINE_BLANK : layout->pending_blank;
		struct laid *laid = push(layout, column);
		laid->comment = true;
		add_rest(layout, first, line->end, &laid->text);
	}
	layout->blank = blank;
	layout->pending.count = 0;
}

/* The column that a line's first dash, key or value will have; nothing is changed. */
static size_t column_of(struct layout *layout, const struct format_line *line)
{
	size_t at = line->start + line->indent;
	bool dash = layout->lines->text[at] == '-' && (at + 1 == line->end || is_blank(layout->lines->text[at + 1]));
	size_t count = layout->stack.count;
	const struct level *levels = layout->stack.items;

	if (!dash && !layout->lines->key_length[at]) {
		while (count && levels[count - 1].old >= line->indent)
			count--;
		return count ? levels[count - 1].new + STEP : 0;
	}
	while (count && (levels[count - 1].old > line->indent || (!dash && levels[count - 1].old == line->indent && levels[count - 1].dash)))
		count--;
	if (count && levels[count - 1].old == line->indent && levels[count - 1].dash == dash)
		return levels[count - 1].new;
	return count ? levels[count - 1].new + STEP : 0;
}

static void lay_beginning(struct layout *layout, const struct format_line *line)
{
	const struct format_lines *lines = layout->lines;
	size_t at = line->start + line->indent, column = column_of(layout, line);

	add_comments(layout, line, column);
	struct laid *laid = push(layout, column);
	while (lines->text[at] == '-' && (at + 1 == line->end || is_blank(lines->text[at + 1])) && at < line->end) {
		layout->base = enter(layout, at - line->start, true)->new;
		layout->goes_on = layout->base + STEP;
		text_add_char(&laid->text, '-');
		at = add_gap(layout, at + 1, line->end, &laid->text);
		if (at == line->end || is_blank(lines->text[at]) || lines->text[at] == '#') {
			add_rest(layout, at, line->end, &laid->text);
			return;
		}
	}
	if (lines->key_length[at]) {
		layout->base = enter(layout, at - line->start, false)->new;
		layout->goes_on = layout->base + STEP;
		laid->paragraph = lines->paragraph[at];
		laid->key = layout->base;
		laid->opens = add_key(layout, at, line->end, &laid->text);
		return;
	}
	if (at == line->start + line->indent) { /* a value on a line of its own */
		while (top(layout) && top(layout)->old >= line->indent)
			layout->stack.count--;
		layout->base = layout->goes_on = inner_column(layout);
	}
	add_rest(layout, at, line->end, &laid->text);
}

static void lay_going_on(struct layout *layout, const struct format_line *line)
{
	unsigned depth = layout->lines->paint[line->start] & PAINT_DEPTH;
	size_t first = line->start;
	struct laid *laid = push(layout, depth ? layout->base + STEP * depth : layout->goes_on);

	while (first < line->end && is_blank(layout->lines->text[first]))
		first++;
	laid->blank_before = false;
	add_rest(layout, first, line->end, &laid->text);
}

static void lay_content(struct layout *layout, const struct format_line *line)
{
	unsigned digit;
	bool keep;

	format_header_read(layout->lines, line->header, &digit, &keep);
	struct laid *laid = push(layout, (top(layout) ? top(layout)->new : 0) + (digit ? digit : STEP));
	laid->blank_before = false;
	if (line->end - line->start > line->indent)
		text_add_bytes(&laid->text, layout->lines->text + line->start + line->indent, line->end - line->start - line->indent);
	layout->glued = keep;
}

static void lay_line(struct layout *layout, size_t index)
{
	const struct format_line *line = &layout->lines->lines.items[index];

	switch (line->kind) {
	case LINE_BLANK:
		layout->blank = true;
		break;
	case LINE_COMMENT:
		if (!layout->pending.count)
			layout->pending_blank = layout->blank;
		layout->blank = false;
		array_push(&layout->pending, index);
		break;
	case LINE_MARKER:
		add_comments(layout, NULL, 0);
		add_rest(layout, line->start, line->end, &push(layout, 0)->text);
		break;
	case LINE_BEGINS:
		lay_beginning(layout, line);
		break;
	case LINE_GOES_ON:
		lay_going_on(layout, line);
		break;
	case LINE_CONTENT:
		lay_content(layout, line);
		break;
	}
}

/* A paragraph's blank line goes above the comments that lead up to it. */
static void move_paragraphs(struct layout *layout)
{
	for (size_t i = 0; i < layout->out.count; i++) {
		struct laid *laid = &layout->out.items[i];
		size_t first = i;

		if (!laid->paragraph)
			continue;
		while (first > 0 && !layout->out.items[first].blank_before && layout->out.items[first - 1].comment &&
		       layout->out.items[first - 1].column == laid->column)
			first--;
		if (!layout->out.items[first].glued)
			layout->out.items[first].blank_before = true;
	}
}

static bool ends_in_content(const struct format_lines *lines)
{
	const struct format_line *last = lines->lines.count ? &lines->lines.items[lines->lines.count - 1] : NULL;

	return last && last->kind == LINE_CONTENT && last->end == lines->length;
}

static void write_out(const struct layout *layout, struct text *ret)
{
	for (size_t i = 0; i < layout->out.count; i++) {
		const struct laid *laid = &layout->out.items[i];

		const struct laid *last = i ? laid - 1 : NULL;

		if (last && laid->blank_before && !(last->opens && laid->column > last->key))
			text_add_char(ret, '\n');
		if (laid->text.length)
			for (size_t j = 0; j < laid->column; j++)
				text_add_char(ret, ' ');
		text_add_bytes(ret, text_str(&laid->text), laid->text.length);
		/* A block scalar whose last line has no end does not end with a newline either: it stays so. */
		if (i + 1 < layout->out.count || !ends_in_content(layout->lines))
			text_add_char(ret, '\n');
	}
}

static void lay_out(const struct format_lines *lines, struct text *ret)
{
	struct layout layout = {.lines = lines};

	for (size_t i = 0; i < lines->lines.count; i++)
		lay_line(&layout, i);
	add_comments(&layout, NULL, 0);
	move_paragraphs(&layout);
	write_out(&layout, ret);
	for (size_t i = 0; i < layout.out.count; i++)
		text_free(&layout.out.items[i].text);
	array_free(&layout.out);
	array_free(&layout.stack);
	array_free(&layout.pending);
}

static void add_comments_of(const struct format_lines *lines, struct text *ret)
{
	for (size_t i = 0; i < lines->lines.count; i++) {
		const struct format_line *line = &lines->lines.items[i];

		if (line->kind == LINE_CONTENT)
			continue;
		for (size_t at = line->start; at < line->end; at++) {
			if (lines->text[at] != '#' || lines->paint[at] & PAINT_QUOTED || (at > line->start && !is_blank(lines->text[at - 1])))
				continue;
			size_t end = line->end;
			while (is_blank(lines->text[end - 1]))
				end--;
			text_add_bytes(ret, lines->text + at, end - at);
			text_add_char(ret, '\n');
			break;
		}
	}
}

int format_comments(const struct source *source, struct diag_list *diags, struct text *ret)
{
	struct arena *arena = arena_new();
	struct format_lines lines;
	const struct yaml *root = yaml_read(source, arena, diags);

	if (root) {
		format_lines_read(&lines, source, root, arena);
		add_comments_of(&lines, ret);
		array_free(&lines.lines);
	}
	arena_free(arena);
	return root ? 0 : -EINVAL;
}

static bool same_tree(const struct yaml *a, const struct yaml *b)
{
	if (a->kind != b->kind || a->count != b->count)
		return false;
	if (a->kind == YAML_SCALAR)
		return a->null == b->null && a->quoted == b->quoted && a->block == b->block && a->length == b->length &&
		       memcmp(a->text ? a->text : "", b->text ? b->text : "", a->length) == 0;
	for (size_t i = 0; i < a->count; i++)
		if (a->kind == YAML_LIST ? !same_tree(a->items[i], b->items[i]) :
					   !same_tree(a->pairs[i].key, b->pairs[i].key) || !same_tree(a->pairs[i].value, b->pairs[i].value))
			return false;
	return true;
}

/* Whether the result says the same as what it was made of. */
static int verify(const struct source *before, const struct yaml *tree, const struct text *after, struct arena *arena, struct err *err)
{
	struct source source = {.path = before->path, .text = text_str(after), .length = after->length};
	struct diag_list diags = {0};
	struct text old = {0}, new = {0};
	const struct yaml *again = yaml_read(&source, arena, &diags);
	int r = 0;

	if (!again || !same_tree(tree, again))
		r = err_set(err, -ENOTSUP, "%s: this layout cannot be formatted without changing what it means; the file is left as it is",
			    before->path);
	else if (format_comments(before, &diags, &old) < 0 || format_comments(&source, &diags, &new) < 0 ||
		 strcmp(text_str(&old), text_str(&new)) != 0)
		r = err_set(err, -ENOTSUP, "%s: a comment would be lost or moved; the file is left as it is", before->path);
	text_free(&old);
	text_free(&new);
	diag_list_free(&diags);
	return r;
}

int format_source(const struct source *source, struct diag_list *diags, struct text *ret, struct err *err)
{
	struct arena *arena = arena_new();
	struct format_lines lines;
	struct text laid = {0};
	const struct yaml *root = yaml_read(source, arena, diags);
	int r = root && !diags->errors ? 0 : err_set(err, -EINVAL, "%s is not valid YAML", source->path);

	if (r == 0) {
		format_lines_read(&lines, source, root, arena);
		lay_out(&lines, &laid);
		array_free(&lines.lines);
		r = verify(source, root, &laid, arena, err);
	}
	if (r == 0)
		text_add_bytes(ret, text_str(&laid), laid.length);
	text_free(&laid);
	arena_free(arena);
	return r;
}
