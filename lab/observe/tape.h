/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tape: every frame seen, on one clock. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/base/mem.h"
#include "lab/packet/layer.h"

/*
 * Theory of operation
 *
 * Frames come from several sockets, each in the order of its own stamps, so an
 * arrival belongs near the end of the tape, seldom at it. Each is put where its
 * stamp says; frames of equal stamps keep the order in which they arrived, and
 * nobody may read a meaning into that order. Beside it stands the list of
 * arrivals, which only grows: whoever has looked at the first n of them knows
 * what is new, wherever on the tape it went.
 *
 * Nothing leaves the tape. Frames, dissections and comments live in its arena,
 * and every pointer stays valid until tape_free().
 */

/* An interface whose frames are on the tape. */
struct tape_interface {
	const char *node;
	const char *interface;
	int node_index;        /* index of the node in the plan, and in what observer_open() was given */
	int ifindex;           /* in its namespace */
	bool wire_end;         /* false: lo, bridge devices, vlan… */
	int link;              /* index of the link, or -1 */
	bool proven;           /* set by the observer: a marker crossed its wire in and out when it was last armed or fenced */
};

/* One observation. */
struct tape_packet {
	uint32_t number;       /* from 1, in order of stamps; set by tape_number() */
	uint32_t interface;    /* index into tape->interfaces */
	bool out;
	int64_t stamp;         /* CLOCK_REALTIME ns */
	uint32_t length;       /* on the wire, VLAN tags included */
	uint32_t captured;     /* bytes in data */
	uint8_t *data;         /* VLAN tags put back; owned by the tape */
	struct dissection *dissection; /* made when first asked for: tape_dissect() */
	char *comment;         /* the expectations it matched, a line each; or NULL */
};

struct tape {
	struct arena *arena;
	ARRAY(struct tape_interface) interfaces;
	ARRAY(struct tape_packet *) packets;  /* in order of stamps; equal stamps in order of arrival */
	ARRAY(struct tape_packet *) arrivals; /* the same ones, in the order they were added */
	size_t numbered;       /* so many of `packets`, from the front, have their number */
	uint64_t lost;         /* by the observer: no verdict may rest on this tape */
};

struct tape *tape_new(void);
void tape_free(struct tape *tape); /* NULL is allowed */
/* Copies a frame in, at its place by stamp (near the end: arrivals are almost sorted). */
struct tape_packet *tape_add(struct tape *tape, uint32_t interface, bool out, int64_t stamp, const uint8_t *data, size_t captured, size_t length);
/* The same, for a frame whose VLAN tag came beside it (packet(7), PACKET_AUXDATA): the tag is put back behind the addresses. */
struct tape_packet *tape_add_tagged(struct tape *tape, uint32_t interface, bool out, int64_t stamp, const uint8_t *data, size_t captured,
				    size_t length, uint16_t tpid, uint16_t tci);
/* The packet's layers; made once. */
const struct dissection *tape_dissect(struct tape *tape, struct tape_packet *packet);
/* Index of the first packet with a stamp of `stamp` or later; packets.count where there is none. */
size_t tape_find(const struct tape *tape, int64_t stamp);
/* Index of the interface, or -1. */
int tape_find_interface(const struct tape *tape, const char *node, const char *interface);
/* Numbers the packets from 1. Numbers of packets before one that is added later stay what they were. */
void tape_number(struct tape *tape);
/* Puts a line behind the packet's comment. */
void tape_add_comment(struct tape *tape, struct tape_packet *packet, const char *comment);
/* "firewall:wan in" */
void tape_add_place(const struct tape *tape, const struct tape_packet *packet, struct text *out);
