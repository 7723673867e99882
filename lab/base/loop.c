/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop: file descriptors and timers, one thread. */
#include "lab/base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <time.h>

#include "lab/base/clock.h"
#include "lab/base/mem.h"

/*
 * Theory: descriptors sit in one epoll set, timers in a sorted list (a lab has
 * few). A removed source may still stand in the batch of events that is being
 * dispatched, so it is only marked dead and freed between batches. An epoll set
 * knows a descriptor once only: who watches one that is watched already gets a
 * duplicate of it.
 */
struct loop_source {
	struct loop *loop;
	struct loop_source *next; /* in loop->timers or loop->fds or loop->dead */
	int fd;                   /* -1: a timer */
	bool own;                 /* a duplicate of what the caller gave */
	bool dead;
	int64_t deadline;
	loop_fd_fn fd_fn;
	loop_timer_fn timer_fn;
	void *data;
};

struct loop {
	int epoll;
	struct loop_source *fds;
	struct loop_source *timers; /* by deadline; equal ones in the order they were added */
	struct loop_source *dead;
};

int loop_new(struct loop **ret, struct err *err)
{
	struct loop *loop = mem_new(struct loop);

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		int code = -errno;

		free(loop);
		return err_errno(err, code, "cannot create an epoll set");
	}
	*ret = loop;
	return 0;
}

static void free_list(struct loop_source *source)
{
	while (source) {
		struct loop_source *next = source->next;

		if (source->own && !source->dead)
			close(source->fd);
		free(source);
		source = next;
	}
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	free_list(loop->fds);
	free_list(loop->timers);
	free_list(loop->dead);
	close(loop->epoll);
	free(loop);
}

int loop_add_fd(struct loop *loop, int fd, uint32_t events, loop_fd_fn fn, void *data, struct loop_source **ret,
		struct err *err)
{
	struct loop_source *source = mem_new(struct loop_source);
	struct epoll_event event = {.events = events, .data.ptr = source};

	*source = (struct loop_source){.loop = loop, .fd = fd, .fd_fn = fn, .data = data};
	int r = epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
	if (r < 0 && errno == EEXIST) {
		source->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		source->own = source->fd >= 0;
		r = source->own ? epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) : -1;
	}
	if (r < 0) {
		int code = -errno;

		if (source->own)
			close(source->fd);
		free(source);
		return err_errno(err, code, "cannot watch descriptor %d", fd);
	}
	source->next = loop->fds;
	loop->fds = source;
	if (ret)
		*ret = source;
	return 0;
}

int loop_change_fd(struct loop_source *source, uint32_t events, struct err *err)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	if (epoll_ctl(source->loop->epoll, EPOLL_CTL_MOD, source->fd, &event) < 0)
		return err_errno(err, -errno, "cannot change the watch of descriptor %d", source->fd);
	return 0;
}

struct loop_source *loop_add_timer(struct loop *loop, int64_t deadline, loop_timer_fn fn, void *data)
{
	struct loop_source *source = mem_new(struct loop_source);
	struct loop_source **at = &loop->timers;

	*source = (struct loop_source){.loop = loop, .fd = -1, .deadline = deadline, .timer_fn = fn, .data = data};
	while (*at && (*at)->deadline <= deadline)
		at = &(*at)->next;
	source->next = *at;
	*at = source;
	return source;
}

void loop_remove(struct loop_source *source)
{
	if (!source || source->dead)
		return;

	struct loop_source **at = source->fd >= 0 ? &source->loop->fds : &source->loop->timers;
	while (*at && *at != source)
		at = &(*at)->next;
	if (*at)
		*at = source->next;
	if (source->fd >= 0)
		epoll_ctl(source->loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	if (source->own)
		close(source->fd);
	source->dead = true;
	source->next = source->loop->dead;
	source->loop->dead = source;
}

static int wait_events(struct loop *loop, struct epoll_event *events, int room, int64_t until)
{
	int64_t left = until == CLOCK_NEVER ? CLOCK_NEVER : until - clock_now();
	struct timespec span;

	if (left < 0)
		left = 0;
	span.tv_sec = left / NS_PER_S;
	span.tv_nsec = left % NS_PER_S;
	int n = epoll_pwait2(loop->epoll, events, room, until == CLOCK_NEVER ? NULL : &span, NULL);
	if (n < 0 && errno == ENOSYS) { /* before Linux 5.11: milliseconds, rounded up */
		int64_t ms = left / NS_PER_MS + (left % NS_PER_MS != 0);

		n = epoll_wait(loop->epoll, events, room, until == CLOCK_NEVER ? -1 : ms > INT32_MAX ? INT32_MAX : (int)ms);
	}
	return n < 0 && errno == EINTR ? 0 : n;
}

static int dispatch(struct loop *loop, int64_t until, struct err *err)
{
	struct epoll_event events[64];
	int r = 0;

	if (loop->timers && loop->timers->deadline < until)
		until = loop->timers->deadline;
	int n = wait_events(loop, events, (int)COUNT_OF(events), until);
	if (n < 0)
		return err_errno(err, -errno, "cannot wait for events");
	for (int i = 0; i < n && r >= 0; i++) {
		struct loop_source *source = events[i].data.ptr;

		if (!source->dead)
			r = source->fd_fn(source->data, events[i].events, err);
	}
	int64_t now = clock_now();
	while (r >= 0 && loop->timers && loop->timers->deadline <= now) {
		struct loop_source *source = loop->timers;

		loop_remove(source);
		r = source->timer_fn(source->data, err);
	}
	free_list(loop->dead);
	loop->dead = NULL;
	return r < 0 ? r : 0;
}

int loop_run(struct loop *loop, loop_done_fn done, void *data, int64_t deadline, struct err *err)
{
	while (!done || !done(data)) {
		if (deadline != CLOCK_NEVER && clock_now() >= deadline)
			return 1;
		int r = dispatch(loop, deadline, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int loop_poll(struct loop *loop, struct err *err)
{
	return dispatch(loop, 0, err);
}
