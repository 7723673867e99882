/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON form: each event as it comes, one object a line (docs/events.md). */
#include "lab/report/reporters.h"

static void json_emit(struct reporter *reporter, const struct event *event, struct text *out)
{
	(void)reporter;
	event_to_json(event, out);
	text_add_char(out, '\n');
}

const struct reporter_type reporter_json = {
	.name = "json",
	.summary = "every event as a JSON line, as it happens",
	.emit = json_emit,
};
