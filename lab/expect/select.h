/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets: places, filter and fields, compiled. */
#pragma once

#include "lab/observe/tape.h"
#include "lab/scenario/tree.h"

/* How far a packet gets. Each step is asked only when the one before held. */
enum select_outcome {
	SELECT_PLACE,  /* elsewhere, or in the other direction */
	SELECT_FILTER, /* the filter does not match */
	SELECT_WHERE,  /* a field of `where` does not hold */
	SELECT_YES,
};

struct selector {
	uint8_t *places;               /* per interface of the tape: SELECT_IN, SELECT_OUT */
	size_t place_count;
	struct filter *filter;         /* NULL: all */
	const struct node_list *where; /* struct match_node; NULL: none */
};
#define SELECT_IN 1u
#define SELECT_OUT 2u

/* Adds places: `at` holds struct place; `dir` is an enum direction. -EINVAL for one that the tape does not have. */
int selector_add_places(struct selector *selector, const struct tape *tape, const struct value_list *at, int dir, struct err *err);
/* Adds the place where a packet was seen. */
void selector_add_place_of(struct selector *selector, const struct tape *tape, const struct tape_packet *packet);
/* Sets filter (or NULL) and fields, which must outlive the selector. -EINVAL. */
int selector_set(struct selector *selector, const char *filter, const struct node_list *where, struct err *err);
void selector_free(struct selector *selector);

bool selector_sees(const struct selector *selector, const struct tape_packet *packet);
/* Filter and fields, wherever the packet was seen: SELECT_FILTER, SELECT_WHERE or SELECT_YES. */
enum select_outcome selector_matches(const struct selector *selector, struct tape *tape, struct tape_packet *packet);
enum select_outcome selector_try(const struct selector *selector, struct tape *tape, struct tape_packet *packet);
