/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The receive ring on a wire: complete and in order, without system calls, and what goes wrong. */
#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/base/clock.h"
#include "tests/drivers/ring_lab.h"

LAB_TEST(rx_ring, a_thousand_frames_cross_complete_and_in_order)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring *rx = ring_listen_far(lab, &rx_config);
	struct tx_ring *tx = ring_send_near(lab, &tx_config);
	struct rx_ring_packet packet;
	struct rx_ring_stats rx_stats;
	struct tx_ring_stats tx_stats;
	struct err err;

	ring_send_frames(lab, tx, 0, FRAMES);
	unsigned waits = ring_expect_frames(rx, 0, FRAMES);
	CHECK_EQ(rx_ring_next(rx, &packet), 0);
	CHECK_OK(rx_ring_stats(rx, &rx_stats, &err));
	CHECK_EQ(rx_stats.packets, FRAMES);
	CHECK_EQ(rx_stats.drops, 0);
	CHECK(waits < FRAMES / 10);
	tx_ring_stats(tx, &tx_stats);
	CHECK_EQ(tx_stats.put, FRAMES);
	CHECK_EQ(tx_stats.sent, FRAMES);
	CHECK_EQ(tx_stats.bytes, FRAMES * LAB_FRAME_LENGTH);
	CHECK_EQ(tx_stats.refused, 0);
	CHECK(tx_stats.kicks < 20);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rx_ring, reading_a_thousand_frames_makes_no_system_call)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring *rx = ring_listen_far(lab, &rx_config);
	struct tx_ring *tx = ring_send_near(lab, &tx_config);
	int status;

	ring_send_frames(lab, tx, 0, FRAMES);
	ring_wait_until_handed_over(rx, &rx_config.geometry, FRAMES);
	/* The second child shows that the filter bites: it makes one system call. */
	for (int makes_one = 0; makes_one <= 1; makes_one++) {
		pid_t reader = fork();

		CHECK(reader >= 0);
		if (reader == 0) {
			struct rx_ring_packet packet;
			uint32_t seen = 0;

			ring_forbid_system_calls();
			while (rx_ring_next(rx, &packet))
				if (lab_frame_number(packet.data) != seen++)
					ring_leave(2);
			if (makes_one)
				getppid();
			ring_leave(seen == FRAMES ? 0 : 3);
		}
		CHECK_EQ(waitpid(reader, &status, 0), reader);
		if (makes_one)
			CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
		else
			CHECK_EQ(status, 0);
	}
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rx_ring, a_lone_frame_waits_for_the_time_out_and_is_handed_over_then)
{
	struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring_packet packet;
	struct err err;

	rx_config.retire_ms = 200;
	struct rx_ring *rx = ring_listen_far(lab, &rx_config);
	struct tx_ring *tx = ring_send_near(lab, &tx_config);
	unsigned waited = 0;
	/* The time-out runs from when the block was opened, and may be nearly over when a frame comes: hence several. */
	for (uint32_t i = 0; i < 4; i++) {
		ring_send_frames(lab, tx, i, 1);
		waited += rx_ring_wait(rx, 1, &err) == 0;
		ring_expect_frames(rx, i, 1);
		CHECK_EQ(rx_ring_next(rx, &packet), 0);
	}
	CHECK(waited >= 2);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rx_ring, packets_tell_stamp_interface_type_and_protocol)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring *rx = ring_listen_far(lab, &rx_config);
	struct tx_ring *tx = ring_send_near(lab, &tx_config);
	struct rx_ring_packet packet;
	struct err err;
	int64_t before = clock_tape();

	ring_send_frames(lab, tx, 7, 1);
	CHECK_IS(1, rx_ring_wait(rx, 5000, &err));
	CHECK_EQ(rx_ring_next(rx, &packet), 1);
	CHECK(packet.stamp >= before && packet.stamp <= clock_tape());
	CHECK_EQ(packet.ifindex, LAB_IFINDEX);
	CHECK_EQ(packet.packet_type, PACKET_HOST);
	CHECK_EQ(packet.protocol, 0x88b5);
	CHECK(!packet.vlan && !packet.losing);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rx_ring, a_vlan_tag_is_told_beside_the_frame_and_can_be_put_back)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring_attachment everything = {.ifindex = LAB_IFINDEX, .ignore_outgoing = true};
	uint8_t frame[64] = {0}, copy[80];
	struct rx_ring_packet packet;
	struct rx_ring *rx;
	struct err err;

	lab_enter(lab->far);
	CHECK_OK(rx_ring_open(&rx_config, &rx, &err));
	CHECK_OK(rx_ring_attach(rx, &everything, &err));
	struct tx_ring *tx = ring_send_near(lab, &tx_config);
	lab_frame(lab, frame, 0);
	memcpy(frame + 12, (uint8_t[]){0x81, 0x00, 0x60, 0x2a, 0x88, 0xb5, 1, 2, 3}, 9);
	CHECK_EQ(tx_ring_put(tx, frame, sizeof(frame)), TX_RING_DONE);
	ring_flush(tx);
	do {
		while (!rx_ring_next(rx, &packet))
			CHECK_IS(1, rx_ring_wait(rx, 5000, &err));
	} while (packet.protocol != 0x88b5 && !packet.vlan);
	CHECK(packet.vlan);
	CHECK_EQ(packet.vlan_tpid, 0x8100);
	CHECK_EQ(packet.vlan_tci, 0x602a);
	CHECK_EQ(packet.captured, 60);
	CHECK_EQ(packet.data[12], 0x88);
	CHECK_EQ(rx_ring_packet_copy(&packet, copy, sizeof(copy)), 64);
	CHECK(memcmp(copy, frame, 64) == 0);
	/* Cut anywhere, the tag's middle included. */
	for (uint32_t room = 0; room <= 64; room++) {
		memset(copy, 0xee, sizeof(copy));
		CHECK_EQ(rx_ring_packet_copy(&packet, copy, room), room);
		CHECK(memcmp(copy, frame, room) == 0 && copy[room] == 0xee);
	}
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rx_ring, one_ring_on_interface_0_sees_the_whole_namespace)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring_attachment everywhere = {0}; /* all protocols: one that asks for one of them hears nothing outgoing */
	unsigned in = 0, out = 0, loopback = 0;
	struct rx_ring_packet packet;
	struct tx_ring *local;
	struct rx_ring *rx;
	struct err err;

	CHECK_OK(rx_ring_open(&rx_config, &rx, &err));
	CHECK_OK(rx_ring_attach(rx, &everywhere, &err));
	struct tx_ring *tx = ring_send_near(lab, &tx_config);
	ring_send_frames(lab, tx, 0, 1);
	CHECK_OK(tx_ring_open(&tx_config, &local, &err));
	CHECK_OK(tx_ring_attach(local, 1, &err));
	ring_send_frames(lab, local, 0, 1);
	while (in + out + loopback < 3) {
		while (!rx_ring_next(rx, &packet))
			CHECK_IS(1, rx_ring_wait(rx, 5000, &err));
		if (packet.protocol != 0x88b5)
			continue;
		if (packet.ifindex == LAB_IFINDEX)
			*(packet.packet_type == PACKET_OUTGOING ? &out : &in) += 1;
		else
			loopback++;
	}
	CHECK_EQ(out, 1);
	CHECK_EQ(in, 0);
	CHECK_EQ(loopback, 2); /* out of lo, and back in */
	rx_ring_close(rx);
	tx_ring_close(tx);
	tx_ring_close(local);
}

