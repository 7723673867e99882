/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `when:` of a step: words that are true or false. */
#include "lab/scenario/condition.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lab/base/mem.h"
#include "lab/base/text.h"

static char *trimmed(const char *start, size_t length)
{
	while (length && isspace((unsigned char)*start))
		start++, length--;
	while (length && isspace((unsigned char)start[length - 1]))
		length--;
	char *copy = mem_alloc(length + 1);
	memcpy(copy, start, length);
	return copy;
}

int condition_when(const char *text, struct err *err)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
	const char *equal = strstr(text, "=="), *unequal = strstr(text, "!=");
	const char *at = equal ? equal : unequal;

	if (at) {
		_cleanup_free_ char *left = trimmed(text, (size_t)(at - text));
		_cleanup_free_ char *right = trimmed(at + 2, strlen(at + 2));

		return (strcmp(left, right) == 0) == (equal != NULL);
	}
	_cleanup_free_ char *word = trimmed(text, strlen(text));
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcasecmp(word, words[i]) == 0)
			return i & 1;
	return err_set(err, -EINVAL, "when: '%s' is neither true nor false; write true, false, or a comparison such as $(family) == ipv6", text);
}
