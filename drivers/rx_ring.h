/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PACKET_RX_RING: frames received through memory shared with the kernel (TPACKET_V3). */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "drivers/ring.h"
#include "lab/base/err.h"

/*
 * Theory of operation
 *
 * A plain packet socket costs a system call and a copy a frame. With a ring the
 * kernel writes frames into memory that the process has mapped; the process
 * looks there. A system call is needed only to wait when there is nothing to
 * read: between two waits, reading makes no system call at all.
 *
 * Who owns what. Each block begins with a status word, and that word is the
 * whole protocol:
 *
 *      struct tpacket_block_desc                       the user's own,  packets, one behind the other,
 *                                                      if asked for     each at tp_next_offset from the one before
 *     +---------------+-----------+-------------------+---------------+----------------------------------------
 *     | block_status  | num_pkts  | offset_to_first_… | private_size  | tpacket3_hdr | sockaddr_ll | frame …
 *     +---------------+-----------+-------------------+---------------+----------------------------------------
 *
 *     TP_STATUS_KERNEL (0)   the kernel fills the block; hands off
 *     TP_STATUS_USER   (1)   the block is ours, until we write TP_STATUS_KERNEL back
 *
 * The kernel writes the packets first and the status last; so the status must be
 * read with acquire order, or the processor may show us a packet as it was
 * before. We read the packets first and write the status last, with release
 * order, or the kernel may overwrite what we are about to read. The kernel fills
 * the blocks in turn and never passes over one: where the next block is still
 * ours, it drops frames ("freezes" the queue) until that very block comes back.
 *
 * When a block is handed over ("retired"). When the next frame does not fit any
 * more, or when `retire_ms` have passed since it was opened, whichever is first.
 * So a lone packet waits for the whole time-out before anybody sees it: a ring is
 * for many packets, a socket (or TPACKET_V2, which hands over frame by frame) for
 * quick answers. Blocks without a packet are not handed over.
 *
 * Setting up. The order matters for time: every step that takes a *bound* packet
 * socket apart waits for an RCU grace period (8 to 13 ms). Therefore
 *
 *     socket(AF_PACKET, SOCK_RAW, 0)    protocol 0: receives nothing yet      } rx_ring_open()
 *     PACKET_VERSION, PACKET_RX_RING, mmap                                    }
 *     SO_ATTACH_FILTER …                nothing unwanted slips in before      } rx_ring_attach()
 *     bind(protocol, ifindex)           from here on frames come              }
 *
 * Version and reserve must be set before the ring exists (EBUSY afterwards).
 *
 * Traps
 * - tp_packets of PACKET_STATISTICS counts the dropped ones too, and reading it
 *   resets it; rx_ring_stats() sorts both out.
 * - A VLAN tag is not in the frame: the kernel takes it out, and tells it beside.
 *   Whoever compares bytes with the wire has to put it back.
 * - A frame from a local sender may carry no checksum yet (checksum_not_ready)
 *   and may be a 64 kB super-packet, unless the interface's offloads are off.
 * - A socket for all protocols sees what its own host sends, too (packet_type
 *   PACKET_OUTGOING), unless ignore_outgoing; one for a single protocol never does.
 * - An interface that goes down gives POLLERR, and ENETDOWN once; when it comes up again frames come again.
 *   An interface that is deleted does not come back: nothing is ever received again.
 * - Closing waits for RCU, up to 24 ms: close when nobody is waiting.
 */
struct rx_ring;

/* How the ring is laid out; passed to the kernel as it is, so that the kernel says no, not we. */
struct rx_ring_config {
	struct ring_geometry geometry;
	uint32_t retire_ms;            /* block time-out; 0: the kernel chooses, from the link's speed, about 8 ms */
	uint32_t private_size;         /* bytes at the head of each block that the kernel leaves alone */
};
/* 4 MiB: 64 blocks of 64 KiB, each handed over after 2 ms at the latest. */
#define RX_RING_STANDARD                                                                                            \
	{                                                                                                           \
		.geometry = {.version = TPACKET_V3, .block_size = 1u << 16, .blocks = 64, .frame_size = 2048}, .retire_ms = 2, \
	}

/* What the ring receives. */
struct rx_ring_attachment {
	int ifindex;                     /* 0: every interface of the namespace, those to come as well */
	uint16_t protocol;               /* EtherType, host order; 0: all (ETH_P_ALL) */
	const struct sock_fprog *filter; /* classic BPF (socket(7), SO_ATTACH_FILTER), or NULL: all frames. Only read during the call */
	bool ignore_outgoing;            /* not what this host itself sends (PACKET_IGNORE_OUTGOING, Linux 4.20) */
	bool promiscuous;                /* frames for other stations too; wants an ifindex */
};

