/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What YAML takes apart although it was meant as text, and how to write it instead. */
#pragma once

#include "lab/base/diag.h"

/* Adds the help "quote this: "…"" for the source text of `span` to the diagnostic added last. */
void quote_help(struct diag_list *diags, struct span span);
/* Adds `text` in quotes, such that YAML reads it back as that text. */
void quote_add_text(const char *text, size_t length, struct text *out);
/*
 * The reader stopped at `offset` (bytes): is the value that is written there one that YAML cannot take as plain text?
 * 1 and its span, else 0.
 */
int quote_find(const struct source *source, uint32_t offset, struct span *ret_span);
