/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PACKET_RX_RING, TPACKET_V3: setting up, and reading blocks in place. The theory is in the header. */
#include "drivers/rx_ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "lab/base/clock.h"
#include "lab/base/mem.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

struct rx_ring {
	int fd;
	struct rx_ring_config config;
	uint8_t *map;
	size_t map_size;
	uint32_t next_block;              /* the block to look at when none is open */
	struct tpacket_block_desc *block; /* the one being read, ours; or NULL */
	uint32_t left;                    /* packets of it not read yet */
	uint32_t offset;                  /* of the next packet, from the start of the block */
	bool losing;                      /* its status said TP_STATUS_LOSING */
	uint64_t broken;                  /* frames given up because a header led outside the block */
	struct rx_ring_stats totals;
};

/* Everything up to the ring's memory; what is made is in *ring, for rx_ring_close(). */
static int make_ring(struct rx_ring *ring, struct err *err)
{
	const struct ring_geometry *geometry = &ring->config.geometry;
	int version = (int)geometry->version;
	struct tpacket_req3 request = {
		.tp_block_size = geometry->block_size,
		.tp_block_nr = geometry->blocks,
		.tp_frame_size = geometry->frame_size,
		.tp_frame_nr = ring_frames(geometry),
		.tp_retire_blk_tov = ring->config.retire_ms,
		.tp_sizeof_priv = ring->config.private_size,
	};

	/* Protocol 0: nothing is received, and no bound socket has to be taken apart for the ring. */
	ring->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (ring->fd < 0)
		return err_call(err, -errno, "socket", "cannot open a packet socket");
	if (setsockopt(ring->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0)
		return err_call(err, -errno, "setsockopt", "PACKET_VERSION, TPACKET_V%d", version + 1);
	if (setsockopt(ring->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) < 0) {
		int r = err_call(err, -errno, "setsockopt", "PACKET_RX_RING");
		struct err why;

		if (r == -EINVAL && ring_geometry_check(geometry, RING_RX, ring->config.private_size, NULL, &why) < 0)
			err_wrap(err, "%s", why.text);
		return r;
	}
	size_t size = (size_t)ring_bytes(geometry);
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (map == MAP_FAILED)
		return err_call(err, -errno, "mmap", "cannot map a ring of %zu bytes", size);
	ring->map = map;
	ring->map_size = size;
	return 0;
}

int rx_ring_open(const struct rx_ring_config *config, struct rx_ring **ret, struct err *err)
{
	if (config->geometry.version != TPACKET_V3)
		return err_set(err, -EOPNOTSUPP, "receive rings are read in TPACKET_V3 only, not in V%d", (int)config->geometry.version + 1);

	struct rx_ring *ring = mem_new(struct rx_ring);
	ring->config = *config;
	ring->fd = -1;
	int r = make_ring(ring, err);
	if (r < 0) {
		rx_ring_close(ring);
		return r;
	}
	*ret = ring;
	return 0;
}

int rx_ring_attach(struct rx_ring *ring, const struct rx_ring_attachment *attachment, struct err *err)
{
	const struct sock_fprog *filter = attachment->filter;
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(attachment->protocol ? attachment->protocol : ETH_P_ALL),
		.sll_ifindex = attachment->ifindex,
	};
	int one = 1;

	if (filter && setsockopt(ring->fd, SOL_SOCKET, SO_ATTACH_FILTER, filter, sizeof(*filter)) < 0)
		return err_call(err, -errno, "setsockopt", "SO_ATTACH_FILTER");
	if (attachment->ignore_outgoing && setsockopt(ring->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) < 0)
		return err_call(err, -errno, "setsockopt", "PACKET_IGNORE_OUTGOING");
	if (attachment->promiscuous) {
		struct packet_mreq membership = {.mr_ifindex = attachment->ifindex, .mr_type = PACKET_MR_PROMISC};

		if (setsockopt(ring->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof(membership)) < 0)
			return err_call(err, -errno, "setsockopt", "PACKET_ADD_MEMBERSHIP, promiscuous on interface %d", attachment->ifindex);
	}
	if (bind(ring->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return err_call(err, -errno, "bind", "cannot bind the ring to interface %d", attachment->ifindex);
	return 0;
}

int rx_ring_fd(const struct rx_ring *ring)
{
	return ring->fd;
}

static struct tpacket_block_desc *block_at(const struct rx_ring *ring, uint32_t index)
{
	return (struct tpacket_block_desc *)(void *)(ring->map + (size_t)index * ring->config.geometry.block_size);
}

/* Opens the next block, if it is ours. */
static bool take_block(struct rx_ring *ring)
{
	struct tpacket_block_desc *block = block_at(ring, ring->next_block);
	/* Acquire: what the kernel wrote before it wrote the status is visible from here on. */
	uint32_t status = __atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE);

	if (!(status & TP_STATUS_USER))
		return false;
	ring->block = block;
	ring->left = block->hdr.bh1.num_pkts;
	ring->offset = block->hdr.bh1.offset_to_first_pkt;
	ring->losing = status & TP_STATUS_LOSING;
	ring->next_block = (ring->next_block + 1) % ring->config.geometry.blocks;
	return true;
}

uint32_t rx_ring_release(struct rx_ring *ring)
{
	uint32_t left = ring->left;

	if (!ring->block)
		return 0;
	/* Release: our reads of the block are over before the kernel can see that it may write. */
	__atomic_store_n(&ring->block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	ring->block = NULL;
	ring->left = 0;
	return left;
}

/* Does [offset, offset + length) lie within a block? */
static bool within_block(const struct rx_ring *ring, uint64_t offset, uint64_t length)
{
	return offset + length <= ring->config.geometry.block_size;
}

/* The packet at ring->offset, and on to the one behind it. False where a header leads outside the block. */
static bool read_packet(struct rx_ring *ring, struct rx_ring_packet *ret)
{
	const uint8_t *at = (const uint8_t *)ring->block + ring->offset;
	const struct tpacket3_hdr *header = (const void *)at;
	const struct sockaddr_ll *address = (const void *)(at + TPACKET_ALIGN(sizeof(*header)));

	if (!within_block(ring, ring->offset, TPACKET3_HDRLEN) ||
	    !within_block(ring, (uint64_t)ring->offset + header->tp_mac, header->tp_snaplen) ||
	    (ring->left > 1 && header->tp_next_offset < TPACKET3_HDRLEN))
		return false;
	*ret = (struct rx_ring_packet){
		.data = at + header->tp_mac,
		.captured = header->tp_snaplen,
		.length = header->tp_len,
		.stamp = (int64_t)header->tp_sec * NS_PER_S + header->tp_nsec,
		.vlan = header->tp_status & TP_STATUS_VLAN_VALID,
		.ifindex = address->sll_ifindex,
		.packet_type = address->sll_pkttype,
		.protocol = ntohs(address->sll_protocol),
		.checksum_not_ready = header->tp_status & TP_STATUS_CSUMNOTREADY,
		.losing = ring->losing || header->tp_status & TP_STATUS_LOSING,
	};
	if (ret->vlan) {
		ret->vlan_tci = (uint16_t)header->hv1.tp_vlan_tci;
		ret->vlan_tpid = header->tp_status & TP_STATUS_VLAN_TPID_VALID ? header->hv1.tp_vlan_tpid : ETH_P_8021Q;
	}
	ring->offset += header->tp_next_offset;
	ring->left--;
	return true;
}

int rx_ring_next(struct rx_ring *ring, struct rx_ring_packet *ret)
{
	for (;;) {
		if (ring->block && ring->left == 0)
			rx_ring_release(ring);
		if (!ring->block && !take_block(ring))
			return 0;
		if (ring->left && read_packet(ring, ret))
			return 1;
		ring->broken += rx_ring_release(ring);
	}
}

uint32_t rx_ring_packet_copy(const struct rx_ring_packet *packet, void *buffer, uint32_t room)
{
	const uint8_t tag[4] = {(uint8_t)(packet->vlan_tpid >> 8), (uint8_t)packet->vlan_tpid, (uint8_t)(packet->vlan_tci >> 8),
				(uint8_t)packet->vlan_tci};
	/* A frame too short for both addresses has no place for a tag. */
	bool tagged = packet->vlan && packet->captured >= 2 * ETH_ALEN;
	uint32_t tag_at = tagged ? 2 * ETH_ALEN : packet->captured;
	const struct {
		const uint8_t *bytes;
		uint32_t length;
	} parts[] = {
		{packet->data, tag_at},
		{tag, tagged ? (uint32_t)sizeof(tag) : 0},
		{packet->data + tag_at, packet->captured - tag_at},
	};
	uint32_t used = 0;

	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		uint32_t length = parts[i].length < room - used ? parts[i].length : room - used;

		if (length)
			memcpy((uint8_t *)buffer + used, parts[i].bytes, length);
		used += length;
	}
	return used;
}

void *rx_ring_private(struct rx_ring *ring)
{
	if (!ring->block || !ring->config.private_size || !within_block(ring, ring->block->offset_to_priv, ring->config.private_size))
		return NULL;
	return (uint8_t *)ring->block + ring->block->offset_to_priv;
}

int rx_ring_error(struct rx_ring *ring, struct err *err)
{
	int value = 0;
	socklen_t length = sizeof(value);

	if (getsockopt(ring->fd, SOL_SOCKET, SO_ERROR, &value, &length) < 0)
		return err_call(err, -errno, "getsockopt", "SO_ERROR");
	return value ? err_call(err, -value, "poll", "the ring's interface") : 0;
}

int rx_ring_wait(struct rx_ring *ring, int timeout_ms, struct err *err)
{
	struct pollfd waiting = {.fd = ring->fd, .events = POLLIN};
	int r;

	do
		r = poll(&waiting, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_call(err, -errno, "poll", "waiting for frames");
	if (waiting.revents & POLLERR && !(waiting.revents & POLLIN)) {
		r = rx_ring_error(ring, err);
		return r < 0 ? r : 1;
	}
	return r;
}

int rx_ring_stats(struct rx_ring *ring, struct rx_ring_stats *ret, struct err *err)
{
	struct tpacket_stats_v3 since = {0};
	socklen_t length = sizeof(since);

	if (getsockopt(ring->fd, SOL_PACKET, PACKET_STATISTICS, &since, &length) < 0)
		return err_call(err, -errno, "getsockopt", "PACKET_STATISTICS");
	/* The kernel has set its counters to zero now; and its tp_packets counts the dropped ones, too. */
	ring->totals.packets += since.tp_packets - since.tp_drops;
	ring->totals.drops += since.tp_drops;
	ring->totals.freezes += since.tp_freeze_q_cnt;
	*ret = ring->totals;
	ret->drops += ring->broken;
	return 0;
}

void rx_ring_close(struct rx_ring *ring)
{
	if (!ring)
		return;
	if (ring->map)
		munmap(ring->map, ring->map_size);
	cleanup_closep(&ring->fd);
	free(ring);
}
