/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rings on a wire: complete and in order, without system calls, and what goes wrong. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/rx_ring.h"
#include "drivers/tx_ring.h"
#include "lab/base/clock.h"
#include "tests/drivers/lab.h"

#define FRAMES 1000u

static struct rx_ring *listen_far(struct lab *lab, const struct rx_ring_config *config)
{
	struct rx_ring_attachment attachment = {.ifindex = LAB_IFINDEX, .protocol = 0x88b5, .ignore_outgoing = true};
	struct rx_ring *ring;
	struct err err;

	lab_enter(lab->far);
	CHECK_OK(rx_ring_open(config, &ring, &err));
	CHECK_OK(rx_ring_attach(ring, &attachment, &err));
	lab_enter(lab->near);
	return ring;
}

static struct tx_ring *send_near(struct lab *lab, const struct tx_ring_config *config)
{
	struct tx_ring *ring;
	struct err err;

	lab_enter(lab->near);
	CHECK_OK(tx_ring_open(config, &ring, &err));
	CHECK_OK(tx_ring_attach(ring, LAB_IFINDEX, &err));
	return ring;
}

static void flush(struct tx_ring *ring)
{
	struct err err;
	int r;

	while ((r = tx_ring_flush(ring, &err)) == TX_RING_AGAIN)
		lab_poll((struct pollfd){.fd = tx_ring_fd(ring), .events = POLLOUT});
	CHECK_OK(r);
}

/* Sends frames numbered from `first` on, through as many rounds as the ring needs. */
static void send_frames(struct lab *lab, struct tx_ring *ring, uint32_t first, uint32_t count)
{
	uint8_t frame[LAB_FRAME_LENGTH];

	for (uint32_t i = 0; i < count; i++) {
		lab_frame(lab, frame, first + i);
		while (tx_ring_put(ring, frame, sizeof(frame)) == TX_RING_AGAIN)
			flush(ring);
	}
	flush(ring);
}

/* Reads until `count` frames are there, which must be numbered from `first` on. Returns how often it waited. */
static unsigned expect_frames(struct rx_ring *ring, uint32_t first, uint32_t count)
{
	struct rx_ring_packet packet;
	unsigned waits = 0;
	struct err err;

	for (uint32_t seen = 0; seen < count;) {
		while (seen < count && rx_ring_next(ring, &packet)) {
			CHECK_EQ(packet.length, LAB_FRAME_LENGTH);
			CHECK_EQ(packet.captured, LAB_FRAME_LENGTH);
			CHECK_EQ(lab_frame_number(packet.data), first + seen);
			seen++;
		}
		if (seen < count) {
			waits++;
			CHECK_IS(1, rx_ring_wait(ring, 5000, &err));
		}
	}
	return waits;
}

LAB_TEST(rings, a_thousand_frames_cross_complete_and_in_order)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring *rx = listen_far(lab, &rx_config);
	struct tx_ring *tx = send_near(lab, &tx_config);
	struct rx_ring_packet packet;
	struct rx_ring_stats rx_stats;
	struct tx_ring_stats tx_stats;
	struct err err;

	send_frames(lab, tx, 0, FRAMES);
	unsigned waits = expect_frames(rx, 0, FRAMES);
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

/* From here on this process may write and exit, and dies of any other system call. */
static void forbid_system_calls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = COUNT_OF(code), .filter = code};

	CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	CHECK_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

/* Ends a process that may do nothing else. _exit() itself will not do: LeakSanitizer looks for leaks there. */
static void leave(int status)
{
	syscall(SYS_exit_group, status);
}

/* Looks at the status words through a mapping of its own, until `count` frames lie in blocks that were handed over. */
static void wait_until_handed_over(const struct rx_ring *ring, const struct ring_geometry *geometry, uint32_t count)
{
	const size_t size = (size_t)ring_bytes(geometry);
	uint8_t *map = mmap(NULL, size, PROT_READ, MAP_SHARED, rx_ring_fd(ring), 0);
	int64_t deadline = clock_now() + 5 * NS_PER_S;
	uint32_t there;

	CHECK(map != MAP_FAILED);
	do {
		there = 0;
		for (uint32_t i = 0; i < geometry->blocks; i++) {
			const struct tpacket_block_desc *block = (const void *)(map + (size_t)i * geometry->block_size);

			if (__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)
				there += block->hdr.bh1.num_pkts;
		}
		poll(NULL, 0, there < count);
		CHECK(clock_now() < deadline);
	} while (there < count);
	CHECK_EQ(there, count);
	munmap(map, size);
}

