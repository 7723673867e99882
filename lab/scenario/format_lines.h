/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside `nslab fmt`: what each line of a scenario's text is. */
#pragma once

#include "lab/base/mem.h"
#include "lab/scenario/yaml.h"

/*
 * Theory of operation
 *
 * The tree says where scalars and flow collections lie; these are painted onto
 * a map with one byte for each byte of the text. After that each line can be
 * told apart by its first byte: it begins something (a key, an item), goes on
 * with something begun earlier, or is a comment, blank, or content of a block
 * scalar. No second YAML parser is needed.
 */
enum line_kind {
	LINE_BLANK,
	LINE_COMMENT,
	LINE_MARKER,  /* ---, ..., %YAML: left alone */
	LINE_BEGINS,  /* dashes, a key, or a value on a line of its own */
	LINE_GOES_ON, /* in a flow collection or a scalar of several lines */
	LINE_CONTENT, /* of a block scalar */
};

#define PAINT_DEPTH 0x3f  /* how many flow collections are open here */
#define PAINT_QUOTED 0x40 /* within quotes: blanks and # are content */
#define PAINT_INSIDE 0x80 /* within a scalar or flow collection that began before this byte */

struct format_line {
	size_t start, end; /* without the line's end */
	size_t indent;     /* leading spaces */
	enum line_kind kind;
	bool keep_after;   /* content of a |+ scalar: blank lines after it are content too */
	size_t header;     /* of a LINE_CONTENT's scalar: where its | or > stands */
};

struct format_lines {
	const char *text;
	size_t length;
	uint8_t *paint;       /* a byte each, and one for the end */
	uint32_t *key_length; /* at the first byte of a block map's key: its length, quotes included; else 0 */
	bool *paragraph;      /* at the first byte of a key: a blank line stands before its line */
	ARRAY(struct format_line) lines;
};

/* Both live in `arena`, except lines.items: array_free() it. */
void format_lines_read(struct format_lines *ret, const struct source *source, const struct yaml *root, struct arena *arena);
/* From | or >: the indentation indicator's digit (0: none) and whether trailing blank lines are kept. */
void format_header_read(const struct format_lines *lines, size_t header, unsigned *ret_digit, bool *ret_keep);
