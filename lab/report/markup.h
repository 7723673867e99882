/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Escapes of the formats that have some: XML, Markdown, workflow commands. */
#pragma once

#include "lab/base/text.h"

/*
 * XML 1.0: & < > and quotes as entities; line ends and tabs as character
 * references where `attribute`. What XML cannot hold at all (most control
 * characters, broken UTF-8) is made visible as \xNN.
 */
void markup_add_xml(const char *string, size_t length, bool attribute, struct text *out);
/* A Markdown table cell or running text: on one line, nothing in it taken for markup. */
void markup_add_markdown(const char *string, struct text *out);
/* A GitHub workflow command: % and line ends as %NN; `property`: ':' and ',' too. */
void markup_add_workflow(const char *string, bool property, struct text *out);
