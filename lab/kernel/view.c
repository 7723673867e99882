/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node's programs see of the file system (mount_namespaces(7), mount_setattr(2)). */
#include "lab/kernel/view.h"

#include <dirent.h>
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

/*
 * Theory of operation
 *
 * A helper process takes a mount namespace of its own, turns every mount in it
 * read-only, lays private tmpfs over the writable directories, and then puts
 * the files in. The parent takes a descriptor of the namespace and lets the
 * helper end; the namespace lives on by the descriptor.
 *
 * A file that the host has is covered by a bind mount of ours. Its content is
 * written beforehand into a tmpfs that lies on /run for that moment only; the
 * mounts of its files live on without it. A file that the
 * host lacks needs a directory that can be written: the nearest one that exists
 * is mirrored, that is covered by a tmpfs which holds each of its entries as a
 * bind mount (or a copy, for a symbolic link), and is turned read-only when all
 * files are in. This works with no privilege but the namespace's own, with any
 * file system below, and where parts of it are mounts that must not be lifted.
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

struct view {
	const struct program *program;
	const char *here;        /* the caller's working directory, or NULL */
	ARRAY(struct program_file) files; /* hosts, resolv.conf, and the program's */
	ARRAY(int) covers;       /* parallel: a mount of each, attached nowhere yet */
	ARRAY(char *) mirrored;  /* directories to turn read-only at the end */
};

