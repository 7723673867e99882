/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The binary form of events, which crosses the pipe from a runner to its supervisor. */
#include "lab/event/event.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/*
 * Theory of operation
 *
 * All numbers are little-endian. An event is a 32-bit count of the bytes that
 * follow, then a byte of EVENT_VERSION, a byte of type, the case index and the
 * stamp (64 bits each), then the members in the order of their table:
 *
 *     int, uint, verdict   64 bits
 *     bool                 1 byte, 0 or 1
 *     string, bytes        32-bit length, then the bytes; no NUL in a string
 *     list                 32-bit count, then each element's members
 *
 * The reader may be a supervisor and the writer a runner gone wrong: nothing
 * that is read is used before it was held against what is left. A form that
 * differs in anything is refused, since both ends are one program; the JSON
 * form is the one for other programs.
 */
#define HEADER_SIZE 18 /* version, type, case index, stamp */

/* The smallest encoding of a struct: what a list of them is held against. */
static size_t smallest_size(const struct event_struct *form)
{
	size_t size = 0;

	for (size_t i = 0; i < form->member_count; i++) {
		switch (form->members[i].type) {
		case MEMBER_INT:
		case MEMBER_UINT:
		case MEMBER_VERDICT:
			size += 8;
			break;
		case MEMBER_BOOL:
			size += 1;
			break;
		case MEMBER_STRING:
		case MEMBER_BYTES:
		case MEMBER_LIST:
			size += 4;
			break;
		}
	}
	return size;
}

static void put_number(struct text *out, uint64_t value, size_t bytes)
{
	char buffer[8];

	for (size_t i = 0; i < bytes; i++)
		buffer[i] = (char)(value >> (8 * i));
	text_add_bytes(out, buffer, bytes);
}

static const void *member_at(const void *body, const struct event_member *member)
{
	return (const char *)body + member->offset;
}

static size_t member_count(const void *body, const struct event_member *member)
{
	size_t count = *(const size_t *)(const void *)((const char *)body + member->count_offset);

	return member->type == MEMBER_LIST && count > EVENT_LIST_MAX ? EVENT_LIST_MAX : count;
}

/* `room` is what strings and bytes may still take of the event: what is beyond is cut. */
static void put_bytes(struct text *out, const void *bytes, size_t length, size_t *room)
{
	if (length > *room)
		length = *room;
	*room -= length;
	put_number(out, length, 4);
	text_add_bytes(out, bytes, length);
}

static void put_struct(const struct event_struct *form, const void *body, struct text *out, size_t *room)
{
	for (size_t i = 0; i < form->member_count; i++) {
		const struct event_member *member = &form->members[i];
		const void *at = member_at(body, member);

		switch (member->type) {
		case MEMBER_INT:
		case MEMBER_VERDICT:
		case MEMBER_UINT:
			put_number(out, *(const uint64_t *)at, 8);
			break;
		case MEMBER_BOOL:
			put_number(out, *(const bool *)at, 1);
			break;
		case MEMBER_STRING: {
			const char *string = *(const char *const *)at;

			put_bytes(out, string, string ? strlen(string) : 0, room);
			break;
		}
		case MEMBER_BYTES:
			put_bytes(out, *(const void *const *)at, member_count(body, member), room);
			break;
		case MEMBER_LIST: {
			const char *items = *(const char *const *)at;
			size_t count = member_count(body, member);

			put_number(out, count, 4);
			for (size_t k = 0; k < count; k++)
				put_struct(member->list, items + k * member->list->size, out, room);
			break;
		}
		}
	}
}

/* What the event takes with every string and every byte array empty. Lists of lists do not occur. */
static size_t fixed_size(const struct event_struct *form, const void *body)
{
	size_t size = HEADER_SIZE + smallest_size(form);

	for (size_t i = 0; i < form->member_count; i++)
		if (form->members[i].type == MEMBER_LIST)
			size += member_count(body, &form->members[i]) * smallest_size(form->members[i].list);
	return size;
}

void event_encode(const struct event *event, struct text *out)
{
	const struct event_struct *form = &event_structs[event->type];
	size_t room = EVENT_SIZE_MAX - fixed_size(form, event_body(event));
	size_t start = out->length;

	put_number(out, 0, 4);
	put_number(out, EVENT_VERSION, 1);
	put_number(out, (uint64_t)event->type, 1);
	put_number(out, (uint64_t)event->case_index, 8);
	put_number(out, (uint64_t)event->stamp, 8);
	put_struct(form, event_body(event), out, &room);

	size_t length = out->length - start - 4;
	for (size_t i = 0; i < 4; i++)
		out->data[start + i] = (char)(length >> (8 * i));
}

struct reader {
	const uint8_t *at;
	size_t left;
	struct arena *arena;
	struct err *err;
};

static int get_number(struct reader *reader, size_t bytes, const char *what, uint64_t *ret)
{
	uint64_t value = 0;

	if (reader->left < bytes)
		return err_set(reader->err, -EBADMSG, "an event ends within '%s'", what);
	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)reader->at[i] << (8 * i);
	reader->at += bytes;
	reader->left -= bytes;
	*ret = value;
	return 0;
}

/* Copies with a NUL behind, which is not counted. */
static int get_bytes(struct reader *reader, const char *what, char **ret, size_t *ret_length)
{
	uint64_t length = 0;
	int r = get_number(reader, 4, what, &length);

	if (r < 0)
		return r;
	if (length > reader->left)
		return err_set(reader->err, -EBADMSG, "'%s' of an event wants %" PRIu64 " bytes where %zu are left", what, length,
			       reader->left);
	*ret = arena_strndup(reader->arena, (const char *)reader->at, (size_t)length);
	*ret_length = (size_t)length;
	reader->at += length;
	reader->left -= (size_t)length;
	return 0;
}

