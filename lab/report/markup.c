/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Escapes of the formats that have some: XML, Markdown, workflow commands. */
#include "lab/report/markup.h"

#include <string.h>

/* Without what XML 1.0 section 2.2 leaves out: controls but for tab and line ends, U+FFFE, U+FFFF, broken UTF-8. */
static void add_xml_legal(const char *string, size_t length, struct text *out)
{
	for (size_t i = 0; i < length;) {
		size_t run = 0;

		while (i + run < length && string[i + run] != '\n' && string[i + run] != '\t' && strncmp(string + i + run, "\xef\xbf\xbe", 3) &&
		       strncmp(string + i + run, "\xef\xbf\xbf", 3))
			run++;
		text_add_visible(out, string + i, run);
		i += run;
		if (i < length && (string[i] == '\n' || string[i] == '\t')) {
			text_add_char(out, string[i++]);
		} else if (i < length) {
			text_addf(out, "\\xef\\xbf\\x%02x", (unsigned char)string[i + 2]);
			i += 3;
		}
	}
}

void markup_add_xml(const char *string, size_t length, bool attribute, struct text *out)
{
	_cleanup_text_ struct text copy = {0}, legal = {0};

	text_add_bytes(&copy, string, length); /* so that looking ahead stays inside */
	add_xml_legal(text_str(&copy), copy.length, &legal);
	for (const char *c = text_str(&legal); *c; c++) {
		switch (*c) {
		case '&':
			text_add(out, "&amp;");
			break;
		case '<':
			text_add(out, "&lt;");
			break;
		case '>':
			text_add(out, "&gt;");
			break;
		case '"':
			text_add(out, "&quot;");
			break;
		case '\n':
		case '\t':
			if (attribute)
				text_addf(out, "&#%d;", *c);
			else
				text_add_char(out, *c);
			break;
		default:
			text_add_char(out, *c);
		}
	}
}

void markup_add_markdown(const char *string, struct text *out)
{
	_cleanup_text_ struct text line = {0}, clean = {0};

	for (const char *c = string; *c; c++)
		text_add_char(&line, *c == '\n' || *c == '\t' ? ' ' : *c);
	text_add_visible(&clean, text_str(&line), line.length);
	for (const char *c = text_str(&clean); *c; c++) {
		if (*c == '<')
			text_add(out, "&lt;");
		else if (*c == '&')
			text_add(out, "&amp;");
		else if (strchr("\\`*_[]|~#>$@", *c))
			text_addf(out, "\\%c", *c);
		else
			text_add_char(out, *c);
	}
}

void markup_add_workflow(const char *string, bool property, struct text *out)
{
	for (const char *c = string; *c; c++) {
		if (*c == '%' || *c == '\r' || *c == '\n' || (property && (*c == ':' || *c == ',')))
			text_addf(out, "%%%02X", (unsigned char)*c);
		else if ((unsigned char)*c < 0x20 && *c != '\t')
			text_addf(out, "\\x%02x", (unsigned char)*c);
		else
			text_add_char(out, *c);
	}
}