/* One frame, in place: the pointers lead into the ring. */
struct rx_ring_packet {
	const uint8_t *data;     /* from the link-layer header on */
	uint32_t captured;       /* bytes at `data` */
	uint32_t length;         /* bytes on the wire, out-of-band VLAN tag not counted */
	int64_t stamp;           /* CLOCK_REALTIME, nanoseconds */
	bool vlan;               /* a tag was taken out of the frame */
	uint16_t vlan_tci;       /* host order: priority 3 bits, DEI 1, identifier 12 */
	uint16_t vlan_tpid;      /* host order: 0x8100, 0x88a8 */
	int ifindex;             /* where it was seen */
	uint8_t packet_type;     /* PACKET_HOST, PACKET_BROADCAST, PACKET_MULTICAST, PACKET_OTHERHOST, PACKET_OUTGOING */
	uint16_t protocol;       /* EtherType, host order */
	bool checksum_not_ready; /* TP_STATUS_CSUMNOTREADY: the transport checksum is to be filled in by a device */
	bool losing;             /* TP_STATUS_LOSING: frames were dropped since the statistics were last read */
};

/* Totals since rx_ring_attach(). */
struct rx_ring_stats {
	uint64_t packets; /* that the ring took */
	uint64_t drops;   /* that found no room */
	uint64_t freezes; /* how often the queue stood still because the next block was not given back */
};

/*
 * Makes socket and ring in the calling thread's network namespace, and maps it. Receives nothing yet. The descriptor
 * (rx_ring_fd()) may be given further options (packet(7)) before rx_ring_attach().
 * Errors are the system calls' own: -EPERM without CAP_NET_RAW; -EINVAL for a geometry the kernel does not take (the
 * message says which rule of ring_geometry_check() it broke); -ENOMEM; -EOPNOTSUPP for a version that this reader does not
 * read (all but TPACKET_V3). err->call names the call.
 */
int rx_ring_open(const struct rx_ring_config *config, struct rx_ring **ret, struct err *err);

/*
 * Starts receiving: filter, then bind. Once per ring. -ENODEV no such interface. One that is down is no error here:
 * rx_ring_error() says ENETDOWN, and frames come once it is up.
 */
int rx_ring_attach(struct rx_ring *ring, const struct rx_ring_attachment *attachment, struct err *err);

/* For poll(2): POLLIN when a block is ours, POLLERR when an interface went down (see rx_ring_error()). Owned by the ring. */
int rx_ring_fd(const struct rx_ring *ring);

/*
 * The next frame, without a system call. 1: *ret is filled in; its data stays valid until the next call of rx_ring_next(),
 * rx_ring_release() or rx_ring_close(). 0: nothing there now (*ret untouched); everything read has been given back.
 */
int rx_ring_next(struct rx_ring *ring, struct rx_ring_packet *ret);

/*
 * Copies a frame as it was on the wire: the VLAN tag, if there was one, stands behind the addresses again. Copies at most
 * `room` bytes and returns how many; all of it needs captured + 4.
 */
uint32_t rx_ring_packet_copy(const struct rx_ring_packet *packet, void *buffer, uint32_t room);

/*
 * Gives the block that is being read back at once, without waiting for the next rx_ring_next(). Frames in it that were
 * not read are lost to the reader; returns how many. rx_ring_next() does this by itself at the end of a block.
 */
uint32_t rx_ring_release(struct rx_ring *ring);

/* The private area of the block that the last frame lies in (private_size bytes), or NULL. */
void *rx_ring_private(struct rx_ring *ring);

/* Waits for frames: 1 there are some, 0 `timeout_ms` have passed (-1: no end), -ENETDOWN an interface went down; poll(2). */
int rx_ring_wait(struct rx_ring *ring, int timeout_ms, struct err *err);

/* After POLLERR: fetches and clears the socket's error (SO_ERROR). 0 none, or -ENETDOWN… The ring can still be used. */
int rx_ring_error(struct rx_ring *ring, struct err *err);

/* One system call (PACKET_STATISTICS); totals, though the kernel forgets its counters when they are read. */
int rx_ring_stats(struct rx_ring *ring, struct rx_ring_stats *ret, struct err *err);

/* Unmaps and closes. NULL is allowed. Waits for RCU when attached. */
void rx_ring_close(struct rx_ring *ring);
