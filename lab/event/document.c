/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reference page of the event stream, made from the member tables. */
#include "lab/event/event.h"

#include <ctype.h>

static const char *const type_words[] = {
	[MEMBER_INT] = "integer",  [MEMBER_UINT] = "integer ≥ 0", [MEMBER_BOOL] = "true or false", [MEMBER_STRING] = "string",
	[MEMBER_VERDICT] = "verdict", [MEMBER_BYTES] = "string of hex digits",  [MEMBER_LIST] = "list of objects",
};

static void add_table(const struct event_struct *form, struct text *out)
{
	text_add(out, "| member | type | meaning |\n|---|---|---|\n");
	for (size_t i = 0; i < form->member_count; i++) {
		const struct event_member *member = &form->members[i];

		text_addf(out, "| `%s` | %s | %s%s%s%s |\n", member->name, type_words[member->type], member->doc,
			  member->list ? "; each a *" : "", member->list ? member->list->name : "", member->list ? "*, see below" : "");
	}
	text_add_char(out, '\n');
}

static void add_lists(const struct event_struct *form, struct text *out)
{
	for (size_t i = 0; i < form->member_count; i++) {
		const struct event_struct *list = form->members[i].list;

		if (!list)
			continue;
		text_addf(out, "### %c%s\n%s Element of `%s` of `%s`.\n\n", toupper((unsigned char)list->name[0]), list->name + 1,
			  list->doc, form->members[i].name, form->name);
		add_table(list, out);
	}
}

void event_document(struct text *out)
{
	text_addf(out,
		  "# The event stream, version %d\n\n"
		  "`nslab run -o json` writes what happens as it happens: JSON lines (one object a line, UTF-8). Every other output of\n"
		  "nslab is made from these events and nothing else.\n\n"
		  "Cases run at the same time, so their events are interleaved; the events of one case stand in order. New members and\n"
		  "new event types may come within a version: skip what you do not know. Strings are empty, never `null`, where there is\n"
		  "nothing to say. Bytes that are not UTF-8 become U+FFFD in strings; bytes of packets and of programs are hex digits.\n"
		  "Time stamps and durations are integers in nanoseconds; stamps count from the epoch (CLOCK_REALTIME, the clock of\n"
		  "packet stamps) and need all of 64 bits, so read them with a parser that keeps such integers whole.\n\n"
		  "A verdict is one of",
		  EVENT_VERSION);
	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		text_addf(out, "%s `%s`", i ? "," : "", verdict_name((enum verdict)i));
	text_add(out, ".\n\nEvery event begins with these:\n\n"
		      "| member | type | meaning |\n|---|---|---|\n"
		      "| `type` | string | which event it is: the headings below |\n"
		      "| `case` | integer | which case of the run, from 0; -1 where it speaks of the run as a whole |\n"
		      "| `time` | integer | when it was said, ns since the epoch |\n\n");
	for (size_t i = 0; i < EVENT_TYPE_COUNT; i++) {
		text_addf(out, "## `%s`\n%s\n\n", event_structs[i].name, event_structs[i].doc);
		add_table(&event_structs[i], out);
		add_lists(&event_structs[i], out);
	}
	while (out->length > 1 && out->data[out->length - 2] == '\n')
		out->data[--out->length] = '\0';
}
