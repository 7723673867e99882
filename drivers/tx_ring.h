/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PACKET_TX_RING: frames sent from memory shared with the kernel (TPACKET_V2). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drivers/ring.h"
#include "lab/base/err.h"

/*
 * Theory of operation
 *
 * The mirror image of a receive ring: the process writes frames into slots of
 * mapped memory, marks them, and one system call sends all that are marked.
 *
 *     one slot, frame_size bytes:
 *     +------------------------------+---------------------------------------------+
 *     | tpacket2_hdr: tp_status,     | the frame, tp_len bytes, link-layer header  |
 *     | tp_len …, padded to 16       | first                                       |
 *     +------------------------------+---------------------------------------------+
 *     0                              TPACKET2_HDRLEN - sizeof(struct sockaddr_ll) = 32
 *
 * The data does not start where a receive ring puts it: there a sockaddr_ll
 * stands in between, here it does not (and there is no tp_mac to say so).
 *
 * Who owns a slot is told by tp_status:
 *
 *                tx_ring_put()                   tx_ring_kick(): sendto()
 *     AVAILABLE ---------------> SEND_REQUEST ---------------------------> SENDING
 *      (ours)      release             |            (the kernel's)            |
 *         ^                            | malformed: too short, too long       |
 *         |                            v                                      |
 *         |                      WRONG_FORMAT (ours again)                    |
 *         +---------------------------------------------------- the frame has left
 *
 * The length and the bytes are written first and the status last, with release
 * order; the status is read with acquire order before a slot is written again.
 *
 * The kernel keeps a head of its own and looks at that slot only. Slots must be
 * filled in turn: a gap ends the batch, and the call returns 0 having sent nothing.
 *
 * Traps
 * - A malformed frame blocks the ring: the call fails (EINVAL too short, EMSGSIZE too long), the slot says
 *   WRONG_FORMAT, and the kernel's head stays before it until the slot holds a frame it can send:
 *   tx_ring_replace(). With `loss` (PACKET_LOSS) the kernel skips such frames in silence.
 * - tp_len is read as a signed number, and a negative one as an error: a length of 0xffffffff fails with EPERM.
 * - An unbound ring sends nothing: ENXIO.
 * - sendto() that returns says that the frames were handed on, not that they arrived: a peer that is down
 *   drops them and reports nothing, unless `qdisc_bypass` (ENOBUFS). One's own end down: ENETDOWN.
 * - With `qdisc_bypass` (PACKET_QDISC_BYPASS) frames go straight to the device: no traffic control, and no
 *   packet socket on the sending interface sees them.
 * - On veth the frame is copied where it crosses into the other namespace: there the ring is no faster than
 *   sendmmsg(2). Measure before you believe.
 * - There is no bell for "a slot became free" that could be relied on: POLLOUT may be set while all slots are
 *   taken. Look at the slots: tx_ring_pending().
 */
struct tx_ring;

struct tx_ring_config {
	struct ring_geometry geometry; /* version: TPACKET_V2 */
	bool loss;                     /* skip malformed frames instead of blocking; must be set before the ring exists */
	bool qdisc_bypass;
};
/* 1 MiB: 512 frames of 2048 bytes. */
#define TX_RING_STANDARD                                                                                          \
	{                                                                                                         \
		.geometry = {.version = TPACKET_V2, .block_size = 1u << 16, .blocks = 16, .frame_size = 2048},     \
	}

/* What became of the frames that were put in. */
struct tx_ring_stats {
	uint64_t put;     /* frames handed to tx_ring_put() or tx_ring_commit() */
	uint64_t sent;    /* slots that the kernel gave back as AVAILABLE (with `loss`: skipped ones too) */
	uint64_t refused; /* slots found in WRONG_FORMAT */
	uint64_t kicks;   /* sendto() calls */
	uint64_t bytes;   /* of frames sent */
};

enum tx_ring_outcome {
	TX_RING_DONE = 0,  /* done */
	TX_RING_AGAIN = 1, /* put: no free slot; kick, flush: some frames are still the kernel's, or not taken yet */
};

/* Socket, ring and mapping in the calling thread's namespace. Errors as rx_ring_open(). */
int tx_ring_open(const struct tx_ring_config *config, struct tx_ring **ret, struct err *err);
/* Binds to the interface that frames leave by; receives nothing (protocol 0). -ENODEV, -ENETDOWN. */
int tx_ring_attach(struct tx_ring *ring, int ifindex, struct err *err);
int tx_ring_fd(const struct tx_ring *ring);

/* Bytes that a slot holds: frames up to here can be put; the interface's MTU may allow fewer. */
uint32_t tx_ring_room(const struct tx_ring *ring);

/*
 * The next free slot, to write a frame in place: tx_ring_room() bytes. NULL: none is free. Asking again without
 * tx_ring_commit() gives the same slot.
 */
uint8_t *tx_ring_slot(struct tx_ring *ring);
/* Marks the slot that tx_ring_slot() gave as ready: `length` bytes. What a wrong length leads to is for the kernel to say. */
void tx_ring_commit(struct tx_ring *ring, uint32_t length);
/* Copies a frame into the next slot and marks it: TX_RING_DONE or TX_RING_AGAIN. Bytes beyond tx_ring_room() are left out, but `length` stands. */
int tx_ring_put(struct tx_ring *ring, const void *frame, uint32_t length);

/*
 * Has the kernel send what is marked, without waiting. TX_RING_DONE: all were taken. TX_RING_AGAIN: the socket's send
 * buffer is full, kick again after POLLOUT. -EINVAL, -EMSGSIZE: the frame at the head is malformed and blocks the ring;
 * frames before it were sent. -EBADMSG: it was refused before and still blocks the ring (the kernel's sendto() says 0
 * and sends nothing). -ENXIO not attached, -ENETDOWN, -ENOBUFS.
 */
int tx_ring_kick(struct tx_ring *ring, struct err *err);
/* Slots that are not free again yet, refused ones included. No system call: it reads the status words. */
uint32_t tx_ring_pending(struct tx_ring *ring);
/* Kicks where something is marked: TX_RING_DONE when every slot is free again, TX_RING_AGAIN, or an error of tx_ring_kick(). */
int tx_ring_flush(struct tx_ring *ring, struct err *err);

/* Whether the slot at the head was refused (TP_STATUS_WRONG_FORMAT). */
bool tx_ring_blocked(struct tx_ring *ring);
/* Puts another frame into the refused slot, which unblocks the ring. -ENOENT where none was refused. */
int tx_ring_replace(struct tx_ring *ring, const void *frame, uint32_t length, struct err *err);

/* tp_status of slot `index` (packet(7)), for lessons and tests; TP_STATUS_AVAILABLE, TP_STATUS_SEND_REQUEST… */
uint32_t tx_ring_status(const struct tx_ring *ring, uint32_t index);
/* No system call. */
void tx_ring_stats(struct tx_ring *ring, struct tx_ring_stats *ret);
/* Unmaps and closes. Frames that were not kicked are not sent. NULL is allowed. */
void tx_ring_close(struct tx_ring *ring);
