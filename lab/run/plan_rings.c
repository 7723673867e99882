/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which observer a scenario needs: plain sockets, or rings. */
#include <string.h>

#include "lab/run/plan_internal.h"

/*
 * A plain packet socket opens in 17 µs and holds 93 full frames between two
 * looks at it; a ring costs 8 to 13 ms to set up and holds what it was sized
 * for. So plain sockets do where each acting step sends few frames and it is
 * known beforehand that they are few. A program's are not known.
 */
#define FRAMES_FEW 48
#define FRAME_PAYLOAD 1400

/* Frames that a payload takes; -1: not known. */
static int64_t payload_frames(const struct payload_node *payload)
{
	int64_t bytes = 0;

	if (!payload)
		return 1;
	if (payload->file)
		return -1;
	if (payload->literal)
		bytes = (int64_t)payload->literal_length;
	else if (payload->hex)
		bytes = (int64_t)strlen(payload->hex) / 2;
	else if (payload->counter >= 0 || payload->random >= 0)
		bytes = payload->counter >= 0 ? payload->counter : payload->random;
	return 1 + bytes / FRAME_PAYLOAD;
}

/* Frames that a step puts on the wire by itself; -1: not known. */
static int64_t step_frames(const struct step_node *step)
{
	const struct send_node *send = step->send;
	int64_t sum = 0;

	for (size_t i = 0; step->together && i < step->together->steps.count; i++) {
		int64_t frames = step_frames((const struct step_node *)step->together->steps.items[i]);

		if (frames < 0)
			return -1;
		sum += frames;
	}
	if (step->together)
		return sum;
	if (step->run)
		return -1;
	if (step->receive)
		return payload_frames(step->receive->reply);
	if (!send)
		return 1;
	int64_t each = payload_frames(send->payload);
	if (send->file || each < 0 || send->times > FRAMES_FEW)
		return -1;
	return each * (send->times > 0 ? send->times : 1);
}

bool plan_wants_rings(const struct scenario_tree *tree)
{
	for (size_t i = 0; i < tree->steps.count; i++) {
		int64_t frames = step_frames((const struct step_node *)tree->steps.items[i]);

		if (frames < 0 || frames > FRAMES_FEW)
			return true;
	}
	return false;
}