LAB_TEST(rings, reading_a_thousand_frames_makes_no_system_call)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring *rx = listen_far(lab, &rx_config);
	struct tx_ring *tx = send_near(lab, &tx_config);
	int status;

	send_frames(lab, tx, 0, FRAMES);
	wait_until_handed_over(rx, &rx_config.geometry, FRAMES);
	/* The second child shows that the filter bites: it makes one system call. */
	for (int makes_one = 0; makes_one <= 1; makes_one++) {
		pid_t reader = fork();

		CHECK(reader >= 0);
		if (reader == 0) {
			struct rx_ring_packet packet;
			uint32_t seen = 0;

			forbid_system_calls();
			while (rx_ring_next(rx, &packet))
				if (lab_frame_number(packet.data) != seen++)
					leave(2);
			if (makes_one)
				getppid();
			leave(seen == FRAMES ? 0 : 3);
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

LAB_TEST(rings, filling_the_slots_makes_no_system_call)
{
	const struct tx_ring_config config = TX_RING_STANDARD;
	struct tx_ring *ring = send_near(lab, &config);
	uint8_t frame[LAB_FRAME_LENGTH];
	int status;
	pid_t writer = fork();

	CHECK(writer >= 0);
	if (writer == 0) {
		uint32_t put = 0;

		forbid_system_calls();
		lab_frame(lab, frame, 0);
		while (tx_ring_put(ring, frame, sizeof(frame)) == TX_RING_DONE)
			put++;
		leave(put == 512 && tx_ring_pending(ring) == 512 ? 0 : 2);
	}
	CHECK_EQ(waitpid(writer, &status, 0), writer);
	CHECK_EQ(status, 0);
	tx_ring_close(ring);
}

LAB_TEST(rings, a_lone_frame_waits_for_the_time_out_and_is_handed_over_then)
{
	struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring_packet packet;
	struct err err;

	rx_config.retire_ms = 200;
	struct rx_ring *rx = listen_far(lab, &rx_config);
	struct tx_ring *tx = send_near(lab, &tx_config);
	send_frames(lab, tx, 0, 1);
	int64_t before = clock_tape();
	CHECK_IS(0, rx_ring_wait(rx, 1, &err));
	expect_frames(rx, 0, 1);
	CHECK_EQ(rx_ring_next(rx, &packet), 0);
	/* A block is opened when the one before was closed: the time-out runs from there, and may be nearly over. */
	CHECK(clock_tape() - before >= NS_PER_MS);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rings, packets_tell_stamp_interface_type_and_protocol)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring *rx = listen_far(lab, &rx_config);
	struct tx_ring *tx = send_near(lab, &tx_config);
	struct rx_ring_packet packet;
	struct err err;
	int64_t before = clock_tape();

	send_frames(lab, tx, 7, 1);
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

LAB_TEST(rings, a_vlan_tag_is_told_beside_the_frame_and_can_be_put_back)
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
	struct tx_ring *tx = send_near(lab, &tx_config);
	lab_frame(lab, frame, 0);
	memcpy(frame + 12, (uint8_t[]){0x81, 0x00, 0x60, 0x2a, 0x88, 0xb5, 1, 2, 3}, 9);
	CHECK_EQ(tx_ring_put(tx, frame, sizeof(frame)), TX_RING_DONE);
	flush(tx);
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

LAB_TEST(rings, one_ring_on_interface_0_sees_the_whole_namespace)
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
	struct tx_ring *tx = send_near(lab, &tx_config);
	send_frames(lab, tx, 0, 1);
	CHECK_OK(tx_ring_open(&tx_config, &local, &err));
	CHECK_OK(tx_ring_attach(local, 1, &err));
	send_frames(lab, local, 0, 1);
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

LAB_TEST(rings, a_filter_lets_only_its_frames_in)
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
	struct tx_ring *tx = send_near(lab, &tx_config);
	send_frames(lab, tx, 0, 10);
	expect_frames(rx, 5, 1);
	CHECK_OK(rx_ring_stats(rx, &stats, &err));
	CHECK_EQ(stats.packets, 1);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rings, what_finds_no_room_is_counted_and_statistics_are_totals)
{
	struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring_packet packet;
	struct rx_ring_stats stats;
	uint32_t seen = 0;
	struct err err;

	rx_config.geometry.block_size = 4096;
	rx_config.geometry.blocks = 2;
	struct rx_ring *rx = listen_far(lab, &rx_config);
	struct tx_ring *tx = send_near(lab, &tx_config);
	send_frames(lab, tx, 0, FRAMES);
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
	send_frames(lab, tx, FRAMES, 1);
	expect_frames(rx, FRAMES, 1);
	CHECK_OK(rx_ring_stats(rx, &stats, &err));
	CHECK_EQ(stats.packets, kept + 1);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rings, a_block_released_early_gives_up_what_was_not_read)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring *rx = listen_far(lab, &rx_config);
	struct tx_ring *tx = send_near(lab, &tx_config);
	struct rx_ring_packet packet;

	CHECK_EQ(rx_ring_release(rx), 0);
	send_frames(lab, tx, 0, 10);
	wait_until_handed_over(rx, &rx_config.geometry, 10);
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

LAB_TEST(rings, a_block_has_private_room_when_asked_for)
{
	struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring_packet packet;
	struct err err;

	rx_config.private_size = 100;
	struct rx_ring *rx = listen_far(lab, &rx_config);
	struct tx_ring *tx = send_near(lab, &tx_config);
	CHECK(rx_ring_private(rx) == NULL);
	send_frames(lab, tx, 0, 1);
	CHECK_IS(1, rx_ring_wait(rx, 5000, &err));
	CHECK_EQ(rx_ring_next(rx, &packet), 1);
	uint8_t *area = rx_ring_private(rx);
	CHECK(area && area + 100 <= packet.data);
	memset(area, 0xaa, 100);
	CHECK_EQ(lab_frame_number(packet.data), 0);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rings, a_link_that_goes_down_is_told_and_recovers)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring *rx = listen_far(lab, &rx_config);
	struct tx_ring *tx = send_near(lab, &tx_config);
	uint8_t frame[LAB_FRAME_LENGTH];
	struct err err = {0};

	lab_set_link(lab->far_rtnl, false);
	CHECK_IS(-ENETDOWN, rx_ring_wait(rx, 5000, &err));
	CHECK_IS(0, rx_ring_wait(rx, 1, &err)); /* told once */
	lab_set_link(lab->far_rtnl, true);
	send_frames(lab, tx, 0, 3);
	expect_frames(rx, 0, 3);

	/* One's own end down: the frame stays in its slot, and is sent when the link is up again. */
	lab_set_link(lab->near_rtnl, false);
	lab_frame(lab, frame, 3);
	CHECK_EQ(tx_ring_put(tx, frame, sizeof(frame)), TX_RING_DONE);
	CHECK_IS(-ENETDOWN, tx_ring_kick(tx, &err));
	CHECK(strcmp(err.call, "sendto") == 0);
	CHECK_EQ(tx_ring_pending(tx), 1);
	lab_set_link(lab->near_rtnl, true);
	flush(tx);
	expect_frames(rx, 3, 1);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rings, a_ring_on_a_link_that_is_down_hears_once_it_is_up)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct err err = {0};

	lab_set_link(lab->far_rtnl, false);
	struct rx_ring *rx = listen_far(lab, &rx_config);
	struct tx_ring *tx = send_near(lab, &tx_config);
	CHECK_IS(-ENETDOWN, rx_ring_error(rx, &err));
	CHECK_IS(0, rx_ring_error(rx, &err));
	lab_set_link(lab->far_rtnl, true);
	send_frames(lab, tx, 0, 1);
	expect_frames(rx, 0, 1);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rings, attaching_to_no_interface_is_enodev)
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

