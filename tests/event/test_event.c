/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event stream: its binary form, its JSON form and its reference page. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lab/event/event.h"

/* One event of each type, every member set to something that tells it from the others. */
static void fill(struct event *event, enum event_type type, struct arena *arena)
{
	const struct event_struct *form = &event_structs[type];
	char *body = (char *)&event->run_begin;

	*event = (struct event){.type = type, .case_index = 40 + (int64_t)type, .stamp = INT64_C(1700000000123456789)};
	for (size_t i = 0; i < form->member_count; i++) {
		const struct event_member *member = &form->members[i];
		void *at = body + member->offset;
		size_t *count = (void *)(body + member->count_offset);

		switch (member->type) {
		case MEMBER_INT:
			*(int64_t *)at = -1 - (int64_t)i;
			break;
		case MEMBER_UINT:
			*(uint64_t *)at = UINT64_MAX - i;
			break;
		case MEMBER_BOOL:
			*(bool *)at = true;
			break;
		case MEMBER_VERDICT:
			*(int64_t *)at = VERDICT_XFAIL;
			break;
		case MEMBER_STRING:
			*(char **)at = arena_printf(arena, "%s.%s", form->name, member->name);
			break;
		case MEMBER_BYTES:
			*(const char **)at = "\x00\x01\xfe\xff";
			*count = 4;
			break;
		case MEMBER_LIST:
			break;
		}
	}
	if (type == EVENT_EXPECT) {
		static const struct expect_field fields[] = {{4, "ip.ttl", "63", "64", false}, {0, "count", "1", "1", true}};
		static const struct expect_packet packets[] = {{4, 31000, "outside:eth0 in", "UDP 1 > 2", true, false}};

		event->expect.fields = fields;
		event->expect.field_count = 2;
		event->expect.packets = packets;
		event->expect.packet_count = 1;
	}
}

Test(event, every_type_comes_back_as_it_was_sent)
{
	for (unsigned type = 0; type < EVENT_TYPE_COUNT; type++) {
		struct arena *arena = arena_new();
		struct text bytes = {0}, again = {0}, json = {0}, json_again = {0};
		struct event event, decoded;
		struct err err = {0};

		fill(&event, (enum event_type)type, arena);
		event_encode(&event, &bytes);
		long used = event_decode((const uint8_t *)bytes.data, bytes.length, arena, &decoded, &err);
		cr_assert_eq(used, (long)bytes.length, "%s: %s", event_structs[type].name, err.text);
		event_encode(&decoded, &again);
		cr_assert_eq(again.length, bytes.length);
		cr_assert_arr_eq(again.data, bytes.data, bytes.length);
		event_to_json(&event, &json);
		event_to_json(&decoded, &json_again);
		cr_assert_str_eq(text_str(&json), text_str(&json_again));
		text_free(&bytes);
		text_free(&again);
		text_free(&json);
		text_free(&json_again);
		arena_free(arena);
	}
}

Test(event, a_copy_says_the_same_and_shares_nothing)
{
	for (unsigned type = 0; type < EVENT_TYPE_COUNT; type++) {
		struct arena *arena = arena_new(), *second = arena_new();
		struct text bytes = {0}, before = {0}, after = {0};
		struct event event, decoded, copy;

		fill(&event, (enum event_type)type, arena);
		event_encode(&event, &bytes);
		cr_assert_gt(event_decode((const uint8_t *)bytes.data, bytes.length, arena, &decoded, NULL), 0);
		event_to_json(&decoded, &before);
		event_copy(&decoded, second, &copy);
		arena_free(arena); /* so that ASan sees what the copy shares */
		event_to_json(&copy, &after);
		cr_assert_str_eq(text_str(&after), text_str(&before));
		text_free(&bytes);
		text_free(&before);
		text_free(&after);
		arena_free(second);
	}
}

Test(event, every_byte_of_every_struct_is_in_its_table)
{
	/* Members are 8 bytes each but for bools: what no table names would not cross the pipe. */
	for (unsigned type = 0; type < EVENT_TYPE_COUNT; type++) {
		const struct event_struct *form = &event_structs[type];
		size_t size = 0;

		for (size_t i = 0; i < form->member_count; i++) {
			const struct event_member *member = &form->members[i];

			size += member->type == MEMBER_BYTES || member->type == MEMBER_LIST ? 16 : member->type == MEMBER_BOOL ? 1 : 8;
			cr_assert(member->doc && *member->doc, "%s.%s has no description", form->name, member->name);
			for (size_t k = 0; k < i; k++)
				cr_assert_str_neq(member->name, form->members[k].name);
		}
		cr_assert(form->size - size < 8, "%s: %zu bytes, the table names %zu", form->name, form->size, size);
	}
}

