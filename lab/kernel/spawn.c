/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts a program in a node. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lab/base/mem.h"
#include "lab/base/text.h"
#include "lab/kernel/child.h"
#include "lab/kernel/netns.h"
#include "lab/kernel/sandbox.h"
#include "lab/kernel/view.h"

/*
 * Theory of operation
 *
 * The child moves into the node (mounts, network, host name), arranges its
 * descriptors, forgets the runner's signals and limits, and executes. Its
 * channel to the parent is closed by a successful execve(2); before that it
 * carries the message of what failed.
 */
static int enter_node(const struct program *program, struct err *err)
{
	char here[PATH_MAX];
	const char *cwd = program->cwd ? program->cwd : getcwd(here, sizeof(here));
	int r;

	if (program->view_fd < 0)
		r = view_make(program, err);
	else if (setns(program->view_fd, CLONE_NEWNS) < 0)
		r = err_errno(err, -errno, "cannot enter the file system of the node");
	else
		r = netns_enter(program->netns, err);
	if (r < 0)
		return r;
	if (program->hostname && (unshare(CLONE_NEWUTS) < 0 || sethostname(program->hostname, strlen(program->hostname)) < 0))
		return err_errno(err, -errno, "cannot set the host name to %s", program->hostname);
	/* setns(2) left us in the root directory. */
	if (program->cwd && chdir(cwd) < 0)
		return err_errno(err, -errno, "cannot change to directory %s", cwd);
	if (!program->cwd && (!cwd || chdir(cwd) < 0) && chdir("/") < 0)
		return err_errno(err, -errno, "cannot change to the root directory");
	return 0;
}

/* Places the three standard descriptors; every other one is closed by execve(2). */
static int arrange_descriptors(const struct program *program, struct err *err)
{
	int from[3] = {program->stdin_fd, program->stdout_fd, program->stderr_fd};
	int copies[3];

	for (int i = 0; i < 3; i++) { /* above the three, so that placing one does not run over the next */
		int fd = from[i] >= 0 ? from[i] : open("/dev/null", O_RDWR | O_CLOEXEC);

		copies[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (copies[i] < 0)
			return err_errno(err, -errno, "cannot arrange descriptor %d", i);
	}
	for (int i = 0; i < 3; i++)
		if (dup2(copies[i], i) < 0)
			return err_errno(err, -errno, "cannot arrange descriptor %d", i);
	syscall(SYS_close_range, 3, ~0u, 1 << 2 /* CLOSE_RANGE_CLOEXEC */);
	return 0;
}

static void forget_runner(void)
{
	struct rlimit files;
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* The runner may have raised it; programs that use select(2) want the usual one. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > 1024) {
		files.rlim_cur = 1024;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static const char *find_variable(const char *const *env, const char *name)
{
	size_t length = strlen(name);

	for (; env && *env; env++)
		if (strncmp(*env, name, length) == 0 && (*env)[length] == '=')
			return *env + length + 1;
	return NULL;
}

static void exec_at(const char *path, const struct program *program)
{
	execve(path, (char *const *)(uintptr_t)program->argv, (char *const *)(uintptr_t)program->env);
}

/* execvpe(3) would look in our PATH, not in the program's. Returns what failed. */
static int execute(const struct program *program, struct err *err)
{
	const char *name = program->argv[0], *path = find_variable(program->env, "PATH");
	int code = -ENOENT;

	if (!path)
		path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	if (strchr(name, '/')) {
		exec_at(name, program);
		return err_errno(err, -errno, "cannot run %s", name);
	}
	for (const char *at = path, *end; *name && at; at = *end ? end + 1 : NULL) {
		char candidate[PATH_MAX];

		end = at + strcspn(at, ":");
		if (snprintf(candidate, sizeof(candidate), "%.*s%s%s", (int)(end - at), at, end == at ? "" : "/", name) >= (int)sizeof(candidate))
			continue;
		exec_at(candidate, program);
		int failed = errno;
		/* A directory of PATH that we may not search does not hide that the program is nowhere. */
		if (failed != ENOENT && failed != ENOTDIR && access(candidate, F_OK) == 0)
			code = -failed;
	}
	if (code == -ENOENT)
		return err_set(err, code, "cannot run '%s': no such program in PATH (%s)", name, path);
	return err_errno(err, code, "cannot run '%s'", name);
}

static __attribute__((noreturn)) void become(const struct program *program, int channel)
{
	struct err err = {0};
	int r = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	r = enter_node(program, &err);
	if (r >= 0)
		r = arrange_descriptors(program, &err);
	if (r >= 0 && program->terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 1) < 0)
		r = err_errno(&err, -errno, "cannot make stdin the controlling terminal");
	if (r >= 0) {
		forget_runner();
		r = execute(program, &err);
	}
	child_tell(channel, r, &err);
	_exit(127);
}

int program_spawn(const struct program *program, pid_t *ret_pid, int *ret_pidfd, struct err *err)
{
	int channel[2], pidfd = -1, r;
	pid_t pid;

	r = child_channel(channel, err);
	if (r < 0)
		return r;
	if (channel[1] < 3) { /* descriptors 0 to 2 are about to be replaced */
		int moved = fcntl(channel[1], F_DUPFD_CLOEXEC, 3);

		close(channel[1]);
		channel[1] = moved;
	}
	pid = fork();
	if (pid == 0)
		become(program, channel[1]);
	close(channel[1]);
	if (pid < 0) {
		r = err_errno(err, -errno, "cannot make a process");
	} else {
		r = child_hear(channel[0], err);
		pidfd = (int)syscall(SYS_pidfd_open, pid, 0); /* ours until we wait for it: the number cannot be another's */
		if (r >= 0 && pidfd < 0)
			r = err_errno(err, -errno, "cannot watch process %d", (int)pid);
	}
	close(channel[0]);
	if (r < 0) {
		if (pid > 0) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		if (pidfd >= 0)
			close(pidfd);
		return r;
	}
	*ret_pid = pid;
	*ret_pidfd = pidfd;
	return 0;
}