LAB_TEST(rings, a_ring_that_is_not_attached_sends_nothing)
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

LAB_TEST(rings, a_malformed_frame_blocks_the_ring_until_it_is_replaced)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring *rx = listen_far(lab, &rx_config);
	static const uint8_t junk[4096];

	for (size_t i = 0; i < COUNT_OF(malformed); i++) {
		struct tx_ring *tx = send_near(lab, &tx_config);
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
		expect_frames(rx, 0, 1); /* what stood before it was sent */

		CHECK_IS(-EBADMSG, tx_ring_kick(tx, &err));
		CHECK_IS(-EBADMSG, tx_ring_flush(tx, &err));
		lab_frame(lab, frame, 1);
		CHECK_OK(tx_ring_replace(tx, frame, sizeof(frame), &err));
		flush(tx);
		expect_frames(rx, 1, 2);
		tx_ring_stats(tx, &stats);
		CHECK_EQ(stats.refused, 1);
		CHECK_EQ(stats.sent, 3);
		tx_ring_close(tx);
	}
	rx_ring_close(rx);
}

LAB_TEST(rings, with_loss_a_malformed_frame_is_skipped_in_silence)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	struct tx_ring_config tx_config = TX_RING_STANDARD;
	struct rx_ring *rx = listen_far(lab, &rx_config);
	static const uint8_t junk[4096];

	tx_config.loss = true;
	struct tx_ring *tx = send_near(lab, &tx_config);
	for (size_t i = 0; i < COUNT_OF(malformed); i++) {
		CHECK_EQ(tx_ring_put(tx, junk, malformed[i].length), TX_RING_DONE);
		send_frames(lab, tx, (uint32_t)i, 1);
		CHECK(!tx_ring_blocked(tx));
	}
	expect_frames(rx, 0, COUNT_OF(malformed));
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rings, frames_that_do_not_divide_a_block_leave_its_end_empty)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	/* Three slots a block, 496 bytes of each block unused; blocks that are no power of two. */
	const struct tx_ring_config tx_config = {
		.geometry = {.version = TPACKET_V2, .block_size = 12288, .blocks = 2, .frame_size = 3936},
	};
	struct rx_ring *rx = listen_far(lab, &rx_config);
	struct tx_ring *tx = send_near(lab, &tx_config);

	send_frames(lab, tx, 0, 50);
	expect_frames(rx, 0, 50);
	rx_ring_close(rx);
	tx_ring_close(tx);
}

