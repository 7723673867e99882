/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets of a network namespace (sock_diag(7)), in ss(8)'s words. */
#pragma once

#include "lab/base/err.h"
#include "lab/base/mem.h"
#include "lab/kernel/rtnl.h"

/*
 * TCP and UDP sockets of the calling thread's namespace, both families; records
 * live in `arena`. Words: netid (tcp, udp), state (LISTEN, ESTAB, UNCONN…),
 * local, local_port, peer, peer_port.
 */
int sockdiag_read(struct arena *arena, struct rtnl_record **ret, size_t *ret_count, struct err *err);
