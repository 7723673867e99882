/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PACKET_TX_RING, TPACKET_V2: filling slots and having the kernel send them. The theory is in the header. */
#include "drivers/tx_ring.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "lab/base/mem.h"

/* Where the frame starts in a slot (packet(7)). */
#define DATA_OFFSET (TPACKET2_HDRLEN - sizeof(struct sockaddr_ll))
/* The bits of tp_status that say whose a slot is; others may carry stamps. */
#define OWNER_BITS (TP_STATUS_SEND_REQUEST | TP_STATUS_SENDING | TP_STATUS_WRONG_FORMAT)

struct tx_ring {
	int fd;
	struct tx_ring_config config;
	uint8_t *map;
	size_t map_size;
	uint32_t frames;    /* slots in the ring */
	uint32_t per_block; /* slots in a block */
	uint32_t room;
	uint32_t fill;      /* the slot to be filled next */
	uint32_t taken;     /* slots behind `fill` that were not seen free again */
	struct tx_ring_stats stats;
};

static struct tpacket2_hdr *slot_at(const struct tx_ring *ring, uint32_t index)
{
	const struct ring_geometry *geometry = &ring->config.geometry;

	/* No slot crosses the end of a block: what no whole frame fits into is left empty. */
	return (struct tpacket2_hdr *)(void *)(ring->map + (size_t)(index / ring->per_block) * geometry->block_size +
					       (size_t)(index % ring->per_block) * geometry->frame_size);
}

static uint32_t owner_of(const struct tpacket2_hdr *slot)
{
	return __atomic_load_n(&slot->tp_status, __ATOMIC_ACQUIRE) & OWNER_BITS;
}

/* The slot `behind` places behind `fill`: 1 is the one filled last. */
static uint32_t index_behind(const struct tx_ring *ring, uint32_t behind)
{
	return (ring->fill + ring->frames - behind) % ring->frames;
}

