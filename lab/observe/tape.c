/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tape: every frame seen, on one clock. */
#include "lab/observe/tape.h"

#include <string.h>

#define VLAN_TAG 4u
#define VLAN_AT 12u /* behind the two addresses */

struct tape *tape_new(void)
{
	struct tape *tape = mem_new(struct tape);

	tape->arena = arena_new();
	return tape;
}

void tape_free(struct tape *tape)
{
	if (!tape)
		return;
	array_free(&tape->interfaces);
	array_free(&tape->packets);
	array_free(&tape->arrivals);
	arena_free(tape->arena);
	free(tape);
}

size_t tape_find(const struct tape *tape, int64_t stamp)
{
	size_t low = 0, high = tape->packets.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tape->packets.items[middle]->stamp < stamp)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Behind all whose stamp is not later. */
static size_t place_of(const struct tape *tape, int64_t stamp)
{
	size_t count = tape->packets.count;

	if (!count || tape->packets.items[count - 1]->stamp <= stamp)
		return count;
	return stamp == INT64_MAX ? count : tape_find(tape, stamp + 1);
}

static void insert(struct tape *tape, struct tape_packet *packet)
{
	size_t at = place_of(tape, packet->stamp);
	size_t behind = tape->packets.count - at;

	array_push(&tape->packets, packet);
	if (behind) {
		memmove(&tape->packets.items[at + 1], &tape->packets.items[at], behind * sizeof(packet));
		tape->packets.items[at] = packet;
	}
	if (tape->numbered > at)
		tape->numbered = at;
	array_push(&tape->arrivals, packet);
}

static struct tape_packet *new_packet(struct tape *tape, uint32_t interface, bool out, int64_t stamp, size_t captured, size_t length)
{
	/* One piece: a packet and its bytes are always read together. */
	struct tape_packet *packet = arena_alloc(tape->arena, sizeof(*packet) + captured);

	packet->interface = interface;
	packet->out = out;
	packet->stamp = stamp;
	packet->captured = (uint32_t)captured;
	packet->length = (uint32_t)(length < captured ? captured : length);
	packet->data = (uint8_t *)(packet + 1);
	return packet;
}

struct tape_packet *tape_add(struct tape *tape, uint32_t interface, bool out, int64_t stamp, const uint8_t *data, size_t captured, size_t length)
{
	struct tape_packet *packet = new_packet(tape, interface, out, stamp, captured, length);

	if (captured)
		memcpy(packet->data, data, captured);
	insert(tape, packet);
	return packet;
}

struct tape_packet *tape_add_tagged(struct tape *tape, uint32_t interface, bool out, int64_t stamp, const uint8_t *data, size_t captured,
				    size_t length, uint16_t tpid, uint16_t tci)
{
	if (captured < VLAN_AT) /* cut before the tag's place */
		return tape_add(tape, interface, out, stamp, data, captured, length + VLAN_TAG);

	struct tape_packet *packet = new_packet(tape, interface, out, stamp, captured + VLAN_TAG, length + VLAN_TAG);
	uint8_t tag[VLAN_TAG] = {(uint8_t)(tpid >> 8), (uint8_t)tpid, (uint8_t)(tci >> 8), (uint8_t)tci};

	memcpy(packet->data, data, VLAN_AT);
	memcpy(packet->data + VLAN_AT, tag, VLAN_TAG);
	memcpy(packet->data + VLAN_AT + VLAN_TAG, data + VLAN_AT, captured - VLAN_AT);
	insert(tape, packet);
	return packet;
}

const struct dissection *tape_dissect(struct tape *tape, struct tape_packet *packet)
{
	if (!packet->dissection) {
		struct dissection *dissection = arena_new_of(tape->arena, struct dissection);

		packet_dissect(packet->data, packet->captured, dissection);
		dissection->wire_length = packet->length;
		packet->dissection = dissection;
	}
	return packet->dissection;
}

int tape_find_interface(const struct tape *tape, const char *node, const char *interface)
{
	for (size_t i = 0; i < tape->interfaces.count; i++)
		if (str_eq(tape->interfaces.items[i].node, node) && str_eq(tape->interfaces.items[i].interface, interface))
			return (int)i;
	return -1;
}

void tape_number(struct tape *tape)
{
	for (; tape->numbered < tape->packets.count; tape->numbered++)
		tape->packets.items[tape->numbered]->number = (uint32_t)tape->numbered + 1;
}

void tape_add_comment(struct tape *tape, struct tape_packet *packet, const char *comment)
{
	packet->comment = packet->comment ? arena_printf(tape->arena, "%s\n%s", packet->comment, comment) : arena_strdup(tape->arena, comment);
}

void tape_add_place(const struct tape *tape, const struct tape_packet *packet, struct text *out)
{
	const struct tape_interface *interface = &tape->interfaces.items[packet->interface];

	text_addf(out, "%s:%s %s", interface->node, interface->interface, packet->out ? "out" : "in");
}
