/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside features: the way into namespaces, step by step. */
#include "lab/run/feature_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/base/mem.h"
#include "lab/base/text.h"
#include "lab/kernel/sandbox.h"
#include "lab/kernel/sysctl.h"
#include "lab/packet/filter.h"

static int write_file(const char *path, const char *content)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, content, strlen(content)) < 0 ? -errno : 0;
}

/* The first number in a file; -1 where there is none. */
static long read_number(const char *path)
{
	long value = -1;
	FILE *file = fopen(path, "re");

	if (file && fscanf(file, "%ld", &value) != 1)
		value = -1;
	if (file)
		fclose(file);
	return value;
}

static bool is_filtered(void)
{
	char line[128];
	bool filtered = false;
	FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(line, sizeof(line), file))
		filtered |= strncmp(line, "Seccomp:\t2", 10) == 0;
	if (file)
		fclose(file);
	return filtered;
}

const char *feature_userns_remedy(void)
{
	if (read_number("/proc/sys/user/max_user_namespaces") == 0)
		return "as root: sysctl -w user.max_user_namespaces=10000";
	if (read_number("/proc/sys/user/max_net_namespaces") == 0)
		return "as root: sysctl -w user.max_net_namespaces=10000";
	if (read_number("/proc/sys/user/max_pid_namespaces") == 0 || read_number("/proc/sys/user/max_mnt_namespaces") == 0)
		return "as root: sysctl -w user.max_pid_namespaces=10000 user.max_mnt_namespaces=10000";
	if (read_number("/proc/sys/kernel/unprivileged_userns_clone") == 0)
		return "as root: sysctl -w kernel.unprivileged_userns_clone=1";
	if (read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
		return "as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for nslab with 'userns,'";
	if (is_filtered())
		return "a seccomp filter stands in the way: start the container with --security-opt seccomp=unconfined, or with --privileged";
	return "run as root, or allow user namespaces on this host";
}

static int map_user(uid_t uid, gid_t gid, struct err *err)
{
	char map[64];

	/* Without this, an ordinary user may not write a group map (user_namespaces(7)). */
	int r = write_file("/proc/self/setgroups", "deny");
	if (r < 0 && r != -ENOENT)
		return err_errno(err, r, "cannot write setgroups");
	snprintf(map, sizeof(map), "0 %u 1\n", uid);
	r = write_file("/proc/self/uid_map", map);
	if (r < 0)
		return err_errno(err, r, "the user namespace was made, but its uid_map cannot be written");
	snprintf(map, sizeof(map), "0 %u 1\n", gid);
	r = write_file("/proc/self/gid_map", map);
	if (r < 0)
		return err_errno(err, r, "the user namespace was made, but its gid_map cannot be written");
	return 0;
}

static int refuse(int code, const char *what, struct err *err)
{
	if (code == -ENOSPC)
		return err_set(err, code, "%s: a limit on the number of namespaces is reached (namespaces(7))", what);
	return err_errno(err, code, "%s", what);
}

int feature_enter(int flags, struct err *err)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (flags && unshare(flags) == 0)
		return 0;
	if (flags && errno != EPERM)
		return refuse(-errno, "cannot make namespaces, unshare(2)", err);
	if (unshare(CLONE_NEWUSER) < 0)
		return refuse(-errno, "cannot make a user namespace, unshare(2)", err);
	int r = map_user(uid, gid, err);
	if (r < 0)
		return r;
	if (flags && unshare(flags) < 0)
		return refuse(-errno, "cannot make namespaces, not even in a user namespace, unshare(2)", err);
	return 0;
}

int feature_try_userns(struct err *note)
{
	return feature_enter(0, note);
}

int feature_try_netns(struct err *note)
{
	return feature_enter(CLONE_NEWNET, note);
}

/* A child of ours is the first process there. */
static int be_first(struct err *note, int (*body)(struct err *note))
{
	int pipe_fd[2];
	int r = feature_enter(CLONE_NEWPID | CLONE_NEWNS, note);

	if (r < 0)
		return r;
	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return err_errno(note, -errno, "pipe2(2)");
	pid_t pid = fork();
	if (pid < 0) {
		r = err_errno(note, -errno, "cannot start a process in a PID namespace");
	} else if (pid == 0) {
		struct err inner = {0};

		if (getpid() != 1)
			err_set(&inner, -EPROTO, "the first process of a PID namespace has number %d", (int)getpid());
		else
			body(&inner);
		_exit(write(pipe_fd[1], &inner, sizeof(inner)) == (ssize_t)sizeof(inner) ? 0 : 1);
	}
	close(pipe_fd[1]);
	if (pid > 0) {
		struct err inner = {0};
		ssize_t got = read(pipe_fd[0], &inner, sizeof(inner));

		if (got != (ssize_t)sizeof(inner))
			r = err_set(note, -EIO, "the first process of a PID namespace died");
		else if (inner.code < 0)
			r = err_set(note, inner.code, "%s", inner.text);
		waitpid(pid, NULL, 0);
	}
	close(pipe_fd[0]);
	return r;
}

static int do_nothing(struct err *note)
{
	(void)note;
	return 0;
}

int feature_try_pidns(struct err *note)
{
	return be_first(note, do_nothing);
}

int feature_try_mount(struct err *note)
{
	int r = feature_enter(CLONE_NEWNS, note);

	if (r < 0)
		return r;
	r = sandbox_private_mounts(note);
	if (r < 0)
		return r;
	if (mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") < 0)
		return err_errno(note, -errno, "cannot mount a tmpfs");
	return 0;
}

static int mount_proc(struct err *note)
{
	int r = sandbox_private_mounts(note);

	if (r < 0)
		return r;
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return err_errno(note, -errno, "cannot mount the PID namespace's own /proc");
	return 0;
}

int feature_try_proc(struct err *note)
{
	return be_first(note, mount_proc);
}

int feature_try_sysctl(struct err *note)
{
	static const char key[] = "net.ipv4.ip_forward";
	_cleanup_text_ struct text value = {0};
	int r = sysctl_set(key, "1", note);

	if (r == 0)
		r = sysctl_get(key, &value, note);
	if (r == 0 && text_str(&value)[0] != '1')
		r = err_set(note, -EIO, "%s was written, and still reads '%s'", key, text_str(&value));
	return r;
}

int feature_try_subuid(struct err *note)
{
	if (setgroups(0, NULL) < 0)
		return err_errno(note, -errno, "a lab has one user only: setgroups(2)");
	if (setresgid(1, 1, 1) < 0 || setresuid(1, 1, 1) < 0)
		return err_errno(note, -errno, "a lab has one user only: setresuid(2)");
	return 0;
}

int feature_try_filters(struct err *note)
{
	struct filter *filter = NULL;
	int r = filter_compile("udp port 53", &filter, NULL, note);

	filter_free(filter);
	return r;
}
