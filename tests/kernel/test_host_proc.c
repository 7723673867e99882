/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labs where /proc cannot be mounted: containers cover parts of theirs, and nobody may uncover them (mount_namespaces(7)). */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/kernel/netns.h"
#include "lab/kernel/sandbox.h"
#include "tests/kernel/isolate.h"

static void write_map(const char *path, unsigned id)
{
	char map[32];
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	snprintf(map, sizeof(map), "0 %u 1", id);
	CHECK(fd >= 0 && write(fd, map, strlen(map)) > 0, "%s: %s", path, strerror(errno));
	close(fd);
}

static void enter_user_namespace(int flags)
{
	unsigned uid = geteuid(), gid = getegid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | flags) < 0)
		SKIP("this machine refuses user namespaces: %s", strerror(errno));
	int fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0 && write(fd, "deny", 4) == 4, "setgroups: %s", strerror(errno));
	close(fd);
	write_map("/proc/self/gid_map", gid);
	write_map("/proc/self/uid_map", uid);
}

/* What a container's programs are given: a /proc of their PID namespace with a part of it covered. */
static void enter_container(void)
{
	int status;

	enter_user_namespace(CLONE_NEWPID);
	pid_t pid = fork();
	CHECK(pid >= 0, "fork: %s", strerror(errno));
	if (pid > 0) {
		CHECK(waitpid(pid, &status, 0) == pid, "waitpid: %s", strerror(errno));
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("proc", "/proc", "proc", 0, NULL) < 0)
		SKIP("this machine refuses mounts: %s", strerror(errno));
	CHECK(mount("tmpfs", "/proc/bus", "tmpfs", 0, NULL) == 0, "cannot cover /proc/bus: %s", strerror(errno));
	/* Process 2: in the container's /proc it has the number that the first process of a lab has in its own. */
	CHECK(fork() != 0 || pause(), "unreachable");
	enter_user_namespace(0); /* from here on the cover cannot be lifted */
}

static void write_outside_and_in(void)
{
	static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
	static const char *const argv[] = {"sh", "-c", "ls -A /tmp >&2; touch /tmp/from-inside; ! touch /etc/from-inside 2>/dev/null", NULL};
	char output[256] = "";
	struct program program = {.argv = argv, .env = env, .stdin_fd = -1, .stdout_fd = -1, .hostname = "inside", .view_fd = -1};
	struct err err = {0};
	int fds[2], pidfd, status;
	pid_t pid;

	CHECK(chdir("/") == 0 && pipe2(fds, O_CLOEXEC) == 0, "%s", strerror(errno));
	CHECK_OK(netns_create(&program.netns, &err));
	CHECK_OK(program_view(&program, &program.view_fd, &err));
	program.stderr_fd = fds[1];
	CHECK_OK(program_spawn(&program, &pid, &pidfd, &err));
	close(fds[1]);
	CHECK(read(fds[0], output, sizeof(output) - 1) == 0, "its /tmp is not empty: it holds '%s'", output);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0, "status %x", (unsigned)status);
	CHECK(access("/tmp/from-inside", F_OK) < 0, "what it wrote shows outside");
}

FORKED(host_proc, a_program_sees_its_own_files_where_proc_shows_other_processes)
{
	struct sandbox sandbox;
	struct err err = {0};
	int status;

	enter_container();
	/* A /tmp of the container's own: what goes wrong here must not reach the host's. */
	CHECK(mount("tmpfs", "/tmp", "tmpfs", 0, NULL) == 0 && close(open("/tmp/of-the-container", O_CREAT | O_WRONLY, 0600)) == 0, "%s",
	      strerror(errno));
	int r = sandbox_fork(&sandbox, &err);
	CHECK(r >= 0, "%s", err.text);
	if (r == 1) {
		r = sandbox_setup(&err);
		CHECK(r == SANDBOX_HOST_PROC, "sandbox_setup() gave %d: /proc could be mounted all the same", r);
		write_outside_and_in();
		_exit(0);
	}
	CHECK(waitpid(sandbox.pid, &status, 0) == sandbox.pid, "waitpid: %s", strerror(errno));
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