static int set_mount(const char *path, unsigned flags, uint64_t set, uint64_t clear)
{
	struct mount_attr attr = {.attr_set = set, .attr_clr = clear};

	return syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

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
	r = set_mount("/", AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0);
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
	set_mount("/proc", 0, 0, MOUNT_ATTR_RDONLY);
	if (bind_mount("/proc/sys", "/proc/sys", false) == 0)
		set_mount("/proc/sys", 0, MOUNT_ATTR_RDONLY, 0);
	if (bind_mount("/proc/sys/net", "/proc/sys/net", false) == 0)
		set_mount("/proc/sys/net", 0, 0, MOUNT_ATTR_RDONLY);
	if (access("/proc/sysrq-trigger", F_OK) == 0 && bind_mount("/proc/sysrq-trigger", "/proc/sysrq-trigger", false) == 0)
		set_mount("/proc/sysrq-trigger", 0, MOUNT_ATTR_RDONLY, 0);
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
		set_mount(devices, 0, 0, MOUNT_ATTR_RDONLY);
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

static int make_directories(const char *path, struct err *err)
{
	char partial[PATH_MAX];

	if (strlen(path) >= sizeof(partial))
		return err_set(err, -ENAMETOOLONG, "'%s' is too long", path);
	strcpy(partial, path);
	for (char *at = strchr(partial + 1, '/');; at = strchr(at + 1, '/')) {
		if (at)
			*at = '\0';
		if (mkdir(partial, 0755) < 0 && errno != EEXIST)
			return err_errno(err, -errno, "cannot make directory %s", partial);
		if (!at)
			return 0;
		*at = '/';
	}
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

static int hold_all(const struct view *view, struct kept *kept, size_t *count, struct err *err)
{
	int r = hold(kept, count, view->here, err);

	if (r >= 0)
		r = hold(kept, count, view->program->cwd, err);
	for (const char *const *at = view->program->keep; r >= 0 && at && *at; at++)
		r = hold(kept, count, *at, err);
	return r;
}

static int put_back(const struct kept *kept, struct err *err)
{
	int r = make_directories(kept->path, err);

	if (r == -EROFS)
		return 0; /* below one that was put back before: visible already */
	if (r < 0)
		return r;
	if (syscall(SYS_move_mount, kept->tree, "", AT_FDCWD, kept->path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_errno(err, -errno, "cannot keep %s visible", kept->path);
	return 0;
}

static int cover_directories(const struct view *view, struct err *err)
{
	struct kept kept[KEPT_MAX];
	size_t count = 0;
	int r = hold_all(view, kept, &count, err);

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

/* --- contents --- */

static int write_content(int fd, const char *content, unsigned mode, const char *path, struct err *err)
{
	size_t length = strlen(content), done = 0;

	while (done < length) {
		ssize_t n = write(fd, content + done, length - done);

		if (n < 0)
			return err_errno(err, -errno, "cannot write %s", path);
		done += (size_t)n;
	}
	if (fchmod(fd, mode & 07777) < 0)
		return err_errno(err, -errno, "cannot set the mode of %s", path);
	return 0;
}

static int create(const char *path, const struct program_file *file, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(err, -errno, "cannot make %s", path);
	return write_content(fd, file->content, file->mode, path, err);
}

static bool has_file(const struct program *program, const char *path)
{
	for (size_t i = 0; i < program->file_count; i++)
		if (str_eq(program->files[i].path, path))
			return true;
	return false;
}

static void collect_files(struct view *view)
{
	const struct program *program = view->program;
	const struct program_file ours[] = {
		{"/etc/hosts", program->hosts ? program->hosts : "", 0644},
		{"/etc/resolv.conf", program->resolv ? program->resolv : "", 0644},
	};

	for (size_t i = 0; i < COUNT_OF(ours); i++)
		if (!has_file(program, ours[i].path))
			array_push(&view->files, ours[i]);
	for (size_t i = 0; i < program->file_count; i++)
		array_push(&view->files, program->files[i]);
}

/* Writes every file's content, and takes hold of it as a mount. */
static int write_covers(struct view *view, struct err *err)
{
	int r = 0;

	collect_files(view);
	if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") < 0)
		return err_errno(err, -errno, "cannot mount a tmpfs");
	for (size_t i = 0; i < view->files.count && r >= 0; i++) {
		char name[64];
		int tree = -1;

		snprintf(name, sizeof(name), "/run/%zu", i);
		r = create(name, &view->files.items[i], err);
		if (r >= 0 && (tree = (int)syscall(SYS_open_tree, AT_FDCWD, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)) < 0)
			r = err_errno(err, -errno, "cannot hold a file");
		if (r >= 0)
			array_push(&view->covers, tree);
	}
	if (umount2("/run", MNT_DETACH) < 0 && r >= 0)
		r = err_errno(err, -errno, "cannot unmount a tmpfs");
	return r;
}

/* --- mirrors --- */

static int mirror_entry(int from, int to, const char *name, struct err *err)
{
	char target[PATH_MAX];
	struct stat about;
	int made = -1;

	if (fstatat(from, name, &about, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* gone meanwhile, or not ours to see */
	if (S_ISLNK(about.st_mode)) {
		ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

		if (n < 0)
			return 0;
		target[n] = '\0';
		return symlinkat(target, to, name) < 0 ? err_errno(err, -errno, "cannot mirror %s", name) : 0;
	}
	if (S_ISDIR(about.st_mode))
		made = mkdirat(to, name, 0755);
	else
		made = mknodat(to, name, S_IFREG | 0644, 0);
	if (made < 0)
		return err_errno(err, -errno, "cannot mirror %s", name);
	_cleanup_close_ int tree = (int)syscall(SYS_open_tree, from, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);
	if (tree < 0 || syscall(SYS_move_mount, tree, "", to, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_errno(err, -errno, "cannot mirror %s", name);
	return 0;
}

static int new_tmpfs(int *ret_fd, struct err *err)
{
	_cleanup_close_ int fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	int fd = -1;

	if (fs >= 0 && syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "mode", "0755", 0) == 0 &&
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (fd < 0)
		return err_errno(err, -errno, "cannot make a tmpfs");
	*ret_fd = fd;
	return 0;
}

static int mirror_entries(DIR *from, int to, struct err *err)
{
	int r = 0;

	for (struct dirent *entry; r >= 0 && (entry = readdir(from));)
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			r = mirror_entry(dirfd(from), to, entry->d_name, err);
	return r;
}

/* Covers `path`, an existing directory, with a tmpfs that shows the same. */
static int mirror_directory(struct view *view, const char *path, struct err *err)
{
	_cleanup_close_ int to = -1;
	DIR *from = opendir(path);
	int r;

	if (!from)
		return err_errno(err, -errno, "cannot read directory %s", path);
	r = new_tmpfs(&to, err);
	if (r >= 0 && syscall(SYS_move_mount, to, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		r = err_errno(err, -errno, "cannot cover %s", path);
	if (r >= 0)
		r = mirror_entries(from, to, err);
	closedir(from);
	/* A new root takes hold where paths begin: for us now, for who enters the namespace anyway (setns(2)). */
	if (r >= 0 && str_eq(path, "/") && (fchdir(to) < 0 || chroot(".") < 0))
		r = err_errno(err, -errno, "cannot change the root directory");
	if (r >= 0)
		array_push(&view->mirrored, mem_strdup(path));
	return r;
}

/* --- files --- */

/* Makes a file that does not exist, mirroring the nearest directory that does where it cannot be written. */
static int make_file(struct view *view, const char *path, const struct program_file *file, struct err *err)
{
	char directory[PATH_MAX], nearest[PATH_MAX];
	struct stat about;
	struct err own = {0};
	int r;

	strcpy(directory, path);
	*strrchr(directory, '/') = '\0';
	if (!directory[0])
		strcpy(directory, "/");
	strcpy(nearest, directory);
	while (stat(nearest, &about) < 0 && strrchr(nearest, '/') != nearest)
		*strrchr(nearest, '/') = '\0';
	if (stat(nearest, &about) < 0)
		strcpy(nearest, "/");
	else if (!S_ISDIR(about.st_mode))
		return err_set(err, -ENOTDIR, "%s is not a directory", nearest);
	for (int attempt = 0;; attempt++) {
		r = str_eq(directory, "/") ? 0 : make_directories(directory, &own);
		if (r >= 0)
			r = create(path, file, &own);
		if (r >= 0 || attempt || (r != -EROFS && r != -EACCES && r != -EPERM))
			break;
		r = mirror_directory(view, nearest, err);
		if (r < 0)
			return r;
	}
	return r < 0 ? err_set(err, r, "%s", own.text) : 0;
}

/* Follows a symbolic link by hand: its target may lie where the host's directory is covered, and be missing. */
static int follow(char *path, size_t size, struct err *err)
{
	char target[PATH_MAX];
	struct stat about;

	for (int depth = 0; lstat(path, &about) == 0 && S_ISLNK(about.st_mode); depth++) {
		ssize_t n = readlink(path, target, sizeof(target) - 1);
		size_t keep = 0;

		if (n <= 0 || depth == 16)
			return err_set(err, -ELOOP, "%s leads round in circles", path);
		target[n] = '\0';
		if (target[0] != '/')
			keep = (size_t)(strrchr(path, '/') - path) + 1;
		if (keep + (size_t)n >= size)
			return err_set(err, -ENAMETOOLONG, "%s leads to a name that is too long", path);
		memcpy(path + keep, target, (size_t)n + 1);
	}
	return 0;
}

static int place_file(struct view *view, const struct program_file *file, int cover, struct err *err)
{
	char path[PATH_MAX];
	struct stat about;
	int r;

	if (file->path[0] != '/' || strlen(file->path) >= sizeof(path) || str_ends(file->path, "/"))
		return err_set(err, -EINVAL, "'%s' is not the absolute path of a file", file->path);
	strcpy(path, file->path);
	r = follow(path, sizeof(path), err);
	if (r < 0)
		return r;
	if (lstat(path, &about) < 0)
		r = make_file(view, path, file, err);
	else if (!S_ISREG(about.st_mode))
		r = err_set(err, -EEXIST, "the host has something at %s that is no file", path);
	else if (syscall(SYS_move_mount, cover, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		r = err_errno(err, -errno, "cannot cover %s", path);
	return r < 0 ? (err_wrap(err, "file %s", file->path), r) : 0;
}

static int place_files(struct view *view, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < view->files.count && r >= 0; i++)
		r = place_file(view, &view->files.items[i], view->covers.items[i], err);
	for (size_t i = 0; i < view->mirrored.count && r >= 0; i++)
		r = set_mount(view->mirrored.items[i], 0, MOUNT_ATTR_RDONLY, 0);
	return r;
}

static void forget(struct view *view)
{
	for (size_t i = 0; i < view->covers.count; i++)
		close(view->covers.items[i]);
	for (size_t i = 0; i < view->mirrored.count; i++)
		free(view->mirrored.items[i]);
	array_free(&view->covers);
	array_free(&view->mirrored);
	array_free(&view->files);
}

int view_make(const struct program *program, struct err *err)
{
	char here[PATH_MAX];
	struct view view = {.program = program, .here = getcwd(here, sizeof(here))};
	int r;

	if (unshare(CLONE_NEWNS) < 0)
		return err_errno(err, -errno, "cannot make a mount namespace");
	r = netns_enter(program->netns, err); /* sysfs shows the namespace of who mounts it */
	if (r >= 0)
		r = make_read_only(err);
	if (r >= 0)
		r = write_covers(&view, err);
	if (r >= 0)
		r = cover_directories(&view, err);
	if (r >= 0) {
		open_proc();
		open_sys();
		r = place_files(&view, err);
	}
	forget(&view);
	return r;
}

int program_view(const struct program *program, int *ret_fd, struct err *err)
{
	char name[64];
	int channel[2], fd = -1, r = child_channel(channel, err);
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (pid == 0) {
		struct err own = {0};
		char wait;

		close(channel[0]);
		r = view_make(program, &own);
		child_tell(channel[1], r, &own);
		while (read(channel[1], &wait, 1) < 0 && errno == EINTR) /* until the parent has its descriptor */
			;
		_exit(0);
	}
	close(channel[1]);
	if (pid < 0) {
		r = err_errno(err, -errno, "cannot make a process");
	} else {
		r = child_hear(channel[0], err);
		snprintf(name, sizeof(name), "/proc/%d/ns/mnt", (int)pid);
		if (r >= 0 && (fd = open(name, O_RDONLY | O_CLOEXEC)) < 0)
			r = err_errno(err, -errno, "cannot open %s", name);
	}
	close(channel[0]);
	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (r < 0)
		return err_wrap(err, "cannot make the file system that programs see"), r;
	*ret_fd = fd;
	return 0;
}
