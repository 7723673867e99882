/* SPDX-License-Identifier: GPL-2.0-or-later */
/* YAML as a plain tree with spans. The only user of libfyaml. */
#pragma once

#include "lab/base/diag.h"
#include "lab/base/mem.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_pair {
	struct yaml *key; /* a scalar */
	struct yaml *value;
};

struct yaml {
	enum yaml_kind kind;
	struct span span;
	bool quoted;              /* scalar: '…' or "…" */
	bool block;               /* scalar: | or >; list, map: indented rather than [ ] or { } */
	bool literal;             /* scalar: | */
	bool null;                /* scalar: nothing written, ~ or null */
	const char *text;         /* scalar; NUL-terminated, no NUL inside */
	size_t length;
	struct yaml **items;      /* list */
	struct yaml_pair *pairs;  /* map, in file order, keys unique */
	size_t count;             /* of items or pairs */
};

/* Files up to 1 MiB, nesting up to 64. All that is wrong goes into `diags` (the first syntax error only). NULL where nothing can be read. */
struct yaml *yaml_read(const struct source *source, struct arena *arena, struct diag_list *diags);
const struct yaml *yaml_get(const struct yaml *map, const char *key);
/* Reads a file into a source that lives in `arena`; DIAG_FILE_MISSING at `from` (or placeless) where it cannot. */
struct source *source_read(const char *path, struct arena *arena, struct span from, struct diag_list *diags);
/* The first place of `word` in the source text of `span`; `span` itself where it does not stand there. */
struct span span_find(struct span span, const char *word, size_t length);
