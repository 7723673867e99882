/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tape: every frame seen, on one clock. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/base/mem.h"
#include "lab/packet/layer.h"

/* An interface whose frames are on the tape. */
struct tape_interface {
	const char *node;
	const char *interface;
	int node_index;        /* index of the node in the plan */
	int ifindex;           /* in its namespace */
	bool wire_end;         /* false: lo, bridge devices, vlan… */
	int link;              /* index of the link, or -1 */
};

/* One observation. */
struct tape_packet {
	uint32_t number;       /* from 1, in order of stamps; set by tape_sort() */
	uint32_t interface;    /* index into tape->interfaces */
	bool out;
	int64_t stamp;         /* CLOCK_REALTIME ns */
	uint32_t length;       /* on the wire, VLAN tags included */
	uint32_t captured;     /* bytes in data */
	uint8_t *data;         /* VLAN tags put back; owned by the tape */
	struct dissection *dissection; /* made when first asked for: tape_dissect() */
	char *comment;         /* the expectations it matched; or NULL */
};

struct tape {
	struct arena *arena;
	ARRAY(struct tape_interface) interfaces;
	ARRAY(struct tape_packet *) packets; /* in order of stamps; equal stamps in order of arrival */
	uint64_t lost;         /* by the observer: no verdict may rest on this tape */
};

struct tape *tape_new(void);
void tape_free(struct tape *tape);
/* Copies a frame in, at its place by stamp (near the end: arrivals are almost sorted). */
struct tape_packet *tape_add(struct tape *tape, uint32_t interface, bool out, int64_t stamp, const uint8_t *data, size_t captured, size_t length);
const struct dissection *tape_dissect(struct tape *tape, struct tape_packet *packet);
/* Numbers the packets from 1. Call when nothing more comes. */
void tape_number(struct tape *tape);
void tape_add_comment(struct tape *tape, struct tape_packet *packet, const char *comment);
