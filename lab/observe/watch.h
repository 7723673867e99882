/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The observer's inside: one watch per node, by socket or by ring. Not for other floors. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/observe/observer.h"

struct marker;
struct rx_ring;

/* Which interface of the tape an ifindex of this node is. */
struct watch_interface {
	int ifindex;
	uint32_t interface; /* index into tape->interfaces */
	bool loopback;
};

/* One node under watch. */
struct watch {
	struct observer *observer;
	struct loop_source *source; /* or NULL */
	const char *name;
	int netns;                  /* the caller's */
	int fd;                     /* plain packet socket; -1 where there is a ring */
	int marker_fd;              /* a packet socket of protocol 0, which receives nothing: what a socket sends, it does not see itself */
	struct rx_ring *ring;       /* or NULL */
	ARRAY(struct watch_interface) interfaces; /* by ifindex */
	uint32_t round;             /* of the newest marker that was seen in this node */
	uint64_t lost;              /* known to the kernel so far */
};

/* One end of a wire, as markers prove it; parallel to tape->interfaces. */
struct watch_end {
	bool live;             /* up, and its peer too: markers are sent from here */
	bool closed;           /* its egress refused the marker sent last */
	uint32_t out, in;      /* round of the newest marker seen leaving, arriving; 0: none */
};

struct slots;
struct observer {
	struct tape *tape;
	enum observer_mode mode;
	size_t buffer_bytes;
	struct watch *watches;
	size_t count;
	struct watch_end *ends;
	struct pollfd *poll;    /* parallel to watches */
	uint64_t token;         /* of our markers */
	uint32_t round;         /* of the markers sent last */
	bool bypass;            /* markers also went round the queueing discipline in this arming */
	bool stamped;           /* a stamp was seen that the kernel made on arrival */
	struct loop *loop;
	void (*on_packet)(void *data);
	void *data;
	struct slots *slots;    /* what recvmmsg() reads into */
};

/* A frame as a socket or a ring gave it. */
struct sighting {
	int ifindex;
	uint8_t packet_type;   /* PACKET_OUTGOING… */
	int64_t stamp;
	const uint8_t *data;
	size_t captured, length;
	bool vlan;             /* a tag came beside the frame */
	uint16_t tpid, tci;
};
/* Puts it on the tape, notes a marker, or passes it over. 1 where the tape grew, else 0. */
int watch_take(struct watch *watch, const struct sighting *seen);

/* A marker of ours was seen at `ifindex`; `at` is NULL where that is not on the tape. */
void watch_note_marker(struct watch *watch, const struct marker *marker, int ifindex, const struct watch_interface *at, bool out);

/* Plain socket. Opens in the calling thread's namespace. */
int watch_socket_open(struct watch *watch, struct err *err);
/* Reads until nothing is left, or a frame is later than `until`. How many were added to the tape, or negative. */
int watch_socket_read(struct watch *watch, int64_t until, struct err *err);
int watch_socket_loss(struct watch *watch, struct err *err);
struct slots *slots_new(void);
void slots_free(struct slots *slots);

/* Rings of all watches, opened by threads that enter the nodes' namespaces. */
int watch_rings_open(struct observer *observer, struct err *err);
int watch_ring_read(struct watch *watch, int64_t until, struct err *err);
int watch_ring_loss(struct watch *watch, struct err *err);

/* The socket that markers are sent from, in the calling thread's namespace. */
int watch_marker_open(struct watch *watch, struct err *err);

/* Whichever it is. */
int watch_read(struct watch *watch, int64_t until, struct err *err);
int watch_fd(const struct watch *watch);
/* Reads all of them: how many frames were added, or negative. */
int observer_read(struct observer *observer, struct err *err);
/* Waits until one of them has something, or `until` (clock_now()). 0 or negative. */
int observer_wait(struct observer *observer, int64_t until, struct err *err);
/* Sends a marker within each node, over any interface that is up, and reads until all have seen it, or `until`: 0, or 1 too late. */
int observer_sync(struct observer *observer, int64_t until, struct err *err);
/* Runs fn(data, i) for i below `count`, each once, in up to `threads` threads; returns when all are done. */
void watch_in_threads(size_t count, size_t threads, void (*fn)(void *data, size_t i), void *data);
