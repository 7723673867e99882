/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The observer: watches every interface of every node and fills the tape. */
#pragma once

#include "lab/base/loop.h"
#include "lab/observe/tape.h"

/*
 * Theory of operation
 *
 * One packet socket per node, bound to no interface, sees the whole namespace
 * (packet(7)): 17 µs to open. Where many packets may come (programs, thousands
 * of frames) a TPACKET_V3 ring per node instead, opened in parallel threads,
 * since each ring waits for an RCU grace period. Sockets are opened inside the
 * node's namespace and polled from one loop.
 *
 * Before the first step each wire carries a marker frame each way (EtherType
 * 0x88B5, IEEE 802 local experimental; its source address is a multicast one,
 * so that no bridge forwards it). Both observers must see it; then it is struck
 * from the tape. From then on the observer is armed: an absence is an absence.
 */
enum observer_mode { OBSERVER_SOCKETS, OBSERVER_RINGS };

struct observer_node {
	int netns;       /* descriptor */
	const char *name;
};

struct observer;
/*
 * Opens in every node; tape->interfaces must be filled in (any interface not in
 * it is ignored). The calling thread's namespace is left as it was. `ring_bytes`
 * per node in OBSERVER_RINGS, rounded to what the ring wants.
 */
int observer_open(struct tape *tape, const struct observer_node *nodes, size_t count, enum observer_mode mode, size_t ring_bytes,
		  struct observer **ret, struct err *err);
/* Adds the sockets to the loop: the tape fills while it runs. `on_packet` (or NULL) is called after packets were added. */
int observer_attach(struct observer *observer, struct loop *loop, void (*on_packet)(void *data), void *data, struct err *err);
/*
 * Sends the marker frames over every link whose ends are all up, and reads until both ends have seen them: 0, or
 * -ETIMEDOUT after `within` ns naming the wire that stayed silent. Called once, before the first step.
 */
int observer_arm(struct observer *observer, int64_t within, struct err *err);
/* The same again, at any time (a new marker): proof that nothing sent before is still under way on the link, in either direction. */
int observer_fence(struct observer *observer, int64_t within, struct err *err);
/* Reads what is there now, without waiting; all frames whose stamp lies before the call are on the tape afterwards. */
int observer_drain(struct observer *observer, struct err *err);
/* Updates tape->lost from the kernel's counters (PACKET_STATISTICS). */
int observer_check_loss(struct observer *observer, struct err *err);
/* Closing a packet socket waits 8 to 16 ms for RCU: call it after the verdict is out. */
void observer_close(struct observer *observer);