LAB_TEST(rx_ring, a_filter_lets_only_its_frames_in)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	/* The first byte of the number is 5. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = COUNT_OF(code), .filter = code};
	struct rx_ring_attachment attachment = {.ifindex = LAB_IFINDEX, .protocol = 0x88b5, .filter = &program};
	struct rx_ring_stats stats;
	struct rx_ring *rx;
	struct err err;

	lab_enter(lab->far);
	CHECK_OK(rx_ring_open(&rx_config, &rx, &err));
	CHECK_OK(rx_ring_attach(rx, &attachment, &err));
	struct tx_ring *tx = ring_send_near(lab, &tx_config);
	ring_send_frames(lab, tx, 0, 10);
	ring_expect_frames(rx, 5, 1);
	CHECK_OK(rx_ring_stats(rx, &stats, &err));
	CHECK_EQ(stats.packets, 1);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rx_ring, what_finds_no_room_is_counted_and_statistics_are_totals)
{
	struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring_packet packet;
	struct rx_ring_stats stats;
	uint32_t seen = 0;
	struct err err;

	rx_config.geometry.block_size = 4096;
	rx_config.geometry.blocks = 2;
	struct rx_ring *rx = ring_listen_far(lab, &rx_config);
	struct tx_ring *tx = ring_send_near(lab, &tx_config);
	ring_send_frames(lab, tx, 0, FRAMES);
	CHECK_OK(rx_ring_stats(rx, &stats, &err));
	CHECK_EQ(stats.packets + stats.drops, FRAMES);
	CHECK(stats.drops > FRAMES / 2 && stats.packets > 10);
	CHECK(stats.freezes >= 1);
	uint64_t kept = stats.packets, dropped = stats.drops;
	/* Reading has set the kernel's counters to zero; ours are totals. */
	CHECK_OK(rx_ring_stats(rx, &stats, &err));
	CHECK(stats.packets == kept && stats.drops == dropped);
	while (seen < kept) {
		CHECK_IS(1, rx_ring_wait(rx, 5000, &err));
		while (rx_ring_next(rx, &packet))
			CHECK_EQ(lab_frame_number(packet.data), seen++);
	}
	/* The blocks are given back: the ring takes frames again. */
	ring_send_frames(lab, tx, FRAMES, 1);
	ring_expect_frames(rx, FRAMES, 1);
	CHECK_OK(rx_ring_stats(rx, &stats, &err));
	CHECK_EQ(stats.packets, kept + 1);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rx_ring, a_block_released_early_gives_up_what_was_not_read)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring *rx = ring_listen_far(lab, &rx_config);
	struct tx_ring *tx = ring_send_near(lab, &tx_config);
	struct rx_ring_packet packet;

	CHECK_EQ(rx_ring_release(rx), 0);
	ring_send_frames(lab, tx, 0, 10);
	ring_wait_until_handed_over(rx, &rx_config.geometry, 10);
	uint32_t read = 0, given_up = 0;
	while (rx_ring_next(rx, &packet)) {
		read++;
		given_up += rx_ring_release(rx);
	}
	CHECK_EQ(read + given_up, 10);
	CHECK(read >= 1);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rx_ring, a_block_has_private_room_when_asked_for)
{
	struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring_packet packet;
	struct err err;

	rx_config.private_size = 100;
	struct rx_ring *rx = ring_listen_far(lab, &rx_config);
	struct tx_ring *tx = ring_send_near(lab, &tx_config);
	CHECK(rx_ring_private(rx) == NULL);
	ring_send_frames(lab, tx, 0, 1);
	CHECK_IS(1, rx_ring_wait(rx, 5000, &err));
	CHECK_EQ(rx_ring_next(rx, &packet), 1);
	uint8_t *area = rx_ring_private(rx);
	CHECK(area && area + 100 <= packet.data);
	memset(area, 0xaa, 100);
	CHECK_EQ(lab_frame_number(packet.data), 0);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rx_ring, a_link_that_goes_down_is_told_and_recovers)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring *rx = ring_listen_far(lab, &rx_config);
	struct tx_ring *tx = ring_send_near(lab, &tx_config);
	uint8_t frame[LAB_FRAME_LENGTH];
	struct err err = {0};

	lab_set_link(lab, lab->far_rtnl, false);
	CHECK_IS(-ENETDOWN, rx_ring_wait(rx, 5000, &err));
	CHECK_IS(0, rx_ring_wait(rx, 1, &err)); /* told once */
	lab_set_link(lab, lab->far_rtnl, true);
	ring_send_frames(lab, tx, 0, 3);
	ring_expect_frames(rx, 0, 3);

	/* One's own end down: the frame stays in its slot, and is sent when the link is up again. */
	lab_set_link(lab, lab->near_rtnl, false);
	lab_frame(lab, frame, 3);
	CHECK_EQ(tx_ring_put(tx, frame, sizeof(frame)), TX_RING_DONE);
	CHECK_IS(-ENETDOWN, tx_ring_kick(tx, &err));
	CHECK(strcmp(err.call, "sendto") == 0);
	CHECK_EQ(tx_ring_pending(tx), 1);
	lab_set_link(lab, lab->near_rtnl, true);
	ring_flush(tx);
	ring_expect_frames(rx, 3, 1);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rx_ring, a_ring_on_a_link_that_is_down_hears_once_it_is_up)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct err err = {0};

	lab_set_link(lab, lab->far_rtnl, false);
	struct rx_ring *rx = ring_listen_far(lab, &rx_config);
	struct tx_ring *tx = ring_send_near(lab, &tx_config);
	CHECK_IS(-ENETDOWN, rx_ring_error(rx, &err));
	CHECK_IS(0, rx_ring_error(rx, &err));
	lab_set_link(lab, lab->far_rtnl, true);
	ring_send_frames(lab, tx, 0, 1);
	ring_expect_frames(rx, 0, 1);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rx_ring, attaching_to_no_interface_is_enodev)
{
	const struct rx_ring_config config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring_attachment attachment = {.ifindex = 4711};
	struct rx_ring *rx;
	struct tx_ring *tx;
	struct err err = {0};

	CHECK_OK(rx_ring_open(&config, &rx, &err));
	CHECK_IS(-ENODEV, rx_ring_attach(rx, &attachment, &err));
	CHECK(strcmp(err.call, "bind") == 0);
	CHECK_OK(tx_ring_open(&tx_config, &tx, &err));
	CHECK_IS(-ENODEV, tx_ring_attach(tx, 4711, &err));
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rx_ring, an_interface_that_is_deleted_does_not_come_back)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring_attachment attachment = {.ifindex = LAB_IFINDEX};
	struct rx_ring *lost, *found;
	struct rx_ring_stats stats;
	struct err err = {0};

	lab_enter(lab->near);
	CHECK_OK(rx_ring_open(&rx_config, &lost, &err));
	CHECK_OK(rx_ring_attach(lost, &attachment, &err));
	lab_replace_wire(lab);
	CHECK_IS(-ENETDOWN, rx_ring_error(lost, &err));
	CHECK_OK(rx_ring_stats(lost, &stats, &err));
	uint64_t before = stats.packets;

	/* Same name, same index; a ring attached now hears what the other does not. */
	CHECK_OK(rx_ring_open(&rx_config, &found, &err));
	CHECK_OK(rx_ring_attach(found, &attachment, &err));
	struct tx_ring *tx = ring_send_near(lab, &tx_config);
	ring_send_frames(lab, tx, 0, 10);
	CHECK_OK(rx_ring_stats(found, &stats, &err));
	CHECK(stats.packets >= 10);
	CHECK_OK(rx_ring_stats(lost, &stats, &err));
	CHECK_EQ(stats.packets, before);
	rx_ring_close(lost);
	rx_ring_close(found);
	tx_ring_close(tx);
}
