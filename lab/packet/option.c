/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of the kind-length-value sort: walked, written as words, read from words. */
#include "lab/packet/option.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lab/packet/payload.h"

int option_next(const struct option_format *format, const uint8_t *header, uint32_t end, uint32_t *at, struct option *ret)
{
	if (*at >= end)
		return 0;
	struct option option = {.kind = header[*at], .at = *at, .length = 1};

	if (option.kind == format->end) {
		*ret = option;
		*at = end;
		return 1;
	}
	if (option.kind != format->pad) {
		if (end - *at < 2)
			return -1;
		option.length = (uint32_t)header[*at + 1] * format->unit + format->uncounted;
		if (option.length < 2 || option.length > end - *at)
			return -1;
	}
	*ret = option;
	*at += option.length;
	return 1;
}

const struct option_kind *option_kind_find(const struct option_format *format, uint8_t kind)
{
	for (size_t i = 0; i < format->kind_count; i++)
		if (format->kinds[i].kind == kind)
			return &format->kinds[i];
	return NULL;
}

uint8_t option_length_byte(const struct option_format *format, size_t length)
{
	return (uint8_t)((length - format->uncounted) / format->unit);
}

static void add_hex(struct text *out, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		text_addf(out, "%02x", bytes[i]);
}

static size_t sizes_total(const char *sizes)
{
	size_t total = 0;

	for (; sizes && *sizes; sizes++)
		total += (size_t)*sizes;
	return total;
}

/* Whether the option's bytes are just the numbers that its word promises. */
static bool fits_word(const struct option_kind *kind, const struct option *option, bool single)
{
	size_t total = kind ? sizes_total(kind->sizes) : 0;

	if (!kind || !kind->word)
		return false;
	if (single)
		return true;
	if (kind->repeats)
		return total && option->length > 2 && (option->length - 2) % total == 0;
	return option->length == 2 + total;
}

static void print_one(const struct option_format *format, const uint8_t *bytes, const struct option *option, struct text *out)
{
	const struct option_kind *kind = option_kind_find(format, option->kind);
	const uint8_t *p = bytes + option->at + 2, *end = bytes + option->at + option->length;

	if (!fits_word(kind, option, option->kind == format->pad || option->kind == format->end)) {
		text_addf(out, "option %u", option->kind);
		if (p < end)
			text_add_char(out, ' ');
		if (p < end)
			add_hex(out, p, (size_t)(end - p));
		return;
	}
	text_add(out, kind->word);
	while (p < end)
		for (const char *size = kind->sizes; *size; size++) {
			uint64_t value = 0;

			for (char k = 0; k < *size; k++)
				value = value << 8 | *p++;
			text_addf(out, " %" PRIu64, value);
		}
}

void option_words_print(const struct option_format *format, const uint8_t *bytes, size_t length, struct text *out)
{
	struct option option;
	uint32_t at = 0;
	const char *separator = "";

	while (at < length) {
		uint32_t before = at;
		int r = option_next(format, bytes, (uint32_t)length, &at, &option);

		text_add(out, separator);
		separator = ", ";
		if (r <= 0) {
			text_add(out, "hex ");
			add_hex(out, bytes + before, length - before);
			return;
		}
		print_one(format, bytes, &option, out);
		if (option.kind == format->end && option.at + 1 < length) {
			/* Zeroes behind the end are filler; anything else is worth seeing. */
			for (size_t i = option.at + 1; i < length; i++)
				if (bytes[i]) {
					text_add(out, ", hex ");
					add_hex(out, bytes + option.at + 1, length - option.at - 1);
					return;
				}
		}
	}
}

/* Takes the next blank-separated word off *at, up to `end`; false where there is none. */
static bool next_word(const char **at, const char *end, char *word, size_t size)
{
	size_t length = 0;

	while (*at < end && (**at == ' ' || **at == '\t' || **at == '\n'))
		(*at)++;
	while (*at < end && **at != ' ' && **at != '\t' && **at != '\n') {
		if (length + 1 < size)
			word[length++] = **at;
		(*at)++;
	}
	word[length] = '\0';
	return length > 0;
}

static void add_number(struct text *out, uint64_t value, int size)
{
	while (size-- > 0)
		text_add_char(out, (char)(value >> (8 * size) & 0xff));
}

