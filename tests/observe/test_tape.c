/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "lab/observe/marker.h"
#include "lab/observe/tape.h"

static struct tape *new_tape(void)
{
	struct tape *tape = tape_new();

	array_push(&tape->interfaces, (struct tape_interface){.node = "near", .interface = "end0", .ifindex = 2, .wire_end = true});
	array_push(&tape->interfaces, (struct tape_interface){.node = "far", .interface = "end0", .node_index = 1, .ifindex = 2, .wire_end = true});
	return tape;
}

static struct tape_packet *add(struct tape *tape, int64_t stamp, const char *bytes)
{
	return tape_add(tape, 0, false, stamp, (const uint8_t *)bytes, strlen(bytes), strlen(bytes));
}

Test(tape, keeps_packets_in_the_order_of_their_stamps_and_arrivals_beside)
{
	struct tape *tape = new_tape();
	static const int64_t stamps[] = {50, 20, 40, 10, 30, 60, 5};
	static const int64_t sorted[] = {5, 10, 20, 30, 40, 50, 60};

	for (size_t i = 0; i < COUNT_OF(stamps); i++)
		add(tape, stamps[i], "frame");
	cr_assert_eq(tape->packets.count, COUNT_OF(stamps));
	for (size_t i = 0; i < COUNT_OF(stamps); i++) {
		cr_assert_eq(tape->packets.items[i]->stamp, sorted[i]);
		cr_assert_eq(tape->arrivals.items[i]->stamp, stamps[i]);
	}
	tape_free(tape);
}

Test(tape, equal_stamps_stay_in_the_order_of_arrival)
{
	struct tape *tape = new_tape();
	struct tape_packet *first = add(tape, 10, "first"), *second = add(tape, 10, "second");

	add(tape, 20, "later");
	struct tape_packet *third = add(tape, 10, "third");
	cr_assert_eq(tape->packets.items[0], first);
	cr_assert_eq(tape->packets.items[1], second);
	cr_assert_eq(tape->packets.items[2], third);
	add(tape, INT64_MAX, "never");
	add(tape, INT64_MAX, "never more");
	cr_assert_eq(memcmp(tape->packets.items[5]->data, "never more", 10), 0);
	tape_free(tape);
}

Test(tape, numbers_from_one_and_again_where_something_came_between)
{
	struct tape *tape = new_tape();
	struct tape_packet *a = add(tape, 10, "a"), *c = add(tape, 30, "c");

	tape_number(tape);
	cr_assert_eq(a->number, 1);
	cr_assert_eq(c->number, 2);
	struct tape_packet *b = add(tape, 20, "b");
	tape_number(tape);
	cr_assert_eq(a->number, 1);
	cr_assert_eq(b->number, 2);
	cr_assert_eq(c->number, 3);
	tape_free(tape);
}

Test(tape, finds_the_first_packet_of_a_time)
{
	struct tape *tape = new_tape();

	cr_assert_eq(tape_find(tape, 0), 0);
	for (int64_t stamp = 10; stamp <= 50; stamp += 10)
		add(tape, stamp, "x");
	cr_assert_eq(tape_find(tape, 0), 0);
	cr_assert_eq(tape_find(tape, 10), 0);
	cr_assert_eq(tape_find(tape, 11), 1);
	cr_assert_eq(tape_find(tape, 50), 4);
	cr_assert_eq(tape_find(tape, 51), 5);
	tape_free(tape);
}

Test(tape, copies_the_frame_and_knows_what_was_cut)
{
	struct tape *tape = new_tape();
	char bytes[] = "a frame";
	struct tape_packet *packet = tape_add(tape, 0, true, 1, (const uint8_t *)bytes, 4, 7);

	memset(bytes, 0, sizeof(bytes));
	cr_assert_eq(packet->captured, 4);
	cr_assert_eq(packet->length, 7);
	cr_assert_eq(memcmp(packet->data, "a fr", 4), 0);
	tape_free(tape);
}

Test(tape, puts_a_vlan_tag_back_behind_the_addresses)
{
	static const uint8_t frame[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x00, 0x45};
	static const uint8_t wanted[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x88, 0xa8, 0x20, 0x2a, 0x08, 0x00, 0x45};
	struct tape *tape = new_tape();
	struct tape_packet *packet = tape_add_tagged(tape, 0, false, 1, frame, sizeof(frame), sizeof(frame), 0x88a8, 0x202a);

	cr_assert_eq(packet->captured, sizeof(wanted));
	cr_assert_eq(packet->length, sizeof(wanted));
	cr_assert_eq(memcmp(packet->data, wanted, sizeof(wanted)), 0);
	packet = tape_add_tagged(tape, 0, false, 1, frame, 11, 100, 0x8100, 1);
	cr_assert_eq(packet->captured, 11, "cut before the tag: nowhere to put it");
	cr_assert_eq(packet->length, 104);
	packet = tape_add_tagged(tape, 0, false, 1, frame, 12, 12, 0x8100, 1);
	cr_assert_eq(packet->captured, 16);
	tape_free(tape);
}

Test(tape, dissects_once_and_with_the_length_on_the_wire)
{
	static const uint8_t frame[60] = {[12] = 0x08, [13] = 0x06};
	struct tape *tape = new_tape();
	struct tape_packet *packet = tape_add(tape, 0, false, 1, frame, sizeof(frame), 90);
	const struct dissection *dissection = tape_dissect(tape, packet);

	cr_assert_eq(dissection, tape_dissect(tape, packet));
	cr_assert_eq(dissection->wire_length, 90);
	cr_assert_geq(dissection->count, 1);
	tape_free(tape);
}

Test(tape, comments_are_lines_and_places_are_names)
{
	struct tape *tape = new_tape();
	struct tape_packet *packet = tape_add(tape, 1, true, 1, (const uint8_t *)"x", 1, 1);
	struct text place = {0};

	tape_add_comment(tape, packet, "one");
	tape_add_comment(tape, packet, "two");
	cr_assert_str_eq(packet->comment, "one\ntwo");
	tape_add_place(tape, packet, &place);
	cr_assert_str_eq(text_str(&place), "far:end0 out");
	text_free(&place);
	cr_assert_eq(tape_find_interface(tape, "far", "end0"), 1);
	cr_assert_eq(tape_find_interface(tape, "far", "end1"), -1);
	tape_free(tape);
}

Test(marker, is_known_by_its_token_and_passed_over_by_bridges)
{
	const struct marker marker = {.token = 0x1234567890abcdef, .round = 7, .from = 3, .answer = MARKER_NOWHERE};
	struct marker read;
	uint8_t frame[MARKER_LENGTH];

	marker_write(&marker, frame);
	cr_assert(frame[0] & 1, "the destination is a group");
	cr_assert(frame[6] & 1, "a source that is a group is dropped by every bridge");
	cr_assert_eq(frame[12] << 8 | frame[13], 0x88b5);
	cr_assert(marker_read(frame, sizeof(frame), marker.token, &read));
	cr_assert_eq(read.round, 7);
	cr_assert_eq(read.from, 3);
	cr_assert_eq(read.answer, MARKER_NOWHERE);
	cr_assert_not(marker_read(frame, sizeof(frame), marker.token + 1, &read), "another observer's");
	for (size_t cut = 0; cut < 42; cut++)
		cr_assert_not(marker_read(frame, cut, marker.token, &read));
	frame[20] ^= 1;
	cr_assert_not(marker_read(frame, sizeof(frame), marker.token, &read));
}
