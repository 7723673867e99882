/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A failure as a person reads it: where, expected and seen, fields, packets near, program output, how to run it again. */
#pragma once

#include "lab/report/record.h"
#include "lab/report/style.h"

/*
 * Everything there is to say of a case that ended with any verdict but pass or
 * skip, in lines indented by `indent`, each with its end. The terminal and the
 * Markdown summary show the same.
 */
void failure_add(const struct style *style, const struct case_record *record, size_t indent, struct text *out);

/* One line a packet: sign, number, time offset, place, summary. `base` is what offsets count from. */
struct packet_line {
	const char *sign;
	enum paint paint;
	int64_t number;
	int64_t offset; /* ns */
	const char *place;
	const char *summary;
};
/* Cells of the columns, so that lines stand below each other. Zero-initialise, measure every line, then add them. */
struct packet_columns {
	size_t number, offset, place;
};
void packet_line_measure(const struct style *style, const struct packet_line *line, struct packet_columns *columns);
void packet_line_add(const struct style *style, const struct packet_line *line, const struct packet_columns *columns, size_t indent,
		     struct text *out);
