/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends numbered frames from a ring: tx_ring INTERFACE [COUNT] */
/*
 * The whole technique in one page. drivers/tx_ring.h explains why it works;
 * run it in a namespace of its own: unshare --user --map-root-user --net.
 */
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/tx_ring.h"

#define FRAME_LENGTH 60u /* the shortest Ethernet frame, checksum not counted */

/* Broadcast, from a locally administered address, EtherType 0x88b5 (for experiments), payload: the number. */
static void write_frame(uint8_t *frame, uint32_t number)
{
	static const uint8_t header[14] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 1, 0x88, 0xb5};

	memset(frame, 0, FRAME_LENGTH);
	memcpy(frame, header, sizeof(header));
	memcpy(frame + sizeof(header), &number, sizeof(number));
}

static int fail(const struct err *err)
{
	fprintf(stderr, "tx_ring: %s\n", err->text);
	return 1;
}

int main(int argc, char **argv)
{
	const struct tx_ring_config config = TX_RING_STANDARD; /* 512 slots of 2048 bytes */
	uint32_t wanted = argc > 2 ? (uint32_t)atol(argv[2]) : 10, number = 0;
	int ifindex = argc > 1 ? (int)if_nametoindex(argv[1]) : 0, r = TX_RING_AGAIN;
	struct tx_ring_stats stats;
	struct tx_ring *ring;
	struct err err;

	if (!ifindex) {
		fprintf(stderr, "usage: tx_ring INTERFACE [COUNT]\n");
		return 2;
	}
	if (tx_ring_open(&config, &ring, &err) < 0 || tx_ring_attach(ring, ifindex, &err) < 0)
		return fail(&err);

	while (number < wanted || r == TX_RING_AGAIN) {
		uint8_t *frame;

		/* Fill every slot that is free: memory writes, no system call. */
		while (number < wanted && (frame = tx_ring_slot(ring))) {
			write_frame(frame, number++);
			tx_ring_commit(ring, FRAME_LENGTH);
		}
		/* One system call sends them all. TX_RING_AGAIN: some slots are still the kernel's. */
		r = tx_ring_flush(ring, &err);
		if (r < 0)
			return fail(&err);
		if (r == TX_RING_AGAIN)
			poll(&(struct pollfd){.fd = tx_ring_fd(ring), .events = POLLOUT}, 1, -1);
	}

	tx_ring_stats(ring, &stats);
	printf("%llu frames in %llu system calls\n", (unsigned long long)stats.sent, (unsigned long long)stats.kicks);
	tx_ring_close(ring);
	return 0;
}