Test(event, several_events_are_taken_off_one_by_one)
{
	struct arena *arena = arena_new();
	struct text bytes = {0};
	struct event event;
	size_t at = 0, count = 0;

	for (unsigned type = 0; type < EVENT_TYPE_COUNT; type++) {
		fill(&event, (enum event_type)type, arena);
		event_encode(&event, &bytes);
	}
	while (at < bytes.length) {
		long used = event_decode((const uint8_t *)bytes.data + at, bytes.length - at, arena, &event, NULL);

		cr_assert_gt(used, 0);
		cr_assert_eq((unsigned)event.type, count++);
		at += (size_t)used;
	}
	cr_assert_eq(count, EVENT_TYPE_COUNT);
	text_free(&bytes);
	arena_free(arena);
}

Test(event, what_is_cut_short_asks_for_more)
{
	struct arena *arena = arena_new();
	struct text bytes = {0};
	struct event event, decoded = {.stamp = 7};

	fill(&event, EVENT_EXPECT, arena);
	event_encode(&event, &bytes);
	for (size_t length = 0; length < bytes.length; length++) {
		char *exact = malloc(length ? length : 1); /* so that ASan sees a read beyond */

		memcpy(exact, bytes.data, length);
		cr_assert_eq(event_decode((const uint8_t *)exact, length, arena, &decoded, NULL), 0);
		free(exact);
	}
	cr_assert_eq(decoded.stamp, 7, "nothing is written before the event is whole");
	text_free(&bytes);
	arena_free(arena);
}

Test(event, an_event_that_lies_about_its_length_is_refused)
{
	for (unsigned type = 0; type < EVENT_TYPE_COUNT; type++) {
		struct arena *arena = arena_new();
		struct text bytes = {0};
		struct event event, decoded;

		fill(&event, (enum event_type)type, arena);
		event_encode(&event, &bytes);
		for (size_t length = 0; length < bytes.length - 4; length++) {
			struct err err = {0};
			uint8_t *cut = malloc(length + 4);

			memcpy(cut, bytes.data, length + 4);
			cut[0] = (uint8_t)length;
			cut[1] = (uint8_t)(length >> 8);
			cr_assert_eq(event_decode(cut, length + 4, arena, &decoded, &err), -EBADMSG);
			cr_assert_neq(err.text[0], '\0');
			free(cut);
		}
		text_add_char(&bytes, 'x');
		size_t longer = bytes.length - 4;
		bytes.data[0] = (char)longer;
		bytes.data[1] = (char)(longer >> 8);
		cr_assert_eq(event_decode((const uint8_t *)bytes.data, bytes.length, arena, &decoded, NULL), -EBADMSG);
		text_free(&bytes);
		arena_free(arena);
	}
}

Test(event, any_one_byte_changed_never_reads_or_writes_astray)
{
	struct arena *arena = arena_new();
	struct text bytes = {0};
	struct event event, decoded;
	size_t refused = 0;

	fill(&event, EVENT_EXPECT, arena);
	event_encode(&event, &bytes);
	for (size_t i = 4; i < bytes.length; i++) {
		static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};

		for (size_t k = 0; k < sizeof(values); k++) {
			uint8_t *changed = malloc(bytes.length);

			memcpy(changed, bytes.data, bytes.length);
			changed[i] = values[k];
			long used = event_decode(changed, bytes.length, arena, &decoded, NULL);
			cr_assert(used == (long)bytes.length || used == -EBADMSG);
			refused += used < 0;
			free(changed);
		}
	}
	cr_assert_gt(refused, 100);
	text_free(&bytes);
	arena_free(arena);
}

Test(event, another_version_type_verdict_or_truth_is_refused)
{
	struct arena *arena = arena_new();
	struct text bytes = {0};
	struct event event = {.type = EVENT_CASE_END}, decoded;
	struct err err = {0};

	event_encode(&event, &bytes);
	bytes.data[4] = EVENT_VERSION + 1;
	cr_assert_eq(event_decode((const uint8_t *)bytes.data, bytes.length, arena, &decoded, &err), -EBADMSG);
	cr_assert_str_eq(err.text, "an event of version 2, where 1 is understood");
	bytes.data[4] = EVENT_VERSION;
	bytes.data[5] = EVENT_TYPE_COUNT;
	cr_assert_eq(event_decode((const uint8_t *)bytes.data, bytes.length, arena, &decoded, &err), -EBADMSG);
	bytes.data[5] = EVENT_CASE_END;
	bytes.data[22] = VERDICT_COUNT;
	cr_assert_eq(event_decode((const uint8_t *)bytes.data, bytes.length, arena, &decoded, &err), -EBADMSG);
	cr_assert_str_eq(err.text, "case-end: an event has verdict 6, which there is none");
	bytes.data[22] = VERDICT_FLAKY;
	cr_assert_eq(event_decode((const uint8_t *)bytes.data, bytes.length, arena, &decoded, NULL), (long)bytes.length);
	cr_assert_eq(decoded.case_end.verdict, VERDICT_FLAKY);
	cr_assert_str_eq(decoded.case_end.reason, "", "a NULL string arrives as an empty one");
	text_clear(&bytes);
	text_add_bytes(&bytes, "\x01\x00\x00\x01 and more than sixteen mebibytes are claimed", 48);
	cr_assert_eq(event_decode((const uint8_t *)bytes.data, bytes.length, arena, &decoded, NULL), -EBADMSG);
	text_free(&bytes);
	arena_free(arena);
}

