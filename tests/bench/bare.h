/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The measure of things: what a lab costs in plain C, with nothing of nslab's. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/*
 * Pairs of nodes, each pair a wire: the namespaces, sockets, sysctls and
 * requests that nslab makes for the same lab, in the same batches, written down
 * by hand for this one shape. What nslab takes longer is its own work. Any
 * failure ends the process with a message: this is a measure, not a library.
 */
struct bare_lab {
	int nodes;
	int *netns;  /* descriptors */
	int *socket; /* rtnetlink, one a node */
};

void bare_build(int nodes, struct bare_lab *ret);
/* Opens a UDP socket in each of the first two nodes, sends from one to the other and waits for it. */
void bare_first_packet(const int *netns);
void bare_close(struct bare_lab *lab);

#define BARE_LEFT "192.0.2.1"
#define BARE_RIGHT "192.0.2.2"

/*
 * The same as a case of one packet: a process in PID, mount, IPC and UTS namespaces of its own (and a user namespace, where not
 * root) with /proc, a lab of two nodes, a packet socket at each end, one datagram sent and seen at the other end. Returns the
 * time until the verdict is known here, in ns. The process may still be closing its sockets: wait for it (waitpid(2)).
 */
int64_t bare_case(pid_t *ret_pid);
/* Maps the outer user to uid 0 of the user namespace that the process is in. */
void bare_map_user(uid_t uid, gid_t gid);
