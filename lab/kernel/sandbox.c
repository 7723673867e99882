/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A runner's own world: PID, mount, IPC and UTS namespaces, and a user namespace where it needs one. */
#include "lab/kernel/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lab/base/mem.h"
#include "lab/base/text.h"
#include "lab/kernel/child.h"

/*
 * Theory of operation
 *
 * PR_SET_PDEATHSIG acts on deaths that come after it was set, and in a new PID
 * namespace getppid() cannot tell whether the parent lives. So the child sets
 * it, then tells the parent through a socket; if nobody hears, the parent died
 * before, and the child goes. The parent returns from sandbox_fork() only after
 * it heard, so either it saw the child under its wing or the child is gone.
 *
 * The user map is written by the child before that: only here are the ids of
 * the outer namespace known.
 *
 * clone(2) is called raw: fork(2) takes no flags, and clone3(2) is ENOSYS under
 * Docker's seccomp profile. The C library's fork handlers do not run; the
 * caller has one thread, and the child touches nothing that they would mend.
 */
static bool has_cap_sys_admin(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	return syscall(SYS_capget, &header, data) == 0 && (data[0].effective & (1u << CAP_SYS_ADMIN));
}

static int read_number(const char *path)
{
	char digits[32] = "";
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t value;

	if (fd < 0 || read(fd, digits, sizeof(digits) - 1) < 1)
		return -1;
	digits[strcspn(digits, "\n")] = '\0';
	return str_to_u64(digits, &value) < 0 || value > INT32_MAX ? -1 : (int)value;
}

/* What to change where the host refuses user namespaces; NULL where nothing is known. */
static const char *user_namespace_advice(void)
{
	static const struct {
		const char *path;
		int refuses;
		const char *advice;
	} switches[] = {
		{"/proc/sys/kernel/unprivileged_userns_clone", 0, "allow it with: sysctl kernel.unprivileged_userns_clone=1"},
		{"/proc/sys/user/max_user_namespaces", 0, "allow it with: sysctl user.max_user_namespaces=10000"},
		{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1,
		 "allow it with: sysctl kernel.apparmor_restrict_unprivileged_userns=0"},
	};

	for (size_t i = 0; i < COUNT_OF(switches); i++)
		if (read_number(switches[i].path) == switches[i].refuses)
			return switches[i].advice;
	return NULL;
}

static int refuse(const char *what, int code, struct err *err)
{
	const char *advice = user_namespace_advice();

	err_errno(err, code, "%s", what);
	if (code != -EPERM && code != -EACCES && code != -ENOSPC && code != -EUSERS)
		return code;
	if (!advice)
		advice = "in a container allow it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined, or run as root";
	return err_set(err, code, "%s: %s: %s", what, strerror(-code), advice);
}

static int write_file(const char *path, const char *content, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return refuse(path, -errno, err);
	if (write(fd, content, strlen(content)) < 0)
		return refuse(path, -errno, err);
	return 0;
}

/* Makes the outer user uid 0 of the new namespace (user_namespaces(7)). */
static int map_user(uid_t uid, gid_t gid, struct err *err)
{
	char map[64];
	int r = write_file("/proc/self/setgroups", "deny", err);

	if (r < 0 && r != -ENOENT)
		return r;
	snprintf(map, sizeof(map), "0 %u 1\n", gid);
	r = write_file("/proc/self/gid_map", map, err);
	if (r < 0)
		return r;
	snprintf(map, sizeof(map), "0 %u 1\n", uid);
	return write_file("/proc/self/uid_map", map, err);
}

/* The child's first steps; returns only where the parent has heard that all is well. */
static void begin_child(int channel, bool user, uid_t uid, gid_t gid)
{
	struct err err = {0};
	int r = 0;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		r = err_errno(&err, -errno, "cannot ask to be killed with the parent");
	if (r >= 0 && user)
		r = map_user(uid, gid, &err);
	if (child_tell(channel, r, &err) < 0 || r < 0)
		_exit(1);
	close(channel);
}

int sandbox_fork(struct sandbox *ret, struct err *err)
{
	bool user = geteuid() != 0 || !has_cap_sys_admin();
	unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | (user ? CLONE_NEWUSER : 0) | CLONE_PIDFD | SIGCHLD;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int channel[2], pidfd = -1, r;

	r = child_channel(channel, err);
	if (r < 0)
		return r;
	/* The order of clone(2)'s last two arguments differs between machines; both are unused. */
	long pid = syscall(SYS_clone, flags, NULL, &pidfd, NULL, NULL);
	if (pid == 0) {
		close(channel[0]);
		begin_child(channel[1], user, uid, gid);
		return 1;
	}
	close(channel[1]);
	if (pid < 0)
		r = refuse("cannot make the namespaces of a lab", -errno, err);
	else
		r = child_hear(channel[0], err);
	close(channel[0]);
	if (r < 0) {
		if (pid > 0) {
			waitpid((pid_t)pid, NULL, 0);
			close(pidfd);
		}
		return r;
	}
	*ret = (struct sandbox){.pid = (pid_t)pid, .pidfd = pidfd};
	return 0;
}

/*
 * In a chroot, "/" may be no mount point, and what is none cannot be made private (EINVAL, mount(2)). And it is not the root of
 * the mount namespace: whoever enters that with setns(2) leaves the chroot, as programs in nodes would. So we do it first, in
 * our own copy of the mounts: make all of them private, and put the chroot's directory on top, where it is the root for good.
 */
static int make_root_a_mount(void)
{
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	char cwd[PATH_MAX], path[PATH_MAX];
	bool known = getcwd(cwd, sizeof(cwd)) != NULL;

	if (root < 0 || mounts < 0 || setns(mounts, CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	/* After the bind, the directory's path leads onto the new mount, while we still stand below it. */
	if (fchdir(root) < 0 || mount(".", ".", NULL, MS_BIND | MS_REC, NULL) < 0 || !getcwd(path, sizeof(path)) || chdir(path) < 0)
		return -errno;
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
		return -errno;
	if ((!known || chdir(cwd) < 0) && chdir("/") < 0)
		return -errno;
	return 0;
}

int sandbox_private_mounts(struct err *err)
{
	int r = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;

	if (r == -EINVAL)
		r = make_root_a_mount();
	return r < 0 ? err_errno(err, r, "cannot make the mounts private") : 0;
}

int sandbox_setup(struct err *err)
{
	struct err inner = {0};
	int r = sandbox_private_mounts(&inner);

	if (r == -EPERM || r == -EACCES)
		return SANDBOX_HOST_PROC;
	if (r < 0)
		return err_set(err, r, "%s", inner.text);
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) {
		/* A container hides parts of /proc, and the kernel lets nobody uncover them. The old one serves our own needs. */
		if (errno != EPERM && errno != EACCES)
			return err_errno(err, -errno, "cannot mount /proc");
		return SANDBOX_HOST_PROC;
	}
	return SANDBOX_READY;
}
