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
 * so that no bridge forwards it). It must be seen where it leaves and where it
 * arrives; then it is struck from the tape. From then on the observer is armed:
 * an absence is an absence. A wire with an end that is down carries nothing, and
 * is left out: tape_interface.proven says which ends a marker has crossed.
 *
 * Stamps. The kernel stamps frames only while somebody asks for it
 * (SO_TIMESTAMPNS, socket(7)), and switches this on a little later, in a
 * workqueue: until then a plain socket reports the time of reading, which tells
 * nothing of the order on the wire. observer_arm() therefore also waits until a
 * stamp provably lies before the reading. The first lab on an idle machine waits
 * 0.2 ms for this; observer_hold_stamps() saves all others the wait.
 *
 * What can still hide: a frame that waits in a queueing discipline, in a
 * program, or in another processor's backlog when observer_drain() is called.
 * observer_fence() sends a new marker behind it on each wire.
 */
enum observer_mode { OBSERVER_SOCKETS, OBSERVER_RINGS };

struct observer_node {
	int netns;       /* descriptor */
	const char *name;
};

struct observer;
/*
 * Opens in every node; tape->interfaces must be filled in, their node_index counting in `nodes` (an interface that is not
 * in it is ignored; of `lo` only what comes in is kept). The calling thread's namespace is left as it was.
 * `buffer_bytes`: memory for frames not read yet, per node, rounded to what the technique wants; 0: the observer's choice
 * (sockets: 32 MiB at most, or what net.core.rmem_max allows an ordinary user; rings: 8 MiB, less for many nodes).
 */
int observer_open(struct tape *tape, const struct observer_node *nodes, size_t count, enum observer_mode mode, size_t buffer_bytes,
		  struct observer **ret, struct err *err);
/* Adds the sockets to the loop: the tape fills while it runs. `on_packet` (or NULL) is called after packets were added. */
int observer_attach(struct observer *observer, struct loop *loop, void (*on_packet)(void *data), void *data, struct err *err);
/*
 * Sends the marker frames over every wire whose ends are all up, and reads until both ends have seen them: 0, or
 * -ETIMEDOUT after `within` ns naming the wire that stayed silent. Called once, before the first step. What else comes
 * meanwhile is on the tape.
 */
int observer_arm(struct observer *observer, int64_t within, struct err *err);
/* The same again, at any time (a new marker): proof that nothing sent before is still under way on the link, in either direction. */
int observer_fence(struct observer *observer, int64_t within, struct err *err);
/*
 * Reads what is there now; all frames that had reached their interface before the call are on the tape afterwards.
 * Sockets: without waiting. Rings: a block is handed over when it is full or after 1 ms (4 ms before Linux 6.18), so this
 * sends a marker within each node and waits for it.
 */
int observer_drain(struct observer *observer, struct err *err);
/* Updates tape->lost from the kernel's counters (PACKET_STATISTICS). */
int observer_check_loss(struct observer *observer, struct err *err);
/*
 * Closing a packet socket waits 8 to 16 ms for RCU: call it after the verdict is out. Many are closed by several threads
 * at once, which wait together. Takes its sources out of the loop, which must still be there. NULL is allowed.
 */
void observer_close(struct observer *observer);

/*
 * A descriptor that keeps the kernel stamping frames, in all namespaces, as long as it is open: for a process that runs
 * labs one after another. Any namespace will do; needs no privilege.
 */
int observer_hold_stamps(int *ret_fd, struct err *err);
