/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A receive ring at the far end, a transmit ring at the near one, and a process without system calls. */
#include "tests/drivers/ring_lab.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lab/base/clock.h"

struct rx_ring *ring_listen_far(struct lab *lab, const struct rx_ring_config *config)
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

struct tx_ring *ring_send_near(struct lab *lab, const struct tx_ring_config *config)
{
	struct tx_ring *ring;
	struct err err;

	lab_enter(lab->near);
	CHECK_OK(tx_ring_open(config, &ring, &err));
	CHECK_OK(tx_ring_attach(ring, LAB_IFINDEX, &err));
	return ring;
}

void ring_flush(struct tx_ring *ring)
{
	struct err err;
	int r;

	while ((r = tx_ring_flush(ring, &err)) == TX_RING_AGAIN)
		lab_poll((struct pollfd){.fd = tx_ring_fd(ring), .events = POLLOUT});
	CHECK_OK(r);
}

void ring_send_frames(struct lab *lab, struct tx_ring *ring, uint32_t first, uint32_t count)
{
	uint8_t frame[LAB_FRAME_LENGTH];

	for (uint32_t i = 0; i < count; i++) {
		lab_frame(lab, frame, first + i);
		while (tx_ring_put(ring, frame, sizeof(frame)) == TX_RING_AGAIN)
			ring_flush(ring);
	}
	ring_flush(ring);
}

unsigned ring_expect_frames(struct rx_ring *ring, uint32_t first, uint32_t count)
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

void ring_forbid_system_calls(void)
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

void ring_leave(int status)
{
	syscall(SYS_exit_group, status);
}

void ring_wait_until_handed_over(const struct rx_ring *ring, const struct ring_geometry *geometry, uint32_t count)
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