static int parse_numbers(const struct option_kind *kind, const char *at, const char *end, struct text *out, struct err *err)
{
	char word[32];
	const char *size = kind->sizes;

	while (next_word(&at, end, word, sizeof(word))) {
		uint64_t value;

		if (!size || (!*size && !kind->repeats))
			return err_set(err, -EINVAL, "option '%s': '%s' is one number too many", kind->word, word);
		if (!*size)
			size = kind->sizes;
		if (str_to_u64(word, &value) < 0 || (*size < 8 && value >> (8 * *size)))
			return err_set(err, -EINVAL, "option '%s': '%s' is no number of %d bits", kind->word, word, 8 * *size);
		add_number(out, value, *size);
		size++;
	}
	if (size && *size)
		return err_set(err, -EINVAL, "option '%s' wants %zu number%s after it", kind->word, strlen(kind->sizes),
			       strlen(kind->sizes) == 1 ? "" : "s");
	return 0;
}

static int unknown_word(const struct option_format *format, const char *word, struct err *err)
{
	_cleanup_text_ struct text all = {0};

	for (size_t i = 0; i < format->kind_count; i++)
		if (format->kinds[i].word)
			text_addf(&all, "%s, ", format->kinds[i].word);
	return err_set(err, -EINVAL, "'%s' is no option: write %soption KIND HEX, or hex HEX", word, text_str(&all));
}

/* "option KIND HEX" */
static int parse_numbered(const struct option_format *format, const char *at, const char *end, struct text *out, struct err *err)
{
	_cleanup_text_ struct text hex = {0}, value = {0};
	char word[32];
	uint64_t kind;

	if (!next_word(&at, end, word, sizeof(word)) || str_to_u64(word, &kind) < 0 || kind > 255)
		return err_set(err, -EINVAL, "'option' wants the option's number, 0 to 255, and its value in hexadecimal");
	text_add_bytes(&hex, at, (size_t)(end - at));
	int r = payload_add_hex(text_str(&hex), &value, err);

	if (r < 0)
		return r;
	text_add_char(out, (char)kind);
	if ((int16_t)kind == format->pad || (int16_t)kind == format->end)
		return value.length ? err_set(err, -EINVAL, "option %u is a single byte: it has no value", (unsigned)kind) : 0;
	if (value.length + 2 > 255 || (value.length + 2) % format->unit)
		return err_set(err, -EINVAL, "option %u: a value of %zu bytes does not fit", (unsigned)kind, value.length);
	text_add_char(out, (char)option_length_byte(format, value.length + 2));
	text_add_bytes(out, value.data, value.length);
	return 0;
}

static int parse_one(const struct option_format *format, const char *at, const char *end, struct text *out, struct err *err)
{
	_cleanup_text_ struct text numbers = {0}, hex = {0};
	char word[32];

	if (!next_word(&at, end, word, sizeof(word)))
		return err_set(err, -EINVAL, "an option is missing between two commas");
	if (str_eq(word, "option"))
		return parse_numbered(format, at, end, out, err);
	if (str_eq(word, "hex")) {
		text_add_bytes(&hex, at, (size_t)(end - at));
		return payload_add_hex(text_str(&hex), out, err);
	}
	for (size_t i = 0; i < format->kind_count; i++) {
		const struct option_kind *kind = &format->kinds[i];

		if (!kind->word || strcasecmp(kind->word, word) != 0)
			continue;
		int r = parse_numbers(kind, at, end, &numbers, err);

		if (r < 0)
			return r;
		if (numbers.length + 2 > 255)
			return err_set(err, -EINVAL, "option '%s' is too long", word);
		text_add_char(out, (char)kind->kind);
		if (kind->kind == format->pad || kind->kind == format->end)
			return 0;
		text_add_char(out, (char)option_length_byte(format, numbers.length + 2));
		text_add_bytes(out, numbers.data, numbers.length);
		return 0;
	}
	return unknown_word(format, word, err);
}

int option_words_parse(const struct option_format *format, const char *words, struct text *out, struct err *err)
{
	_cleanup_text_ struct text bytes = {0};

	for (const char *at = words; *at;) {
		const char *end = strchrnul(at, ',');
		int r = parse_one(format, at, end, &bytes, err);

		if (r < 0)
			return r;
		at = *end ? end + 1 : end;
	}
	text_add_bytes(out, bytes.data, bytes.length);
	return 0;
}