LAB_TEST(rings, bypassing_the_qdisc_hides_frames_from_ones_own_interface)
{
	const struct rx_ring_config rx_config = RX_RING_STANDARD;
	const struct rx_ring_attachment own = {.ifindex = LAB_IFINDEX};
	struct rx_ring *far = listen_far(lab, &rx_config), *near;
	struct rx_ring_stats stats;
	struct err err;

	CHECK_OK(rx_ring_open(&rx_config, &near, &err));
	CHECK_OK(rx_ring_attach(near, &own, &err));
	for (int bypass = 0; bypass <= 1; bypass++) {
		struct tx_ring_config tx_config = TX_RING_STANDARD;
		struct rx_ring_packet packet;
		unsigned seen = 0;

		tx_config.qdisc_bypass = bypass;
		struct tx_ring *tx = send_near(lab, &tx_config);
		send_frames(lab, tx, 0, 20);
		expect_frames(far, 0, 20);
		/* The far end has them all, so what the near end would see it has seen; its block may be open still. */
		int64_t deadline = clock_now() + (bypass ? 20 * NS_PER_MS : 5 * NS_PER_S);
		while (clock_now() < deadline && seen < 20) {
			while (rx_ring_next(near, &packet))
				seen += packet.protocol == 0x88b5;
			poll(NULL, 0, 1);
		}
		CHECK_EQ(seen, bypass ? 0 : 20);
		tx_ring_close(tx);
	}
	CHECK_OK(rx_ring_stats(near, &stats, &err));
	CHECK(stats.packets >= 20);
	rx_ring_close(near);
	rx_ring_close(far);
}
