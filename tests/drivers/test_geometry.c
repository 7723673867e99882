/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ring_geometry_check() says what the kernel says: every case is put to both. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "drivers/ring.h"
#include "drivers/rx_ring.h"
#include "drivers/tx_ring.h"
#include "tests/drivers/lab.h"

/*
 * What the kernel says to a geometry: 0 or -errno. A socket that was refused can be asked again; closing one costs an RCU
 * grace period, so *fd is kept for the next question of the same version.
 */
static int ask_kernel(int *fd, const struct ring_geometry *geometry, enum ring_direction direction, uint32_t private_size)
{
	int version = (int)geometry->version;
	struct tpacket_req3 request = {
		.tp_block_size = geometry->block_size,
		.tp_block_nr = geometry->blocks,
		.tp_frame_size = geometry->frame_size,
		.tp_frame_nr = ring_frames(geometry),
		.tp_sizeof_priv = private_size,
	};
	socklen_t length = geometry->version == TPACKET_V3 ? sizeof(struct tpacket_req3) : sizeof(struct tpacket_req);

	if (*fd < 0) {
		*fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
		CHECK(*fd >= 0);
	}
	CHECK_EQ(setsockopt(*fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)), 0);
	if (setsockopt(*fd, SOL_PACKET, direction == RING_RX ? PACKET_RX_RING : PACKET_TX_RING, &request, length) < 0)
		return -errno;
	close(*fd);
	*fd = -1;
	return 0;
}

static const uint32_t block_sizes[] = {0, 16, 4096, 5000, 12288, 0x80000000u};
static const uint32_t frame_sizes[] = {0, 8, 32, 48, 52, 64, 68, 80, 100, 256, 3000, 4096, 4112, 8192, 65552};
static const int32_t frame_errors[] = {0, 1, -1};

/* Every block size with every frame size with the right and two wrong numbers of frames. */
static void compare(enum tpacket_versions version, enum ring_direction direction, unsigned *refused, unsigned *taken)
{
	const unsigned cases = COUNT_OF(block_sizes) * COUNT_OF(frame_sizes) * COUNT_OF(frame_errors);
	_cleanup_close_ int fd = -1;

	for (unsigned i = 0; i < cases; i++) {
		struct ring_geometry geometry = {
			.version = version,
			.block_size = block_sizes[i / COUNT_OF(frame_errors) / COUNT_OF(frame_sizes)],
			.blocks = 2,
			.frame_size = frame_sizes[i / COUNT_OF(frame_errors) % COUNT_OF(frame_sizes)],
		};
		struct err err = {0};

		geometry.frames = ring_frames(&geometry);
		if (geometry.frames)
			geometry.frames += (uint32_t)frame_errors[i % COUNT_OF(frame_errors)];
		int ours = ring_geometry_check(&geometry, direction, 0, NULL, &err);
		int theirs = ask_kernel(&fd, &geometry, direction, 0);
		if (ours != theirs)
			lab_fail(__FILE__, __LINE__, "V%d %s, blocks of %u, %u frames of %u: the kernel says %d, we %d %s", version + 1,
				 direction == RING_TX ? "tx" : "rx", geometry.block_size, geometry.frames, geometry.frame_size, theirs,
				 ours, err.text);
		*(ours ? refused : taken) += 1;
	}
}

LAB_TEST(geometry, the_check_and_the_kernel_agree_on_every_geometry_of_a_grid)
{
	unsigned refused = 0, taken = 0;

	for (int version = TPACKET_V1; version <= TPACKET_V3; version++)
		for (int direction = RING_RX; direction <= RING_TX; direction++)
			compare((enum tpacket_versions)version, (enum ring_direction)direction, &refused, &taken);
	CHECK(refused > 500 && taken > 30);
}

LAB_TEST(geometry, the_private_area_must_leave_room_for_a_packet)
{
	struct ring_geometry geometry = {.version = TPACKET_V3, .block_size = 4096, .blocks = 1, .frame_size = 2048};
	_cleanup_close_ int fd = -1;
	unsigned refused = 0;

	for (uint32_t private_size = 3960; private_size <= 4000; private_size++) {
		const char *member = NULL;
		int ours = ring_geometry_check(&geometry, RING_RX, private_size, &member, NULL);

		CHECK_EQ(ours, ask_kernel(&fd, &geometry, RING_RX, private_size));
		CHECK(ours == 0 || strcmp(member, "private_size") == 0);
		refused += ours != 0;
	}
	CHECK(refused > 0 && refused < 41);
}

LAB_TEST(geometry, rings_refuse_in_the_kernels_name_and_say_which_rule_was_broken)
{
	struct rx_ring_config rx = RX_RING_STANDARD;
	struct tx_ring_config tx = TX_RING_STANDARD;
	struct rx_ring *rx_ring = NULL;
	struct tx_ring *tx_ring = NULL;
	struct err err = {0};

	rx.geometry.block_size = 5000;
	CHECK_IS(-EINVAL, rx_ring_open(&rx, &rx_ring, &err));
	CHECK(strcmp(err.call, "setsockopt") == 0 && strstr(err.text, "page size") && strstr(err.text, "PACKET_RX_RING"));
	CHECK(rx_ring == NULL);
	tx.geometry.frame_size = 2040;
	CHECK_IS(-EINVAL, tx_ring_open(&tx, &tx_ring, &err));
	CHECK(strcmp(err.call, "setsockopt") == 0 && strstr(err.text, "2048") && strstr(err.text, "PACKET_TX_RING"));
	CHECK(tx_ring == NULL);
	rx.geometry = (struct ring_geometry){.version = TPACKET_V3};
	CHECK_IS(-EINVAL, rx_ring_open(&rx, &rx_ring, &err));
	CHECK(strcmp(err.call, "mmap") == 0);
	rx.geometry.version = TPACKET_V2;
	CHECK_IS(-EOPNOTSUPP, rx_ring_open(&rx, &rx_ring, &err));
}

LAB_TEST(geometry, version_and_loss_come_before_the_ring)
{
	struct tx_ring_config config = TX_RING_STANDARD;
	int version = TPACKET_V3, one = 1;
	struct tx_ring *ring;
	struct err err;

	CHECK_OK(tx_ring_open(&config, &ring, &err));
	CHECK_EQ(setsockopt(tx_ring_fd(ring), SOL_PACKET, PACKET_VERSION, &version, sizeof(version)), -1);
	CHECK_EQ(errno, EBUSY);
	CHECK_EQ(setsockopt(tx_ring_fd(ring), SOL_PACKET, PACKET_LOSS, &one, sizeof(one)), -1);
	CHECK_EQ(errno, EBUSY);
	tx_ring_close(ring);
}
