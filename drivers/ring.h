/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Geometry of a packet ring: blocks, frames, and the rules the kernel holds them to. */
#pragma once

#include <linux/if_packet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/base/err.h"

/*
 * Theory of operation
 *
 * A ring is a stretch of kernel memory that is also mapped into the process
 * (packet(7), Documentation/networking/packet_mmap.rst). The kernel allocates
 * it block by block, since one block must be contiguous and the whole need not:
 *
 *      block 0                     block 1                     block n-1
 *     +--------+--------+------+  +--------+--------+------+
 *     | frame 0| frame 1| rest |  | frame 2| frame 3| rest |   …
 *     +--------+--------+------+  +--------+--------+------+
 *     |<--- block_size ------->|  mapped one behind the other, from offset 0
 *
 * TPACKET_V1 and V2 use fixed frames: a slot is frame_size bytes, a packet sits
 * in one slot, and `rest` is what no whole frame fits into. TPACKET_V3 packs
 * packets of any length one behind the other into a block; frame_size then only
 * has to pass the same tests.
 *
 * Ring memory is exactly block_size times blocks. It is locked kernel memory.
 */
struct ring_geometry {
	enum tpacket_versions version; /* TPACKET_V1, TPACKET_V2, TPACKET_V3 */
	uint32_t block_size;           /* bytes; a multiple of the page size */
	uint32_t blocks;
	uint32_t frame_size;           /* bytes; a multiple of TPACKET_ALIGNMENT (16), header included */
	uint32_t frames;               /* in the whole ring; 0: as many as fit, which is the only number the kernel takes */
};

enum ring_direction { RING_RX, RING_TX };

/* `frames`, worked out where it is 0. */
uint32_t ring_frames(const struct ring_geometry *geometry);
/* Bytes of the whole ring. */
uint64_t ring_bytes(const struct ring_geometry *geometry);
/* Bytes of a frame slot that hold packet data when sending: frame_size less what lies before the data. */
uint32_t ring_tx_room(const struct ring_geometry *geometry);

/*
 * Says beforehand what the kernel will say: 0, or -EINVAL with the reason in words, which setsockopt(2) does not give,
 * and the member at fault ("block_size") in *ret_member, which may be NULL. Pure; `private_size` is TPACKET_V3's area
 * of the user's own at the head of each block, 0 for none.
 */
int ring_geometry_check(const struct ring_geometry *geometry, enum ring_direction direction, uint32_t private_size,
			const char **ret_member, struct err *err);
