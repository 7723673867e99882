/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network namespaces, held by file descriptor (network_namespaces(7)). */
#pragma once

#include "lab/base/err.h"

/*
 * A namespace lives as long as a descriptor, a process or a socket holds it.
 * The calling thread moves between namespaces; a socket stays where it was made.
 */

/* Makes a new namespace and returns a descriptor that holds it (CLOEXEC). The calling thread is inside it afterwards. */
int netns_create(int *ret_fd, struct err *err);
/* Moves the calling thread: setns(2). */
int netns_enter(int fd, struct err *err);
/* A descriptor of the namespace the calling thread is in. */
int netns_current(int *ret_fd, struct err *err);
