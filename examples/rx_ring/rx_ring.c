/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receives frames through a ring and prints a line for each: rx_ring INTERFACE [COUNT] */
/*
 * The whole technique in one page. drivers/rx_ring.h explains why it works;
 * run it in a namespace of its own: unshare --user --map-root-user --net.
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include "drivers/rx_ring.h"

static int fail(const struct err *err)
{
	fprintf(stderr, "rx_ring: %s\n", err->text);
	return 1;
}

int main(int argc, char **argv)
{
	const struct rx_ring_config config = RX_RING_STANDARD; /* 64 blocks of 64 KiB */
	struct rx_ring_attachment attachment = {.ignore_outgoing = true};
	long wanted = argc > 2 ? atol(argv[2]) : 10, seen = 0, waits = 0;
	struct rx_ring_packet packet;
	struct rx_ring_stats stats;
	struct rx_ring *ring;
	struct err err;

	if (argc < 2 || !(attachment.ifindex = (int)if_nametoindex(argv[1]))) {
		fprintf(stderr, "usage: rx_ring INTERFACE [COUNT]\n");
		return 2;
	}

	/* First the memory, which nothing is written to yet; then the bind that frames follow. */
	if (rx_ring_open(&config, &ring, &err) < 0 || rx_ring_attach(ring, &attachment, &err) < 0)
		return fail(&err);
	printf("listening on %s\n", argv[1]);
	fflush(stdout);

	while (seen < wanted) {
		/* The only system call in this loop: it sleeps until the kernel has handed over a block. */
		if (rx_ring_wait(ring, -1, &err) < 0)
			return fail(&err);
		waits++;
		/* Memory reads from here on. At the end of a block, rx_ring_next() gives it back to the kernel. */
		while (seen < wanted && rx_ring_next(ring, &packet))
			printf("%ld: %lld.%09lld %u bytes, protocol 0x%04x, first byte of payload %u\n", ++seen,
			       (long long)(packet.stamp / 1000000000), (long long)(packet.stamp % 1000000000), packet.length,
			       packet.protocol, packet.captured > 14 ? packet.data[14] : 0u);
	}

	if (rx_ring_stats(ring, &stats, &err) < 0)
		return fail(&err);
	printf("%ld frames in %ld waits, %llu dropped\n", seen, waits, (unsigned long long)stats.drops);
	rx_ring_close(ring);
	return 0;
}
