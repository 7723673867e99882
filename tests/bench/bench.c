/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the benchmarks share: a world of their own, and quartiles. */
#include "tests/bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab/base/clock.h"
#include "tests/bench/bare.h"

void bench_die(const char *what)
{
	fprintf(stderr, "benchmark: %s: %s\n", what, strerror(errno));
	_exit(2);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		bench_die(path);
	close(fd);
}

void bench_enter_world(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		bench_die("cannot make a user namespace");
	bare_map_user(uid, gid);
}

#define SETTLE_MAX (60 * NS_PER_S)

static void allow_namespaces(const char *count)
{
	write_file("/proc/sys/user/max_net_namespaces", count);
}

void bench_settle(void)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	int64_t deadline = clock_now() + SETTLE_MAX;
	int status;

	allow_namespaces("1");
	do {
		nanosleep(&pause, NULL);
		pid_t pid = fork();

		if (pid == 0)
			_exit(unshare(CLONE_NEWNET) < 0);
		waitpid(pid, &status, 0);
		if (status && clock_now() > deadline) {
			errno = ETIMEDOUT;
			bench_die("network namespaces are left behind");
		}
	} while (status);
	nanosleep(&pause, NULL);
	allow_namespaces("100000");
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

double bench_quartile(int64_t *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), ascending);
	return (double)values[count / 4];
}