static int make_ring(struct tx_ring *ring, struct err *err)
{
	const struct ring_geometry *geometry = &ring->config.geometry;
	int version = (int)geometry->version, one = 1;
	struct tpacket_req request = {
		.tp_block_size = geometry->block_size,
		.tp_block_nr = geometry->blocks,
		.tp_frame_size = geometry->frame_size,
		.tp_frame_nr = ring_frames(geometry),
	};

	ring->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (ring->fd < 0)
		return err_call(err, -errno, "socket", "cannot open a packet socket");
	if (setsockopt(ring->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0)
		return err_call(err, -errno, "setsockopt", "PACKET_VERSION, TPACKET_V%d", version + 1);
	if (ring->config.loss && setsockopt(ring->fd, SOL_PACKET, PACKET_LOSS, &one, sizeof(one)) < 0)
		return err_call(err, -errno, "setsockopt", "PACKET_LOSS");
	if (ring->config.qdisc_bypass && setsockopt(ring->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) < 0)
		return err_call(err, -errno, "setsockopt", "PACKET_QDISC_BYPASS");
	if (setsockopt(ring->fd, SOL_PACKET, PACKET_TX_RING, &request, sizeof(request)) < 0) {
		int r = err_call(err, -errno, "setsockopt", "PACKET_TX_RING");
		struct err why;

		if (r == -EINVAL && ring_geometry_check(geometry, RING_TX, 0, NULL, &why) < 0)
			err_wrap(err, "%s", why.text);
		return r;
	}
	size_t size = (size_t)ring_bytes(geometry);
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (map == MAP_FAILED)
		return err_call(err, -errno, "mmap", "cannot map a ring of %zu bytes", size);
	ring->map = map;
	ring->map_size = size;
	ring->frames = request.tp_frame_nr;
	ring->per_block = geometry->block_size / geometry->frame_size;
	ring->room = ring_tx_room(geometry);
	return 0;
}

int tx_ring_open(const struct tx_ring_config *config, struct tx_ring **ret, struct err *err)
{
	if (config->geometry.version != TPACKET_V2)
		return err_set(err, -EOPNOTSUPP, "transmit rings are written in TPACKET_V2 only, not in V%d",
			       (int)config->geometry.version + 1);

	struct tx_ring *ring = mem_new(struct tx_ring);
	ring->config = *config;
	ring->fd = -1;
	int r = make_ring(ring, err);
	if (r < 0) {
		tx_ring_close(ring);
		return r;
	}
	*ret = ring;
	return 0;
}

int tx_ring_attach(struct tx_ring *ring, int ifindex, struct err *err)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = ifindex};

	if (bind(ring->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return err_call(err, -errno, "bind", "cannot bind the ring to interface %d", ifindex);
	return 0;
}

int tx_ring_fd(const struct tx_ring *ring)
{
	return ring->fd;
}

uint32_t tx_ring_room(const struct tx_ring *ring)
{
	return ring->room;
}

/* Takes back the slots that are free again, oldest first. */
static void reap(struct tx_ring *ring)
{
	for (; ring->taken; ring->taken--) {
		const struct tpacket2_hdr *slot = slot_at(ring, index_behind(ring, ring->taken));

		if (owner_of(slot) != TP_STATUS_AVAILABLE)
			return;
		ring->stats.sent++;
		ring->stats.bytes += slot->tp_len;
	}
}

uint8_t *tx_ring_slot(struct tx_ring *ring)
{
	struct tpacket2_hdr *slot = slot_at(ring, ring->fill);

	if (ring->taken == ring->frames)
		reap(ring);
	/* The last test is for slots that came free out of order, which the kernel may do when it frees sent frames. */
	if (ring->taken == ring->frames || owner_of(slot) != TP_STATUS_AVAILABLE)
		return NULL;
	return (uint8_t *)slot + DATA_OFFSET;
}

static void mark(struct tpacket2_hdr *slot, uint32_t length)
{
	slot->tp_len = length;
	/* Release: frame and length are in memory before the kernel can see that there is something to send. */
	__atomic_store_n(&slot->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
}

void tx_ring_commit(struct tx_ring *ring, uint32_t length)
{
	mark(slot_at(ring, ring->fill), length);
	ring->fill = (ring->fill + 1) % ring->frames;
	ring->taken++;
	ring->stats.put++;
}

int tx_ring_put(struct tx_ring *ring, const void *frame, uint32_t length)
{
	uint8_t *data = tx_ring_slot(ring);

	if (!data)
		return TX_RING_AGAIN;
	memcpy(data, frame, length < ring->room ? length : ring->room);
	tx_ring_commit(ring, length);
	return TX_RING_DONE;
}

/* The refused slot, or NULL. There is at most one: the kernel does not look past it. */
static struct tpacket2_hdr *refused_slot(struct tx_ring *ring)
{
	for (uint32_t behind = ring->taken; behind; behind--) {
		struct tpacket2_hdr *slot = slot_at(ring, index_behind(ring, behind));
		uint32_t owner = owner_of(slot);

		if (owner == TP_STATUS_WRONG_FORMAT)
			return slot;
		if (owner == TP_STATUS_SEND_REQUEST)
			return NULL;
	}
	return NULL;
}

int tx_ring_kick(struct tx_ring *ring, struct err *err)
{
	bool was_blocked = tx_ring_blocked(ring);
	ssize_t sent = sendto(ring->fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
	int error = errno;

	ring->stats.kicks++;
	if (sent < 0 && error != EAGAIN) {
		if (!was_blocked && tx_ring_blocked(ring)) {
			ring->stats.refused++;
			return err_call(err, -error, "sendto", "the kernel refuses a frame of %u bytes, which now blocks the ring",
					refused_slot(ring)->tp_len);
		}
		return err_call(err, -error, "sendto", "cannot send from the ring");
	}
	if (was_blocked)
		return err_set(err, -EBADMSG, "a frame of %u bytes that the kernel refused blocks the ring", refused_slot(ring)->tp_len);
	if (ring->taken && owner_of(slot_at(ring, index_behind(ring, 1))) == TP_STATUS_SEND_REQUEST)
		return TX_RING_AGAIN;
	return TX_RING_DONE;
}

uint32_t tx_ring_pending(struct tx_ring *ring)
{
	reap(ring);
	return ring->taken;
}

int tx_ring_flush(struct tx_ring *ring, struct err *err)
{
	if (!tx_ring_pending(ring))
		return TX_RING_DONE;
	/* Frames are taken in turn: where the last one is taken, all are. */
	if (tx_ring_blocked(ring) || owner_of(slot_at(ring, index_behind(ring, 1))) == TP_STATUS_SEND_REQUEST) {
		int r = tx_ring_kick(ring, err);

		if (r != TX_RING_DONE)
			return r;
	}
	return tx_ring_pending(ring) ? TX_RING_AGAIN : TX_RING_DONE;
}

bool tx_ring_blocked(struct tx_ring *ring)
{
	return refused_slot(ring) != NULL;
}

int tx_ring_replace(struct tx_ring *ring, const void *frame, uint32_t length, struct err *err)
{
	struct tpacket2_hdr *slot = refused_slot(ring);

	if (!slot)
		return err_set(err, -ENOENT, "no frame of this ring was refused");
	memcpy((uint8_t *)slot + DATA_OFFSET, frame, length < ring->room ? length : ring->room);
	mark(slot, length);
	return 0;
}

uint32_t tx_ring_status(const struct tx_ring *ring, uint32_t index)
{
	return index < ring->frames ? owner_of(slot_at(ring, index)) : 0;
}

void tx_ring_stats(struct tx_ring *ring, struct tx_ring_stats *ret)
{
	reap(ring);
	*ret = ring->stats;
}

void tx_ring_close(struct tx_ring *ring)
{
	if (!ring)
		return;
	if (ring->map)
		munmap(ring->map, ring->map_size);
	cleanup_closep(&ring->fd);
	free(ring);
}
