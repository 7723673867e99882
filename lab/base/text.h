/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing text, and the few string helpers that libc lacks. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/base/mem.h"

/* Always NUL-terminated once something was added; zero-initialise. */
struct text {
	char *data;
	size_t length;
	size_t capacity;
};

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const void *bytes, size_t length);
void text_add_char(struct text *text, char c);
void text_addf(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_addv(struct text *text, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
void text_pad(struct text *text, size_t column, size_t line_start); /* spaces up to `column` display cells after line_start */
/*
 * Adds `words` for a terminal of `columns` cells, broken at spaces. The first line goes on at cell `indent`, where the text
 * stands already; further lines begin with `indent` spaces. Line ends within `words` are kept; colours take no cells.
 */
void text_wrap(struct text *text, const char *words, size_t indent, size_t columns);
const char *text_str(const struct text *text);                      /* never NULL */
char *text_steal(struct text *text);                                /* malloc'd, never NULL; the text is empty after */
void text_clear(struct text *text);                                 /* keeps the memory */
void text_free(struct text *text);
#define _cleanup_text_ _cleanup_(text_free)

/* One word of a POSIX shell, in quotes where it needs them. */
void text_add_shell_word(struct text *text, const char *word);
/* JSON string with quotes; bytes that are not UTF-8 become U+FFFD. */
void text_add_json(struct text *text, const char *string, size_t length);
/* For a terminal: control characters and broken UTF-8 become \xNN; '\n' and '\t' become \n and \t. */
void text_add_visible(struct text *text, const char *string, size_t length);

/* Columns that a UTF-8 string takes in a terminal: code points, wide ones counted by wcwidth-like ranges. */
size_t text_width(const char *string, size_t length);

bool str_eq(const char *a, const char *b); /* NULL equals NULL only */
bool str_starts(const char *string, const char *prefix);
bool str_ends(const char *string, const char *suffix);

/*
 * Whole-string number parsers: no sign, no space, nothing left over.
 * 0, -EINVAL (not a number) or -ERANGE. Base 10, or 16 after 0x.
 */
int str_to_u64(const char *string, uint64_t *ret);
int str_to_i64(const char *string, int64_t *ret); /* a leading '-' is allowed */

/* The candidate nearest to `word` by edit distance, for "did you mean"; NULL when none is near. */
const char *str_nearest(const char *word, const char *const *candidates, size_t count);
