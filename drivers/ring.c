/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Geometry of a packet ring: the kernel's rules, in words. */
#include "drivers/ring.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "lab/base/mem.h"

/* Bytes before the packet data of a received frame, per version: header, then sockaddr_ll. */
static uint32_t header_length(enum tpacket_versions version)
{
	static const uint32_t lengths[] = {
		[TPACKET_V1] = TPACKET_HDRLEN,
		[TPACKET_V2] = TPACKET2_HDRLEN,
		[TPACKET_V3] = TPACKET3_HDRLEN,
	};

	return (unsigned)version < COUNT_OF(lengths) ? lengths[version] : 0;
}

uint32_t ring_frames(const struct ring_geometry *geometry)
{
	if (geometry->frames || !geometry->frame_size)
		return geometry->frames;
	return geometry->block_size / geometry->frame_size * geometry->blocks;
}

uint64_t ring_bytes(const struct ring_geometry *geometry)
{
	return (uint64_t)geometry->block_size * geometry->blocks;
}

uint32_t ring_tx_room(const struct ring_geometry *geometry)
{
	uint32_t before = header_length(geometry->version) - (uint32_t)sizeof(struct sockaddr_ll);

	return geometry->frame_size > before ? geometry->frame_size - before : 0;
}

static int refuse(const char **ret_member, const char *member, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static int refuse(const char **ret_member, const char *member, struct err *err, const char *fmt, ...)
{
	va_list args;

	if (ret_member)
		*ret_member = member;
	va_start(args, fmt);
	int r = err_vset(err, -EINVAL, fmt, args);
	va_end(args);
	return r;
}

/* The order is the kernel's (packet_set_ring()), so that the first rule broken is the one it stumbled over. */
int ring_geometry_check(const struct ring_geometry *geometry, enum ring_direction direction, uint32_t private_size,
			const char **ret_member, struct err *err)
{
	const uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
	const uint32_t header = header_length(geometry->version);
	const uint32_t least_frame = (uint32_t)TPACKET_ALIGN(header);

	if (!header)
		return refuse(ret_member, "version", err, "there is no TPACKET version %d", (int)geometry->version + 1);
	if (geometry->blocks == 0)
		return refuse(ret_member, "blocks", err, "a ring has at least one block");
	if (geometry->block_size == 0 || geometry->block_size > INT32_MAX || geometry->block_size % page)
		return refuse(ret_member, "block_size", err, "a block of %" PRIu32 " bytes is not a multiple of the page size, %" PRIu32
			      "; the nearest that is: %" PRIu64, geometry->block_size, page,
			      geometry->block_size > INT32_MAX ? (uint64_t)INT32_MAX / page * page :
								 ((uint64_t)geometry->block_size + page - !!geometry->block_size) / page * page);
	if (geometry->version == TPACKET_V3 && direction == RING_RX) {
		uint64_t taken = sizeof(struct tpacket_block_desc) + (((uint64_t)private_size + 7) & ~UINT64_C(7)) + header;

		if (geometry->block_size < taken)
			return refuse(ret_member, "private_size", err, "block header, %" PRIu32 " private bytes and one packet's header take %" PRIu64
				      " bytes, a block has %" PRIu32, private_size, taken, geometry->block_size);
	}
	if (geometry->frame_size < header)
		return refuse(ret_member, "frame_size", err, "a frame of %" PRIu32 " bytes has no room for its header; at least %" PRIu32,
			      geometry->frame_size, least_frame);
	if (geometry->frame_size % TPACKET_ALIGNMENT)
		return refuse(ret_member, "frame_size", err, "a frame of %" PRIu32 " bytes is not a multiple of %d; the next that is: %" PRIu64,
			      geometry->frame_size, TPACKET_ALIGNMENT,
			      ((uint64_t)geometry->frame_size + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT * TPACKET_ALIGNMENT);
	if (geometry->frame_size > geometry->block_size)
		return refuse(ret_member, "frame_size", err, "a frame of %" PRIu32 " bytes does not fit into a block of %" PRIu32,
			      geometry->frame_size, geometry->block_size);

	uint64_t fit = (uint64_t)(geometry->block_size / geometry->frame_size) * geometry->blocks;
	if (fit > UINT32_MAX)
		return refuse(ret_member, "blocks", err, "%" PRIu32 " blocks hold more frames than can be counted", geometry->blocks);
	if (geometry->frames && geometry->frames != fit)
		return refuse(ret_member, "frames", err, "%" PRIu32 " blocks of %" PRIu32 " bytes hold %" PRIu64 " frames of %" PRIu32 ", not %" PRIu32,
			      geometry->blocks, geometry->block_size, fit, geometry->frame_size, geometry->frames);
	return 0;
}
