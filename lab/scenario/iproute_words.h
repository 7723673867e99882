/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the scenario floor: taking iproute2's words apart. */
#pragma once

#include "lab/scenario/iproute.h"

/*
 * Theory of operation
 *
 * The text is cut into words. What stands in front (a route's type and
 * destination, a neighbour's address) has its place; after it come keywords in
 * any order, each looked up in a table with the function that takes its value.
 * A message begins with the word at fault in quotes, so that the decoder can put
 * its mark under it.
 */
struct words {
	char *text;        /* the rest, consumed from the front */
	const char *word;  /* the current one; NULL at the end */
	const char *keyword;
	struct arena *arena;
	struct err *err;
};

struct keyword {
	const char *name;
	int (*take)(struct words *words, void *spec);
};

struct words words_of(const char *text, struct arena *arena, struct err *err);
void words_next(struct words *words);
/* Takes the word if it is the next one. */
bool words_take(struct words *words, const char *word);
/* "-6" or "-4" in front, for what shows no family by itself: AF_INET6, or 0. */
uint8_t words_take_family(struct words *words);
/* Takes keywords until the words end. `what` is what they make: "route". */
int words_take_keywords(struct words *words, const struct keyword *table, size_t count, const char *what, void *spec);

/* The value after a keyword. -EINVAL with the word at fault. */
int words_take_number(struct words *words, uint64_t max, const char *what, uint32_t *ret);
int words_take_name(struct words *words, const char **ret);
int words_take_addr(struct words *words, struct ip_addr *ret);
int words_take_table(struct words *words, uint32_t *ret);
/* A prefix whose host bits are zero, as the kernel wants destinations. */
int words_take_prefix(struct words *words, struct ip_prefix *ret);

/* Messages. */
int words_want(struct words *words, const char *what);
int words_mixed_families(struct words *words, const char *text);

/* " table main", " lookup 100". */
void words_print_table(uint32_t table, const char *keyword, struct text *out);
