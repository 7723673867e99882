/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offloads of an interface (ethtool(8), SIOCETHTOOL). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lab/base/err.h"

/* Turns transmit checksum, scatter-gather, every segmentation offload and GRO of the interface off or on, in the calling thread's namespace. */
int ethtool_set_offloads(const char *interface, bool on, struct err *err);

/* The same for many interfaces: which bits these are is the same for all of one kernel and asked once. */
#define ETHTOOL_FEATURES_MAX 256 /* Linux 6.18 has 64 */
struct ethtool_offloads {
	uint32_t blocks;
	uint32_t mask[ETHTOOL_FEATURES_MAX / 32];
};
/* `socket_fd`: any socket in the interface's namespace. */
int ethtool_find_offloads(int socket_fd, const char *interface, struct ethtool_offloads *ret, struct err *err);
int ethtool_set_found(int socket_fd, const char *interface, const struct ethtool_offloads *offload_bits, bool on, struct err *err);
