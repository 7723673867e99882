/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marker frames: what the observer sends itself, to prove that it would see a packet. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Sixty bytes: a destination nobody listens to (locally administered multicast),
 * a source that is a multicast address too, which no bridge forwards or learns
 * (IEEE 802.1D; br_handle_frame() drops it), EtherType 0x88B5, then
 *
 *     "nslab-marker"   so that a person at tcpdump knows what it is
 *     token            of the observer that sent it: nothing else is ever struck from a tape
 *     round            counts the times that markers were sent
 *     from             index on the tape of the interface it was sent from
 *     answer           index of the interface whose marker this one answers
 */
#define MARKER_ETHERTYPE 0x88b5u
#define MARKER_LENGTH 60u

struct marker {
	uint64_t token;
	uint32_t round;
	uint32_t from;   /* MARKER_NOWHERE: not on the tape */
	uint32_t answer; /* MARKER_NOWHERE: of its own accord */
};
#define MARKER_NOWHERE UINT32_MAX

void marker_write(const struct marker *marker, uint8_t ret_frame[MARKER_LENGTH]);
/* Whether the frame is a marker with this token; fills *ret then. */
bool marker_read(const uint8_t *frame, size_t length, uint64_t token, struct marker *ret);
