/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that are true or false. */
#include "lab/run/condition.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lab/base/mem.h"
#include "lab/base/text.h"

struct parser {
	const char *start, *at;
	bool (*has)(void *data, const char *word);
	void *data;
	unsigned depth;
	struct err *err;
};

static int parse_or(struct parser *parser);

static bool is_word_char(char c)
{
	return c && !isspace((unsigned char)c) && c != '(' && c != ')';
}

/* The next word's length, without taking it; 0 at the end or a parenthesis. */
static size_t peek(struct parser *parser)
{
	size_t length = 0;

	while (isspace((unsigned char)*parser->at))
		parser->at++;
	while (is_word_char(parser->at[length]))
		length++;
	return length;
}

static bool take(struct parser *parser, const char *word)
{
	size_t length = peek(parser);

	if (length != strlen(word) || memcmp(parser->at, word, length) != 0)
		return false;
	parser->at += length;
	return true;
}

static int parse_one(struct parser *parser)
{
	if (parser->depth > 64)
		return err_set(parser->err, -EINVAL, "'%s' nests too deeply", parser->start);
	if (take(parser, "not")) {
		parser->depth++;
		int r = parse_one(parser);
		parser->depth--;
		return r < 0 ? r : !r;
	}
	size_t length = peek(parser);
	if (*parser->at == '(') {
		parser->at++;
		parser->depth++;
		int r = parse_or(parser);
		parser->depth--;
		peek(parser);
		if (r < 0)
			return r;
		if (*parser->at != ')')
			return err_set(parser->err, -EINVAL, "'%s': a ')' is missing", parser->start);
		parser->at++;
		return r;
	}
	if (!length)
		return err_set(parser->err, -EINVAL, "'%s': a word is missing at position %zu", parser->start,
			       (size_t)(parser->at - parser->start) + 1);

	_cleanup_free_ char *word = strndup(parser->at, length);
	if (!word)
		abort();
	if (strcmp(word, "and") == 0 || strcmp(word, "or") == 0)
		return err_set(parser->err, -EINVAL, "'%s': a word is missing before '%s'", parser->start, word);
	parser->at += length;
	return parser->has(parser->data, word);
}

static int parse_and(struct parser *parser)
{
	int value = parse_one(parser);

	while (value >= 0 && take(parser, "and")) {
		int right = parse_one(parser);

		value = right < 0 ? right : value && right;
	}
	return value;
}

static int parse_or(struct parser *parser)
{
	int value = parse_and(parser);

	while (value >= 0 && take(parser, "or")) {
		int right = parse_and(parser);

		value = right < 0 ? right : value || right;
	}
	return value;
}

int condition_words(const char *expression, bool (*has)(void *data, const char *word), void *data, struct err *err)
{
	struct parser parser = {.start = expression, .at = expression, .has = has, .data = data, .err = err};
	int value = parse_or(&parser);

	peek(&parser);
	if (value >= 0 && *parser.at)
		return err_set(err, -EINVAL, "'%s': 'and' or 'or' is missing at position %zu", expression, (size_t)(parser.at - expression) + 1);
	return value;
}
