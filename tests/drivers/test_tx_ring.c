/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transmit ring on a wire: slots and their owners, malformed frames, odd geometries. */
#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/drivers/ring_lab.h"

LAB_TEST(tx_ring, filling_the_slots_makes_no_system_call)
{
	const struct tx_ring_config config = TX_RING_STANDARD;
	struct tx_ring *ring = ring_send_near(lab, &config);
	uint8_t frame[LAB_FRAME_LENGTH];
	int status;
	pid_t writer = fork();

	CHECK(writer >= 0);
	if (writer == 0) {
		uint32_t put = 0;

		ring_forbid_system_calls();
		lab_frame(lab, frame, 0);
		while (tx_ring_put(ring, frame, sizeof(frame)) == TX_RING_DONE)
			put++;
		ring_leave(put == 512 && tx_ring_pending(ring) == 512 ? 0 : 2);
	}
	CHECK_EQ(waitpid(writer, &status, 0), writer);
	CHECK_EQ(status, 0);
	tx_ring_close(ring);
}

LAB_TEST(tx_ring, a_ring_that_is_not_attached_sends_nothing)
{
	const struct tx_ring_config config = TX_RING_STANDARD;
	uint8_t frame[LAB_FRAME_LENGTH];
	struct tx_ring *ring;
	struct err err = {0};

	CHECK_OK(tx_ring_open(&config, &ring, &err));
	lab_frame(lab, frame, 0);
	CHECK_EQ(tx_ring_put(ring, frame, sizeof(frame)), TX_RING_DONE);
	CHECK_IS(-ENXIO, tx_ring_kick(ring, &err));
	CHECK_EQ(tx_ring_status(ring, 0), TP_STATUS_SEND_REQUEST);
	tx_ring_close(ring);
}

/* Lengths that the kernel refuses, and how. */
static const struct {
	uint32_t length;
	int refusal;
} malformed[] = {
	{0, -EINVAL}, {13, -EINVAL}, {1515, -EMSGSIZE}, {2016, -EMSGSIZE}, {2017, -EMSGSIZE},
};

LAB_TEST(tx_ring, a_malformed_frame_blocks_the_ring_until_it_is_replaced)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring *rx = ring_listen_far(lab, &rx_config);
	static const uint8_t junk[4096];

	for (size_t i = 0; i < COUNT_OF(malformed); i++) {
		struct tx_ring *tx = ring_send_near(lab, &tx_config);
		uint8_t frame[LAB_FRAME_LENGTH];
		struct tx_ring_stats stats;
		struct err err = {0};

		CHECK_EQ(tx_ring_room(tx), 2016);
		CHECK(!tx_ring_blocked(tx));
		CHECK_IS(-ENOENT, tx_ring_replace(tx, junk, 60, &err));
		lab_frame(lab, frame, 0);
		CHECK_EQ(tx_ring_put(tx, frame, sizeof(frame)), TX_RING_DONE);
		CHECK_EQ(tx_ring_put(tx, junk, malformed[i].length), TX_RING_DONE);
		lab_frame(lab, frame, 2);
		CHECK_EQ(tx_ring_put(tx, frame, sizeof(frame)), TX_RING_DONE);

		CHECK_IS(malformed[i].refusal, tx_ring_kick(tx, &err));
		CHECK(strcmp(err.call, "sendto") == 0);
		CHECK(tx_ring_blocked(tx));
		CHECK_EQ(tx_ring_status(tx, 1), TP_STATUS_WRONG_FORMAT);
		CHECK_EQ(tx_ring_status(tx, 2), TP_STATUS_SEND_REQUEST);
		CHECK_EQ(tx_ring_pending(tx), 2);
		ring_expect_frames(rx, 0, 1); /* what stood before it was sent */

		CHECK_IS(-EBADMSG, tx_ring_kick(tx, &err));
		CHECK_IS(-EBADMSG, tx_ring_flush(tx, &err));
		lab_frame(lab, frame, 1);
		CHECK_OK(tx_ring_replace(tx, frame, sizeof(frame), &err));
		ring_flush(tx);
		ring_expect_frames(rx, 1, 2);
		tx_ring_stats(tx, &stats);
		CHECK_EQ(stats.refused, 1);
		CHECK_EQ(stats.sent, 3);
		tx_ring_close(tx);
	}
	rx_ring_close(rx);
}

LAB_TEST(tx_ring, with_loss_a_malformed_frame_is_skipped_in_silence)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring *rx = ring_listen_far(lab, &rx_config);
	static const uint8_t junk[4096];

	tx_config.loss = true;
	struct tx_ring *tx = ring_send_near(lab, &tx_config);
	for (size_t i = 0; i < COUNT_OF(malformed); i++) {
		CHECK_EQ(tx_ring_put(tx, junk, malformed[i].length), TX_RING_DONE);
		ring_send_frames(lab, tx, (uint32_t)i, 1);
		CHECK(!tx_ring_blocked(tx));
	}
	ring_expect_frames(rx, 0, COUNT_OF(malformed));
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(tx_ring, frames_that_do_not_divide_a_block_leave_its_end_empty)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	/* Three slots a block, 496 bytes of each block unused; blocks that are no power of two. */
	const struct tx_ring_config tx_config = {
		.geometry = {.version = TPACKET_V2, .block_size = 12288, .blocks = 2, .frame_size = 3936},
	};
	struct rx_ring *rx = ring_listen_far(lab, &rx_config);
	struct tx_ring *tx = ring_send_near(lab, &tx_config);

	ring_send_frames(lab, tx, 0, 50);
	ring_expect_frames(rx, 0, 50);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(tx_ring, bypassing_the_qdisc_hides_frames_from_ones_own_interface)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	/* All protocols, or nothing outgoing is seen; the filter leaves our frames, so that the statistics count them alone. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x88b5, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = COUNT_OF(code), .filter = code};
	const struct rx_ring_attachment own = {.ifindex = LAB_IFINDEX, .filter = &program};
	struct rx_ring *far = ring_listen_far(lab, &rx_config), *near;
	struct rx_ring_stats stats;
	struct err err;

	CHECK_OK(rx_ring_open(&rx_config, &near, &err));
	CHECK_OK(rx_ring_attach(near, &own, &err));
	for (int bypass = 0; bypass <= 1; bypass++) {
		struct tx_ring_config tx_config = TX_RING_STANDARD;

		tx_config.qdisc_bypass = bypass;
		struct tx_ring *tx = ring_send_near(lab, &tx_config);
		ring_send_frames(lab, tx, 0, 20);
		ring_expect_frames(far, 0, 20);
		/* The far end has them all; so what the near end would see of them it has seen. */
		CHECK_OK(rx_ring_stats(near, &stats, &err));
		CHECK_EQ(stats.packets, 20);
		tx_ring_close(tx);
	}
	rx_ring_close(near);
	rx_ring_close(far);
}
