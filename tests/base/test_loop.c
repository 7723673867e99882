/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lab/base/clock.h"
#include "lab/base/loop.h"
#include "lab/base/mem.h"

struct seen {
	char order[16];
	size_t count;
	int fd;
	struct loop *loop;
	struct loop_source *other;
};

static bool two_seen(void *data)
{
	return ((struct seen *)data)->count >= 2;
}

static int on_timer_a(void *data, struct err *err)
{
	struct seen *seen = data;

	(void)err;
	seen->order[seen->count++] = 'a';
	return 0;
}

static int on_timer_b(void *data, struct err *err)
{
	struct seen *seen = data;

	(void)err;
	seen->order[seen->count++] = 'b';
	return 0;
}

static int on_read(void *data, uint32_t events, struct err *err)
{
	struct seen *seen = data;
	char byte;

	(void)err;
	cr_assert(events & EPOLLIN);
	cr_assert_eq(read(seen->fd, &byte, 1), 1);
	seen->order[seen->count++] = byte;
	loop_remove(seen->other);
	seen->other = NULL;
	return 0;
}

static int on_failure(void *data, struct err *err)
{
	(void)data;
	return err_set(err, -ECANCELED, "enough");
}

Test(loop, timers_fire_in_order_of_their_deadlines)
{
	struct seen seen = {0};
	struct loop *loop = NULL;
	int64_t now = clock_now();

	cr_assert_eq(loop_new(&loop, NULL), 0);
	loop_add_timer(loop, now + 4 * NS_PER_MS, on_timer_b, &seen);
	loop_add_timer(loop, now + 2 * NS_PER_MS, on_timer_a, &seen);
	cr_assert_eq(loop_run(loop, two_seen, &seen, now + NS_PER_S, NULL), 0);
	cr_assert_str_eq(seen.order, "ab");
	cr_assert_geq(clock_now(), now + 4 * NS_PER_MS, "no timer fires early");
	loop_free(loop);
}

Test(loop, a_deadline_is_an_outcome_of_its_own)
{
	struct seen seen = {0};
	struct loop *loop = NULL;

	cr_assert_eq(loop_new(&loop, NULL), 0);
	cr_assert_eq(loop_run(loop, two_seen, &seen, clock_now() + NS_PER_MS, NULL), 1);
	loop_free(loop);
}

Test(loop, a_source_removed_by_another_is_not_called_any_more)
{
	struct seen seen = {0};
	struct loop *loop = NULL;
	int one[2], two[2];
	struct loop_source *source = NULL;

	cr_assert_eq(pipe(one), 0);
	cr_assert_eq(pipe(two), 0);
	cr_assert_eq(loop_new(&loop, NULL), 0);
	seen.fd = one[0];
	cr_assert_eq(loop_add_fd(loop, one[0], EPOLLIN, on_read, &seen, &source, NULL), 0);
	cr_assert_eq(loop_add_fd(loop, two[0], EPOLLIN, on_read, &seen, &seen.other, NULL), 0);
	cr_assert_eq(write(one[1], "1", 1), 1);
	cr_assert_eq(write(two[1], "2", 1), 1);
	cr_assert_eq(loop_poll(loop, NULL), 0);
	cr_assert_eq(loop_poll(loop, NULL), 0);
	cr_assert_eq(seen.count, 1, "both were ready, the first took the second out");
	loop_free(loop);
}

Test(loop, a_callbacks_error_ends_the_run)
{
	struct loop *loop = NULL;
	struct err err = {0};

	cr_assert_eq(loop_new(&loop, NULL), 0);
	loop_add_timer(loop, clock_now(), on_failure, NULL);
	cr_assert_eq(loop_run(loop, NULL, NULL, CLOCK_NEVER, &err), -ECANCELED);
	cr_assert_str_eq(err.text, "enough");
	loop_free(loop);
}
