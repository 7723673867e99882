/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of the kind-length-value sort: TCP, IPv4, IPv6 extension headers, neighbour discovery, DHCP. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/base/err.h"
#include "lab/base/text.h"

/* One kind of option, as the builder makes it and words name it. */
struct option_kind {
	uint8_t kind;
	uint8_t length;    /* bytes in all, kind and length byte included, for an option whose fields have fixed places; else 0 */
	const char *word;  /* "mss"; NULL: it has none */
	const char *sizes; /* bytes of each number after the word, one char a number: "\2"; NULL: none */
	bool repeats;      /* the numbers may come several times over: sack blocks */
};

struct option_format {
	uint8_t unit;      /* bytes that the length byte counts in: 1, or 8 in neighbour discovery */
	uint8_t uncounted; /* bytes of an option that its length byte leaves out: 0, or 2 where it counts the value alone */
	int16_t pad, end;  /* kinds that are a single byte: filler, end of the list; -1: none */
	uint8_t round;     /* the list is filled up with zeroes to a multiple of this; 0: it is not */
	bool closed;       /* the builder ends the list with `end`, filled up or not */
	const struct option_kind *kinds;
	size_t kind_count;
	/* Where the first option of a header begins, from the header's start; at most `length`. */
	uint32_t (*start)(const uint8_t *header, uint32_t length);
};

struct option {
	uint8_t kind;
	uint32_t at;     /* of its kind byte, from the header's start */
	uint32_t length; /* bytes in all */
};

/*
 * The option at *at, and *at moved behind it. 1 an option, 0 the end of the list (or of the bytes), -1 an option that
 * says it is longer than what is there, or shorter than itself.
 */
int option_next(const struct option_format *format, const uint8_t *header, uint32_t end, uint32_t *at, struct option *ret);
const struct option_kind *option_kind_find(const struct option_format *format, uint8_t kind);
/* The length byte for an option of `length` bytes in all. */
uint8_t option_length_byte(const struct option_format *format, size_t length);

/* "mss 1460, nop, wscale 7, sackOK, timestamp 1 0"; others as "option KIND HEX"; what is no option as "hex HEX". */
void option_words_print(const struct option_format *format, const uint8_t *bytes, size_t length, struct text *out);
/* Reads them back; appends the bytes, not filled up. 0 or -EINVAL. */
int option_words_parse(const struct option_format *format, const char *words, struct text *out, struct err *err);
