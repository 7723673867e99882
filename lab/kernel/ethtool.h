/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offloads of an interface (ethtool(8), SIOCETHTOOL). */
#pragma once

#include <stdbool.h>

#include "lab/base/err.h"

/* Turns transmit checksum, scatter-gather, TSO, UFO, GSO, GRO of the interface off or on, in the calling thread's namespace. */
int ethtool_set_offloads(const char *interface, bool on, struct err *err);
/* As ethtool_set_offloads(), in the namespace of any socket that the caller has there. */
int ethtool_set_offloads_at(int socket_fd, const char *interface, bool on, struct err *err);
