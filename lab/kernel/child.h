/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside lab/kernel: how a child process tells its parent what went wrong before it became what it should. */
#pragma once

#include "lab/base/err.h"

/* A pair of connected sockets, [0] the parent's, [1] the child's, both CLOEXEC: an execve(2) that succeeds reads as an end. */
int child_channel(int ret_fds[2], struct err *err);
/* Child: tells `code` (0: all is well) and the message. Returns whether the parent was still there to hear it. */
int child_tell(int fd, int code, const struct err *err);
/* Parent: waits for what the child tells. 0 also where the child closed its end in silence: by execve(2), or by its death. */
int child_hear(int fd, struct err *err);
/* Hands a descriptor over, behind a child_tell() of 0. 0 or a negative errno. */
int child_give(int channel, int fd);
/* Parent: takes it, as a new descriptor (CLOEXEC). Negative also where the child ended without. */
int child_take(int channel, int *ret_fd, struct err *err);
