/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watching nodes by receive rings: drivers/rx_ring.h. */
#include <errno.h>
#include <unistd.h>

#include "drivers/rx_ring.h"
#include "lab/kernel/netns.h"
#include "lab/observe/watch.h"

/*
 * Each millisecond with a packet in it takes a block, however little is in it
 * (a block is handed over after RETIRE_MS): so many small blocks, not few large
 * ones. 256 blocks let this process be away for a quarter of a second. A frame
 * longer than a block is cut; without offloads no frame is nearly that long.
 */
#define BLOCK_BYTES (32u << 10)
#define RETIRE_MS 1
#define NODE_BYTES ((size_t)8 << 20)
#define LAB_BYTES ((size_t)256 << 20) /* ring memory is locked: many nodes share this */
#define LEAST_BLOCKS 16u
#define OPENING_THREADS 32

struct opening {
	struct observer *observer;
	struct opened {
		int code;
		struct err err;
	} *results; /* parallel to the watches */
};

static struct ring_geometry choose_geometry(const struct observer *observer)
{
	uint32_t block = BLOCK_BYTES;
	long page = sysconf(_SC_PAGESIZE);
	size_t bytes = observer->buffer_bytes;

	if (page > (long)block)
		block = (uint32_t)page;
	if (!bytes)
		bytes = observer->count * NODE_BYTES > LAB_BYTES ? LAB_BYTES / observer->count : NODE_BYTES;
	size_t blocks = bytes / block;
	if (blocks < LEAST_BLOCKS)
		blocks = LEAST_BLOCKS;
	if (blocks > (1u << 30) / block)
		blocks = (1u << 30) / block;
	return (struct ring_geometry){.version = TPACKET_V3, .block_size = block, .blocks = (uint32_t)blocks, .frame_size = 2048};
}

/* In a thread of its own: it stays in the node's namespace until it ends. */
static int open_one(struct watch *watch, struct err *err)
{
	const struct rx_ring_config config = {.geometry = choose_geometry(watch->observer), .retire_ms = RETIRE_MS};
	const struct rx_ring_attachment everything = {0};
	int r;

	r = netns_enter(watch->netns, err);
	if (r < 0)
		return r;
	r = watch_marker_open(watch, err);
	if (r < 0)
		return r;
	r = rx_ring_open(&config, &watch->ring, err);
	if (r < 0)
		return r;
	return rx_ring_attach(watch->ring, &everything, err);
}

static void open_in_thread(void *data, size_t i)
{
	struct opening *opening = data;

	opening->results[i].code = open_one(&opening->observer->watches[i], &opening->results[i].err);
}

int watch_rings_open(struct observer *observer, struct err *err)
{
	struct opening opening = {.observer = observer, .results = mem_alloc(observer->count * sizeof(*opening.results))};
	int r = 0;

	watch_in_threads(observer->count, OPENING_THREADS, open_in_thread, &opening);
	for (size_t i = 0; i < observer->count && r == 0; i++) {
		r = opening.results[i].code;
		if (r < 0) {
			if (err)
				*err = opening.results[i].err;
			err_wrap(err, "the observer of %s", observer->watches[i].name);
		}
	}
	free(opening.results);
	observer->stamped = true; /* a ring's frames are always stamped on arrival */
	return r;
}

int watch_ring_read(struct watch *watch, int64_t until, struct err *err)
{
	struct rx_ring_packet packet;
	int added = 0;

	(void)err;
	while (rx_ring_next(watch->ring, &packet) == 1) {
		const struct sighting seen = {
			.ifindex = packet.ifindex, .packet_type = packet.packet_type, .stamp = packet.stamp, .data = packet.data,
			.captured = packet.captured, .length = packet.length, .vlan = packet.vlan, .tpid = packet.vlan_tpid,
			.tci = packet.vlan_tci,
		};

		added += watch_take(watch, &seen);
		if (packet.stamp > until)
			break;
	}
	return added;
}

int watch_ring_loss(struct watch *watch, struct err *err)
{
	struct rx_ring_stats stats;
	int r = rx_ring_stats(watch->ring, &stats, err);

	if (r < 0)
		return err_wrap(err, "the observer of %s", watch->name);
	watch->lost = stats.drops;
	return 0;
}
