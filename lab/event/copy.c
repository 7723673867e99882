/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deep copies of events, by their tables. */
#include "lab/event/event.h"

#include <string.h>

static void *copy_bytes(struct arena *arena, const void *bytes, size_t length)
{
	return arena_strndup(arena, bytes, length);
}

/* `body` is a shallow copy already: what it points to is copied in place. */
static void deepen(const struct event_struct *form, void *body, struct arena *arena)
{
	for (size_t i = 0; i < form->member_count; i++) {
		const struct event_member *member = &form->members[i];
		char **at = (void *)((char *)body + member->offset);
		const size_t *count = (const void *)((const char *)body + member->count_offset);

		if (member->type == MEMBER_STRING) {
			*at = arena_strdup(arena, *at ? *at : "");
		} else if (member->type == MEMBER_BYTES) {
			*at = copy_bytes(arena, *at, *count);
		} else if (member->type == MEMBER_LIST) {
			*at = copy_bytes(arena, *at, *count * member->list->size);
			for (size_t k = 0; k < *count; k++)
				deepen(member->list, *at + k * member->list->size, arena);
		}
	}
}

void event_copy(const struct event *event, struct arena *arena, struct event *ret)
{
	struct event copy = *event;

	deepen(&event_structs[event->type], &copy.run_begin, arena);
	*ret = copy;
}
