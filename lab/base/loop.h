/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop: file descriptors and timers, one thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lab/base/err.h"

struct loop;
struct loop_source; /* a descriptor or a timer under watch; owned by the loop */

/* `events` is a mask of EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP… (epoll_ctl(2)). Negative ends loop_run(). */
typedef int (*loop_fd_fn)(void *data, uint32_t events, struct err *err);
typedef int (*loop_timer_fn)(void *data, struct err *err);
typedef bool (*loop_done_fn)(void *data);

int loop_new(struct loop **ret, struct err *err);
void loop_free(struct loop *loop);

/* Watches `fd`, which stays the caller's: remove the source before closing it. Several may watch one descriptor. */
int loop_add_fd(struct loop *loop, int fd, uint32_t events, loop_fd_fn fn, void *data, struct loop_source **ret,
		struct err *err);
int loop_change_fd(struct loop_source *source, uint32_t events, struct err *err);

/* Calls `fn` once, at `deadline` (clock_now() nanoseconds) or as soon after as may be; the source is gone when it is called. */
struct loop_source *loop_add_timer(struct loop *loop, int64_t deadline, loop_timer_fn fn, void *data);

/* Stops watching. Safe inside callbacks; NULL is allowed. */
void loop_remove(struct loop_source *source);

/*
 * Dispatches until `done(data)` says so (asked before each wait), or `deadline`.
 * 0 done, 1 deadline reached first, negative a callback's or epoll's error.
 */
int loop_run(struct loop *loop, loop_done_fn done, void *data, int64_t deadline, struct err *err);

/* Dispatches what is ready now, without waiting. 0, or a callback's error. */
int loop_poll(struct loop *loop, struct err *err);