static int64_t within(uint64_t value)
{
	int64_t number = (int64_t)value;

	return number > EVENT_INT_MAX ? EVENT_INT_MAX : number < -EVENT_INT_MAX ? -EVENT_INT_MAX : number;
}

static int get_struct(struct reader *reader, const struct event_struct *form, void *body);

static int get_list(struct reader *reader, const struct event_member *member, void *body)
{
	const struct event_struct *form = member->list;
	uint64_t count = 0;
	int r = get_number(reader, 4, member->name, &count);

	if (r < 0)
		return r;
	if (count > EVENT_LIST_MAX || count > reader->left / smallest_size(form))
		return err_set(reader->err, -EBADMSG, "'%s' of an event claims %" PRIu64 " entries", member->name, count);
	char *items = arena_alloc(reader->arena, (size_t)count * form->size);
	for (size_t i = 0; i < count; i++) {
		r = get_struct(reader, form, items + i * form->size);
		if (r < 0)
			return r;
	}
	*(void **)(void *)((char *)body + member->offset) = items;
	*(size_t *)(void *)((char *)body + member->count_offset) = (size_t)count;
	return 0;
}

static int get_member(struct reader *reader, const struct event_member *member, void *body)
{
	void *at = (char *)body + member->offset;
	size_t length = 0;
	uint64_t value = 0;
	char *bytes = NULL;
	int r;

	switch (member->type) {
	case MEMBER_INT:
		r = get_number(reader, 8, member->name, &value);
		if (r >= 0)
			*(int64_t *)at = within(value);
		return r;
	case MEMBER_UINT:
		return get_number(reader, 8, member->name, at);
	case MEMBER_VERDICT:
		r = get_number(reader, 8, member->name, &value);
		if (r < 0)
			return r;
		if (value >= VERDICT_COUNT)
			return err_set(reader->err, -EBADMSG, "an event has verdict %" PRIu64 ", which there is none", value);
		*(int64_t *)at = (int64_t)value;
		return 0;
	case MEMBER_BOOL:
		r = get_number(reader, 1, member->name, &value);
		if (r < 0)
			return r;
		if (value > 1)
			return err_set(reader->err, -EBADMSG, "'%s' of an event is neither true nor false", member->name);
		*(bool *)at = value;
		return 0;
	case MEMBER_STRING:
		r = get_bytes(reader, member->name, &bytes, &length);
		if (r < 0)
			return r;
		if (strlen(bytes) != length)
			return err_set(reader->err, -EBADMSG, "'%s' of an event holds a NUL byte", member->name);
		*(char **)at = bytes;
		return 0;
	case MEMBER_BYTES:
		r = get_bytes(reader, member->name, &bytes, &length);
		if (r < 0)
			return r;
		*(char **)at = bytes;
		*(size_t *)(void *)((char *)body + member->count_offset) = length;
		return 0;
	case MEMBER_LIST:
		return get_list(reader, member, body);
	}
	return err_set(reader->err, -EBADMSG, "'%s' of an event has no form", member->name);
}

static int get_struct(struct reader *reader, const struct event_struct *form, void *body)
{
	for (size_t i = 0; i < form->member_count; i++) {
		int r = get_member(reader, &form->members[i], body);

		if (r < 0)
			return r;
	}
	return 0;
}

static int get_event(struct reader *reader, struct event *event)
{
	uint64_t version = 0, type = 0, case_index = 0, stamp = 0;

	/* The caller saw to it that there are HEADER_SIZE bytes. */
	get_number(reader, 1, "version", &version);
	get_number(reader, 1, "type", &type);
	get_number(reader, 8, "case", &case_index);
	get_number(reader, 8, "time", &stamp);
	if (version != EVENT_VERSION)
		return err_set(reader->err, -EBADMSG, "an event of version %" PRIu64 ", where %d is understood", version, EVENT_VERSION);
	if (type >= EVENT_TYPE_COUNT)
		return err_set(reader->err, -EBADMSG, "an event of type %" PRIu64 ", which there is none", type);
	event->type = (enum event_type)type;
	event->case_index = within(case_index);
	event->stamp = within(stamp);
	int r = get_struct(reader, &event_structs[type], (void *)&event->run_begin);
	if (r < 0)
		return err_wrap(reader->err, "%s", event_structs[type].name) < 0 ? r : -EBADMSG;
	if (reader->left)
		return err_set(reader->err, -EBADMSG, "%s: %zu bytes too many", event_structs[type].name, reader->left);
	return 0;
}

long event_decode(const uint8_t *bytes, size_t length, struct arena *arena, struct event *ret, struct err *err)
{
	struct reader reader = {.at = bytes, .left = length, .arena = arena, .err = err};
	struct event event = {0};
	uint64_t size = 0;

	if (length < 4)
		return 0;
	get_number(&reader, 4, "length", &size);
	if (size < HEADER_SIZE || size > EVENT_SIZE_MAX)
		return err_set(err, -EBADMSG, "an event of %" PRIu64 " bytes: it has %d to %u", size, HEADER_SIZE, EVENT_SIZE_MAX);
	if (size > reader.left)
		return 0;
	reader.left = (size_t)size;
	int r = get_event(&reader, &event);
	if (r < 0)
		return r;
	*ret = event;
	return (long)size + 4;
}
