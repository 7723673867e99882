/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs' output as they write it (-s), a line at a time. */
#pragma once

#include "lab/report/record.h"
#include "lab/report/style.h"

/* Pieces of lines that have not ended yet, by case, step and stream. Zero-initialise. */
struct program_output {
	struct program_line {
		int64_t case_index, step, stream;
		struct text text;
	} *items;
	size_t count, capacity;
};

/* Adds the lines that are whole now. `name_case`: several cases run, so say whose it is. */
void program_output_take(struct program_output *output, const struct style *style, const struct case_record *record,
			 const struct event_output *event, bool name_case, struct text *out);
/* The case is over: adds what was left without a line end. */
void program_output_end(struct program_output *output, const struct style *style, const struct case_record *record, bool name_case,
			struct text *out);
void program_output_free(struct program_output *output);
