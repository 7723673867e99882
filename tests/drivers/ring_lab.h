/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A receive ring at the far end, a transmit ring at the near one, and a process without system calls. */
#pragma once

#include "drivers/rx_ring.h"
#include "drivers/tx_ring.h"
#include "tests/drivers/lab.h"

#define FRAMES 1000u

/* A ring for EtherType 0x88b5 on far:end0. The process is in `near` afterwards. */
struct rx_ring *ring_listen_far(struct lab *lab, const struct rx_ring_config *config);
struct tx_ring *ring_send_near(struct lab *lab, const struct tx_ring_config *config);
/* Until every slot is free again. */
void ring_flush(struct tx_ring *ring);
/* Sends frames numbered from `first` on, through as many rounds as the ring needs. */
void ring_send_frames(struct lab *lab, struct tx_ring *ring, uint32_t first, uint32_t count);
/* Reads until `count` frames are there, which must be numbered from `first` on. Returns how often it waited. */
unsigned ring_expect_frames(struct rx_ring *ring, uint32_t first, uint32_t count);
/* Looks at the status words through a mapping of its own, until `count` frames lie in blocks that were handed over. */
void ring_wait_until_handed_over(const struct rx_ring *ring, const struct ring_geometry *geometry, uint32_t count);

/* From here on this process may write and exit, and dies of any other system call (SIGSYS). */
void ring_forbid_system_calls(void);
/* Ends a process that may do nothing else. _exit() itself will not do: LeakSanitizer looks for leaks there. */
void ring_leave(int status);
