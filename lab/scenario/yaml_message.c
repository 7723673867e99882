/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Syntax errors of YAML in our own words. */
#include "lab/scenario/yaml_message.h"

#include <string.h>

#include "lab/scenario/quote.h"

/* What libfyaml says, by a part of it; what we say; what would be right. The first that fits. */
static const struct {
	const char *part;
	const char *message;
	const char *help;
	bool may_be_text; /* a value that should have been quoted often ends like this */
} messages[] = {
	{"tab ", "a tab stands where the line is indented", "indent with spaces", false},
	{"double-quoted scalar without closing", "the \" that starts this text is never closed", "end the text with \"", false},
	{"single-quoted scalar without closing", "the ' that starts this text is never closed",
	 "end the text with '; a ' within it is written twice", false},
	{"invalid escape", "this text holds a \\ that YAML does not know",
	 "write \\\\ for a backslash, or put the text between ' and ', where it stands for itself", false},
	{"escape", "an escape in this text is not complete", "write \\xNN or \\uNNNN, or put the text between ' and '", false},
	{"trailing content after", "something stands after the closing quote", "quote the whole value, or none of it", false},
	{"cannot start with", "YAML gives this sign a meaning of its own", NULL, true},
	{"no linebreak found", "YAML gives | and > a meaning of their own", NULL, true},
	{"nested block mapping", "YAML reads this as a map within a map", NULL, true},
	{"invalid value after mapping", "this is no key and no value", "write key: value, with a space after the colon", true},
	{"missing comma", "a comma is missing here", "separate entries by commas", true},
	{"extra closing", "this closes what was never opened", NULL, true},
	{"block sequence on the same line", "a list cannot start on the line of its key", "start the list on a line of its own", true},
	{"invalid anchor", "YAML gives & a meaning of its own", NULL, true},
	{"invalid alias", "YAML gives * a meaning of its own", NULL, true},
	{"invalid tag", "YAML gives ! a meaning of its own", NULL, true},
	{"tag ", "YAML gives ! a meaning of its own", NULL, true},
	{"without a closing", "this is never closed", NULL, true},
	{"multiline plain key", "a key stands where its line is still part of the value before",
	 "check the indentation, and that a space stands after each colon", true},
	{"expected ':'", "a colon is missing: this is neither a key nor a value", "write key: value, with a space after the colon", true},
	{"indent", "this line is indented unlike the lines it belongs to", "keys of one map start in one column, and so do the items of a list", false},
	{"end of block sequence", "this is neither an item of the list above it nor a part of one", "items of a list all start with '- ', in one column", true},
	{"did not find expected key", "this is not indented like the keys above it",
	 "keys of one map start in one column, and items of a list all start with '- '", false},
	{"did not find expected '-'", "an item of the list is expected here", "items of a list all start with '- ', in one column", false},
	{"node content", "a value is expected here", NULL, true},
	{"directive", "a line that starts with % is meant for YAML itself", "quote it, if it is part of a text", false},
	{"comment", "a comment stands where YAML takes none", "put a space before the #, or the comment on a line of its own", false},
};

static size_t line_left(const struct source *source, size_t offset)
{
	size_t end = offset;

	while (end < source->length && source->text[end] != '\n' && source->text[end] != '\r')
		end++;
	while (end > offset && (source->text[end - 1] == ' ' || source->text[end - 1] == '\t'))
		end--;
	return end - offset;
}

void yaml_message_report(const struct yaml_failure *failure, struct diag_list *diags)
{
	const struct source *source = failure->source;
	struct span quote;
	size_t i = 0;

	while (i < COUNT_OF(messages) && !strstr(failure->message, messages[i].part))
		i++;
	bool may_be_text = i == COUNT_OF(messages) || messages[i].may_be_text;
	bool of_indent = i < COUNT_OF(messages) && !may_be_text && strcmp(messages[i].part, "indent") == 0;

	/* libfyaml sees the lines after a quote that is never closed, and finds them badly indented. */
	if (of_indent && failure->offset < source->length && strchr("\"'", source->text[failure->offset])) {
		diag_add(diags, DIAG_YAML_SYNTAX, failure->place, "the %c that starts this text is never closed", source->text[failure->offset]);
		diag_help(diags, "end the text with %c; its further lines, if it has any, are indented", source->text[failure->offset]);
		return;
	}
	/* A bracket from an earlier line, still open: the error is there. */
	if ((may_be_text || of_indent) && failure->open && failure->open->line < failure->place.line) {
		quote = *failure->open;
		char bracket = source->text[quote.offset];

		quote.length = (uint32_t)line_left(source, quote.offset);
		diag_add(diags, DIAG_QUOTE_THIS, quote, "this %c is not closed by the time the text stops making sense", bracket);
		struct text quoted = {0};
		quote_add_text(source->text + quote.offset, quote.length, &quoted);
		diag_help(diags, "close it with %c, or quote this if it is meant as text: %s", bracket == '[' ? ']' : '}', text_str(&quoted));
		text_free(&quoted);
		return;
	}
	if (may_be_text && quote_find(source, (uint32_t)failure->offset, &quote)) {
		diag_add(diags, DIAG_QUOTE_THIS, quote, "YAML cannot read this value as text");
		quote_help(diags, quote);
		return;
	}
	if (i == COUNT_OF(messages)) {
		diag_add(diags, DIAG_YAML_SYNTAX, failure->place, "this is not valid YAML");
		return;
	}
	diag_add(diags, DIAG_YAML_SYNTAX, failure->place, "%s", messages[i].message);
	if (messages[i].help)
		diag_help(diags, "%s", messages[i].help);
}
