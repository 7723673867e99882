/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node's programs see of the file system (mount_namespaces(7), mount_setattr(2)). */
#include "lab/kernel/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lab/base/mem.h"
#include "lab/base/text.h"
#include "lab/kernel/child.h"
#include "lab/kernel/netns.h"
#include "lab/kernel/view_files.h"

/*
 * Theory of operation
 *
 * A helper process takes a mount namespace of its own, turns every mount in it
 * read-only, lays private tmpfs over the writable directories, and then puts
 * the files in (view_files.c). The parent takes a descriptor of the namespace
 * and lets the helper end; the namespace lives on by the descriptor.
 */
static const struct {
	const char *path;
	const char *mode;
	bool optional;
} private_directories[] = {
	{"/run", "mode=0755", false},
	{"/tmp", "mode=1777", false},
	{"/var", "mode=0755", false},
	{"/dev/shm", "mode=1777", true},
};

/* Covers `path` with what `from` shows, as a mount of its own that can have flags of its own. */
static int bind_mount(const char *from, const char *path, bool recursive)
{
	return mount(from, path, NULL, MS_BIND | (recursive ? MS_REC : 0), NULL) < 0 ? -errno : 0;
}

/* --- the frame --- */

static int make_read_only(struct err *err)
{
	int r;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_errno(err, -errno, "cannot make the mounts private");
	r = view_set_mount("/", AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0);
	if (r < 0)
		return err_errno(err, r, "cannot make the host's files read-only");
	return 0;
}

/*
 * Below a read-only /proc nothing could be set, so it is given back. Where we are the host's root, what belongs to the whole
 * machine stays read-only; in a user namespace the kernel sees to that.
 */
static void open_proc(void)
{
	view_set_mount("/proc", 0, 0, MOUNT_ATTR_RDONLY);
	if (bind_mount("/proc/sys", "/proc/sys", false) == 0)
		view_set_mount("/proc/sys", 0, MOUNT_ATTR_RDONLY, 0);
	if (bind_mount("/proc/sys/net", "/proc/sys/net", false) == 0)
		view_set_mount("/proc/sys/net", 0, 0, MOUNT_ATTR_RDONLY);
	if (access("/proc/sysrq-trigger", F_OK) == 0 && bind_mount("/proc/sysrq-trigger", "/proc/sysrq-trigger", false) == 0)
		view_set_mount("/proc/sysrq-trigger", 0, MOUNT_ATTR_RDONLY, 0);
}

/* /sys of this network namespace. Where the kernel refuses, at least the host's interfaces are covered. */
static void open_sys(void)
{
	static const char devices[] = "/sys/devices/virtual/net";

	if (mount("sysfs", "/sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) {
		mount("tmpfs", "/sys/class/net", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "mode=0555");
		return;
	}
	if (bind_mount(devices, devices, false) == 0)
		view_set_mount(devices, 0, 0, MOUNT_ATTR_RDONLY);
}

/* The private directory that hides `path`, or NULL. */
static const char *hidden_by(const char *path)
{
	for (size_t i = 0; i < COUNT_OF(private_directories); i++) {
		const char *directory = private_directories[i].path;

		if (str_starts(path, directory) && path[strlen(directory)] == '/' && path[strlen(directory) + 1])
			return directory;
	}
	return NULL;
}

/* Directories that stay visible are taken hold of before they are covered. */
#define KEPT_MAX 32
struct kept {
	const char *path;
	int tree;
};

static int hold(struct kept *kept, size_t *count, const char *path, struct err *err)
{
	int tree;

	if (!path || path[0] != '/' || !hidden_by(path))
		return 0;
	for (size_t i = 0; i < *count; i++)
		if (str_eq(kept[i].path, path))
			return 0;
	if (*count == KEPT_MAX)
		return err_set(err, -E2BIG, "more than %d directories are to stay visible", KEPT_MAX);
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (tree < 0)
		return errno == ENOENT ? 0 : err_errno(err, -errno, "cannot keep %s visible", path);
	kept[(*count)++] = (struct kept){path, tree};
	return 0;
}

static int hold_all(const struct program *program, const char *here, struct kept *kept, size_t *count, struct err *err)
{
	int r = hold(kept, count, here, err);

	if (r >= 0)
		r = hold(kept, count, program->cwd, err);
	for (const char *const *at = program->keep; r >= 0 && at && *at; at++)
		r = hold(kept, count, *at, err);
	return r;
}

static int put_back(const struct kept *kept, struct err *err)
{
	int r = view_make_directories(kept->path, err);

	if (r == -EROFS)
		return 0; /* below one that was put back before: visible already */
	if (r < 0)
		return r;
	if (syscall(SYS_move_mount, kept->tree, "", AT_FDCWD, kept->path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_errno(err, -errno, "cannot keep %s visible", kept->path);
	return 0;
}

static int cover_directories(const struct program *program, struct err *err)
{
	struct kept kept[KEPT_MAX];
	char here[PATH_MAX];
	size_t count = 0;
	int r = hold_all(program, getcwd(here, sizeof(here)), kept, &count, err);

	for (size_t i = 0; r >= 0 && i < COUNT_OF(private_directories); i++) {
		const char *path = private_directories[i].path;

		if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, private_directories[i].mode) < 0 && !private_directories[i].optional)
			r = err_errno(err, -errno, "cannot mount a private %s", path);
	}
	for (size_t i = 0; i < count; i++) {
		if (r >= 0)
			r = put_back(&kept[i], err);
		close(kept[i].tree);
	}
	return r;
}

int view_make(const struct program *program, struct err *err)
{
	struct view_files files = {.program = program};
	int r;

	if (unshare(CLONE_NEWNS) < 0)
		return err_errno(err, -errno, "cannot make a mount namespace");
	r = netns_enter(program->netns, err); /* sysfs shows the namespace of who mounts it */
	if (r >= 0)
		r = make_read_only(err);
	if (r >= 0)
		r = view_files_write(&files, err);
	if (r >= 0)
		r = cover_directories(program, err);
	if (r >= 0) {
		open_proc();
		open_sys();
		r = view_files_place(&files, err);
	}
	view_files_free(&files);
	return r;
}

/* In the helper: the view, and a descriptor of it for the parent. */
static int make_and_give(const struct program *program, int channel)
{
	struct err err = {0};
	_cleanup_close_ int mounts = -1;
	int r = view_make(program, &err);

	/* /proc may be the host's (SANDBOX_HOST_PROC), where only "self" means us, and our number somebody else. */
	if (r >= 0 && (mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)) < 0)
		r = err_errno(&err, -errno, "cannot open /proc/self/ns/mnt");
	child_tell(channel, r, &err);
	return r < 0 ? r : child_give(channel, mounts);
}

int program_view(const struct program *program, int *ret_fd, struct err *err)
{
	int channel[2], fd = -1, r = child_channel(channel, err);
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (pid == 0) {
		close(channel[0]);
		_exit(make_and_give(program, channel[1]) < 0);
	}
	int fork_errno = errno;
	close(channel[1]);
	if (pid < 0)
		r = err_errno(err, -fork_errno, "cannot make a process");
	else
		r = child_hear(channel[0], err);
	if (r >= 0)
		r = child_take(channel[0], &fd, err);
	close(channel[0]);
	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (r < 0)
		return err_wrap(err, "cannot make the file system that programs see"), r;
	*ret_fd = fd;
	return 0;
}
