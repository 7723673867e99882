/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marker frames: what the observer sends itself, to prove that it would see a packet. */
#include "lab/observe/marker.h"

#include <assert.h>
#include <string.h>

static const uint8_t head[] = {
	0x03, 'n', 's', 'l', 'a', 'b', /* destination: group bit and local bit */
	0x03, 'n', 's', 'l', 'a', 'b', /* source */
	MARKER_ETHERTYPE >> 8, MARKER_ETHERTYPE & 0xff,
	'n', 's', 'l', 'a', 'b', '-', 'm', 'a', 'r', 'k', 'e', 'r',
};

/* Behind the head; the observer reads what it wrote itself, so the byte order is the machine's. */
struct body {
	uint64_t token;
	uint32_t round, from, answer, unused;
};

static_assert(sizeof(head) + sizeof(struct body) <= MARKER_LENGTH, "a marker is a frame of the shortest kind");

void marker_write(const struct marker *marker, uint8_t ret_frame[MARKER_LENGTH])
{
	struct body body = {.token = marker->token, .round = marker->round, .from = marker->from, .answer = marker->answer};

	memset(ret_frame, 0, MARKER_LENGTH);
	memcpy(ret_frame, head, sizeof(head));
	memcpy(ret_frame + sizeof(head), &body, sizeof(body));
}

bool marker_read(const uint8_t *frame, size_t length, uint64_t token, struct marker *ret)
{
	struct body body;

	if (length < sizeof(head) + sizeof(body) || memcmp(frame, head, sizeof(head)) != 0)
		return false;
	memcpy(&body, frame + sizeof(head), sizeof(body));
	if (body.token != token)
		return false;
	*ret = (struct marker){.token = body.token, .round = body.round, .from = body.from, .answer = body.answer};
	return true;
}
