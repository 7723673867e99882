/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node's own files over the host's (mount_namespaces(7), open_tree(2), move_mount(2)). */
#include "lab/kernel/view_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lab/base/mem.h"
#include "lab/base/text.h"

/*
 * Theory of operation
 *
 * A file that the host has is covered by a bind mount of ours. Its content is
 * written beforehand into a tmpfs that lies on /run for that moment only; the
 * mounts of its files live on without it. A file that the host lacks needs a
 * directory that can be written: the nearest one that exists is mirrored, that
 * is covered by a tmpfs which holds each of its entries as a bind mount (or a
 * copy, for a symbolic link), and is turned read-only when all files are in.
 * This works with no privilege but the namespace's own, with any file system
 * below, and where parts of it are mounts that must not be lifted.
 */

int view_set_mount(const char *path, unsigned flags, uint64_t set, uint64_t clear)
{
	struct mount_attr attr = {.attr_set = set, .attr_clr = clear};

	return syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

int view_make_directories(const char *path, struct err *err)
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

static void collect_files(struct view_files *files)
{
	const struct program *program = files->program;
	const struct program_file ours[] = {
		{"/etc/hosts", program->hosts ? program->hosts : "", 0644},
		{"/etc/resolv.conf", program->resolv ? program->resolv : "", 0644},
	};

	for (size_t i = 0; i < COUNT_OF(ours); i++)
		if (!has_file(program, ours[i].path))
			array_push(&files->files, ours[i]);
	for (size_t i = 0; i < program->file_count; i++)
		array_push(&files->files, program->files[i]);
}

int view_files_write(struct view_files *files, struct err *err)
{
	int r = 0;

	collect_files(files);
	if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") < 0)
		return err_errno(err, -errno, "cannot mount a tmpfs");
	for (size_t i = 0; i < files->files.count && r >= 0; i++) {
		char name[64];
		int tree = -1;

		snprintf(name, sizeof(name), "/run/%zu", i);
		r = create(name, &files->files.items[i], err);
		if (r >= 0 && (tree = (int)syscall(SYS_open_tree, AT_FDCWD, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)) < 0)
			r = err_errno(err, -errno, "cannot hold a file");
		if (r >= 0)
			array_push(&files->covers, tree);
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
static int mirror_directory(struct view_files *files, const char *path, struct err *err)
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
		array_push(&files->mirrored, mem_strdup(path));
	return r;
}

/* --- files --- */

/* Makes a file that does not exist, mirroring the nearest directory that does where it cannot be written. */
static int make_file(struct view_files *files, const char *path, const struct program_file *file, struct err *err)
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
		r = str_eq(directory, "/") ? 0 : view_make_directories(directory, &own);
		if (r >= 0)
			r = create(path, file, &own);
		if (r >= 0 || attempt || (r != -EROFS && r != -EACCES && r != -EPERM))
			break;
		r = mirror_directory(files, nearest, err);
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

static int place_file(struct view_files *files, const struct program_file *file, int cover, struct err *err)
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
		r = make_file(files, path, file, err);
	else if (!S_ISREG(about.st_mode))
		r = err_set(err, -EEXIST, "the host has something at %s that is no file", path);
	else if (syscall(SYS_move_mount, cover, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		r = err_errno(err, -errno, "cannot cover %s", path);
	return r < 0 ? (err_wrap(err, "file %s", file->path), r) : 0;
}

int view_files_place(struct view_files *files, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < files->files.count && r >= 0; i++)
		r = place_file(files, &files->files.items[i], files->covers.items[i], err);
	for (size_t i = 0; i < files->mirrored.count && r >= 0; i++)
		r = view_set_mount(files->mirrored.items[i], 0, MOUNT_ATTR_RDONLY, 0);
	return r;
}

void view_files_free(struct view_files *files)
{
	for (size_t i = 0; i < files->covers.count; i++)
		close(files->covers.items[i]);
	for (size_t i = 0; i < files->mirrored.count; i++)
		free(files->mirrored.items[i]);
	array_free(&files->covers);
	array_free(&files->mirrored);
	array_free(&files->files);
}
