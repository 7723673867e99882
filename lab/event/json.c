/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON form of events: one object a line, for other programs. */
#include "lab/event/event.h"

#include <inttypes.h>
#include <string.h>

static void add_hex(struct text *out, const uint8_t *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	text_add_char(out, '"');
	for (size_t i = 0; i < length; i++) {
		text_add_char(out, digits[bytes[i] >> 4]);
		text_add_char(out, digits[bytes[i] & 15]);
	}
	text_add_char(out, '"');
}

static void add_members(const struct event_struct *form, const void *body, bool first, struct text *out);

static void add_member(const struct event_member *member, const void *body, struct text *out)
{
	const void *at = (const char *)body + member->offset;
	const size_t *count = (const void *)((const char *)body + member->count_offset);

	switch (member->type) {
	case MEMBER_INT:
		text_addf(out, "%" PRId64, *(const int64_t *)at);
		break;
	case MEMBER_UINT:
		text_addf(out, "%" PRIu64, *(const uint64_t *)at);
		break;
	case MEMBER_BOOL:
		text_add(out, *(const bool *)at ? "true" : "false");
		break;
	case MEMBER_VERDICT:
		text_addf(out, "\"%s\"", verdict_name((enum verdict)*(const int64_t *)at));
		break;
	case MEMBER_STRING: {
		const char *string = *(const char *const *)at;

		text_add_json(out, string ? string : "", string ? strlen(string) : 0);
		break;
	}
	case MEMBER_BYTES:
		add_hex(out, *(const uint8_t *const *)at, *count);
		break;
	case MEMBER_LIST:
		text_add_char(out, '[');
		for (size_t i = 0; i < *count; i++) {
			text_add(out, i ? ", {" : "{");
			add_members(member->list, *(const char *const *)at + i * member->list->size, true, out);
			text_add_char(out, '}');
		}
		text_add_char(out, ']');
		break;
	}
}

static void add_members(const struct event_struct *form, const void *body, bool first, struct text *out)
{
	for (size_t i = 0; i < form->member_count; i++) {
		text_addf(out, "%s\"%s\": ", first && i == 0 ? "" : ", ", form->members[i].name);
		add_member(&form->members[i], body, out);
	}
}

void event_to_json(const struct event *event, struct text *out)
{
	const struct event_struct *form = &event_structs[event->type];

	text_addf(out, "{\"type\": \"%s\", \"case\": %" PRId64 ", \"time\": %" PRId64, form->name, event->case_index, event->stamp);
	add_members(form, event_body(event), false, out);
	text_add_char(out, '}');
}
