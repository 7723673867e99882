/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagnostics: what is wrong with a scenario, where, and what would be right. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/base/mem.h"
#include "lab/base/text.h"

/* A text that spans point into: a scenario file. It outlives every span. */
struct source {
	const char *path; /* as the user named it */
	const char *text; /* NUL-terminated, `length` bytes before that */
	size_t length;
};

/* A place in a source. Lines and columns count from 1, columns in code points; a zero line means "no place". */
struct span {
	const struct source *source;
	uint32_t offset; /* bytes from the start of the source */
	uint32_t length; /* bytes */
	uint32_t line;
	uint32_t column;
};

enum diag_severity { DIAG_ERROR, DIAG_WARNING };

/*
 * Every diagnostic there is, in one list: identifier, severity, what it means.
 * The slug a user sees is the identifier in lower case with '-' for '_'.
 * Each has a file tests/golden/diag/<slug>*.nslab.yaml that provokes it and a
 * golden output beside it; a test lists those without one.
 */
#define DIAG_LIST(X)                    \
	DIAG_LIST_SYNTAX(X)             \
	DIAG_LIST_STRUCTURE(X)          \
	DIAG_LIST_VALUE(X)              \
	DIAG_LIST_REFERENCE(X)          \
	DIAG_LIST_CHECK(X)
#include "lab/base/diag_list.h"

enum diag_id {
#define X(id, severity, meaning) DIAG_##id,
	DIAG_LIST(X)
#undef X
		DIAG_COUNT
};

struct diag_info {
	const char *name; /* the identifier, as in DIAG_LIST */
	enum diag_severity severity;
	const char *meaning;
};
extern const struct diag_info diag_table[DIAG_COUNT];
/* Adds the slug, "unknown-key" for DIAG_UNKNOWN_KEY. */
void diag_add_slug(enum diag_id id, struct text *out);

struct diag {
	enum diag_id id;
	struct span span;
	char *message; /* what is wrong */
	char *help;    /* what would be right, or NULL */
	char *context; /* the matrix case it was found in first, or NULL */
	size_t others; /* further cases it was found in */
	uint64_t latest; /* hash of the context it was found in last */
};

/* A list of findings, in the order they were added. Zero-initialise. */
struct diag_list {
	ARRAY(struct diag) items;
	size_t errors;
	size_t warnings;
	const char *context; /* copied into each diagnostic that is added */
	size_t last;         /* index of the one added last, or found there already */
	ARRAY(struct arena *) kept; /* sources of files that could not be loaded */
};

/* Adds one, unless the same id stands at the same place already: then it counts a further case. Returns -EINVAL, so that a reader can `return diag_add(…)`. */
int diag_add(struct diag_list *list, enum diag_id id, struct span span, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Attaches "what would be right" to the diagnostic added last. */
void diag_help(struct diag_list *list, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds a copy of what `from` holds, each with `to`'s context. */
void diag_list_add_all(struct diag_list *to, const struct diag_list *from);
/* Takes over the arena that holds the sources findings point into, for files that could not be loaded. */
void diag_list_keep(struct diag_list *list, struct arena *arena);
void diag_list_free(struct diag_list *list);
/* Sorts by file, line and column; stable. */
void diag_list_sort(struct diag_list *list);

/*
 * One diagnostic as text:
 *
 *     ping.nslab.yaml:12:9: error: unknown key 'adress' [unknown-key]
 *        12 |         adress: 192.0.2.1
 *           |         ^~~~~~
 *           = help: did you mean 'address'?
 *
 * `colour` adds ANSI colours. `strict` prints warnings as errors.
 */
void diag_print(const struct diag *diag, bool colour, bool strict, struct text *out);