Test(event, integers_come_out_so_that_two_of_them_can_be_added)
{
	struct arena *arena = arena_new();
	struct text bytes = {0};
	struct event event = {.type = EVENT_EXPECT, .stamp = INT64_MAX, .expect = {.opened = INT64_MIN, .closed = INT64_MAX, .count = -1}};
	struct event decoded;

	event_encode(&event, &bytes);
	cr_assert_gt(event_decode((const uint8_t *)bytes.data, bytes.length, arena, &decoded, NULL), 0);
	cr_assert_eq(decoded.stamp, EVENT_INT_MAX);
	cr_assert_eq(decoded.expect.closed, EVENT_INT_MAX);
	cr_assert_eq(decoded.expect.opened, -EVENT_INT_MAX);
	cr_assert_eq(decoded.expect.count, -1);
	text_free(&bytes);
	arena_free(arena);
}

Test(event, what_is_too_large_is_cut_and_stays_readable)
{
	struct arena *arena = arena_new();
	struct text bytes = {0};
	size_t size = EVENT_SIZE_MAX + 100;
	uint8_t *data = mem_alloc(size);
	struct expect_field *fields = mem_alloc((EVENT_LIST_MAX + 1) * sizeof(*fields));
	struct event event = {.type = EVENT_OUTPUT, .output = {.data = data, .data_length = size}}, decoded;

	event_encode(&event, &bytes);
	cr_assert_eq(bytes.length, EVENT_SIZE_MAX + 4);
	cr_assert_eq(event_decode((const uint8_t *)bytes.data, bytes.length, arena, &decoded, NULL), (long)bytes.length);
	cr_assert_gt(decoded.output.data_length, EVENT_SIZE_MAX - 100);
	text_clear(&bytes);
	event = (struct event){.type = EVENT_EXPECT, .expect = {.fields = fields, .field_count = EVENT_LIST_MAX + 1}};
	event_encode(&event, &bytes);
	cr_assert_eq(event_decode((const uint8_t *)bytes.data, bytes.length, arena, &decoded, NULL), (long)bytes.length);
	cr_assert_eq(decoded.expect.field_count, EVENT_LIST_MAX);
	free(fields);
	free(data);
	text_free(&bytes);
	arena_free(arena);
}

Test(event, json_has_verdict_names_hex_bytes_and_whole_integers)
{
	struct text json = {0};
	struct expect_field field = {3, "ip.ttl", "63", "64", false};
	struct event event = {
		.type = EVENT_STEP_END,
		.case_index = 2,
		.stamp = INT64_C(1700000000123456789),
		.step_end = {.step = 1, .verdict = VERDICT_FAIL, .message = "a \"b\"\x01", .call = "sendto", .errno_value = 90, .took = 12},
	};

	event_to_json(&event, &json);
	cr_assert_str_eq(text_str(&json), "{\"type\": \"step-end\", \"case\": 2, \"time\": 1700000000123456789, \"step\": 1, "
					  "\"verdict\": \"fail\", \"message\": \"a \\\"b\\\"\\u0001\", \"call\": \"sendto\", "
					  "\"errno\": 90, \"took\": 12}");
	text_clear(&json);
	event = (struct event){.type = EVENT_OUTPUT, .output = {.stream = 2, .data = (const uint8_t *)"\x00\xff", .data_length = 2}};
	event_to_json(&event, &json);
	cr_assert_str_eq(text_str(&json), "{\"type\": \"output\", \"case\": 0, \"time\": 0, \"step\": 0, \"stream\": 2, \"data\": \"00ff\"}");
	text_clear(&json);
	event = (struct event){.type = EVENT_EXPECT, .expect = {.fields = &field, .field_count = 1}};
	event_to_json(&event, &json);
	cr_assert(strstr(text_str(&json), "\"fields\": [{\"packet\": 3, \"name\": \"ip.ttl\", \"expected\": \"63\", \"seen\": \"64\", "
					  "\"held\": false}], \"packets\": []}"));
	text_free(&json);
}

Test(event, the_reference_page_is_what_the_tables_say)
{
	const char *path = SOURCE_ROOT "/docs/events.md";
	struct text made = {0}, kept = {0};
	char buffer[4096];
	size_t n;

	event_document(&made);
	if (getenv("NSLAB_UPDATE_GOLDEN")) {
		FILE *out = fopen(path, "we");

		cr_assert(out && fwrite(made.data, 1, made.length, out) == made.length && fclose(out) == 0);
	}
	FILE *file = fopen(path, "re");
	cr_assert(file, "%s is missing: run this test with NSLAB_UPDATE_GOLDEN=1", path);
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add_bytes(&kept, buffer, n);
	fclose(file);
	cr_assert_str_eq(text_str(&kept), text_str(&made), "docs/events.md is old: run this test with NSLAB_UPDATE_GOLDEN=1");
	text_free(&made);
	text_free(&kept);
}
