/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where an output goes: a descriptor, a text in memory, or a file that appears when it is complete. */
#include "lab/report/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/base/mem.h"

/*
 * Theory of operation
 *
 * An unnamed file cannot be linked over an existing name, and rename(2) wants a
 * name to start from. So a commit links it to a hidden name beside its place and
 * renames that: between the two calls, and only there, a kill leaves a hidden
 * file, and a whole one.
 */
struct writer {
	int fd;
	bool owned;         /* close it */
	struct text *text;  /* instead of fd */
	char *path;         /* a file to put in place; NULL for all else */
	char *hidden;       /* the name it has, or will have for a moment */
	bool named;         /* `hidden` exists */
};

struct writer *writer_new_fd(int fd)
{
	struct writer *writer = mem_new(struct writer);

	writer->fd = fd;
	return writer;
}

struct writer *writer_new_text(struct text *text)
{
	struct writer *writer = writer_new_fd(-1);

	writer->text = text;
	return writer;
}

/* The directory part of a path, "." where there is none; malloc'd. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct text text = {0};

	if (!slash)
		text_add(&text, ".");
	else
		text_add_bytes(&text, path, slash == path ? 1 : (size_t)(slash - path));
	return text_steal(&text);
}

static char *hidden_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t before = slash ? (size_t)(slash - path) + 1 : 0;
	struct text text = {0};

	text_add_bytes(&text, path, before);
	text_addf(&text, ".%s.%ld", path + before, (long)getpid());
	return text_steal(&text);
}

static int open_file(struct writer *writer, struct err *err)
{
	_cleanup_free_ char *directory = directory_of(writer->path);

	writer->fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	if (writer->fd >= 0)
		return 0;
	if (errno == ENOENT && access(directory, F_OK) < 0)
		return err_set(err, -ENOENT, "cannot write '%s': there is no directory '%s'", writer->path, directory);
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
		return err_errno(err, -errno, "cannot write '%s'", writer->path);
	writer->fd = open(writer->hidden, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
	if (writer->fd < 0)
		return err_errno(err, -errno, "cannot write '%s'", writer->path);
	writer->named = true;
	return 0;
}

int writer_new_file(const char *path, struct writer **ret, struct err *err)
{
	struct writer *writer = writer_new_fd(-1);
	struct stat status;
	int r;

	writer->owned = true;
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
		writer_free(writer);
		return err_set(err, -EISDIR, "cannot write '%s': it is a directory", path);
	}
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		writer->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		r = writer->fd < 0 ? err_errno(err, -errno, "cannot write '%s'", path) : 0;
	} else {
		writer->path = mem_strdup(path);
		writer->hidden = hidden_name(path);
		r = open_file(writer, err);
	}
	if (r < 0) {
		writer_free(writer);
		return r;
	}
	*ret = writer;
	return 0;
}

int writer_write(struct writer *writer, const char *bytes, size_t length, struct err *err)
{
	const char *where = writer->path ? writer->path : "the output";

	if (writer->text) {
		text_add_bytes(writer->text, bytes, length);
		return 0;
	}
	while (length) {
		ssize_t n = write(writer->fd, bytes, length);

		if (n >= 0) {
			bytes += n;
			length -= (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd ready = {.fd = writer->fd, .events = POLLOUT};

			if (poll(&ready, 1, -1) < 0 && errno != EINTR)
				return err_errno(err, -errno, "cannot write to %s", where);
		} else if (errno != EINTR) {
			return err_errno(err, -errno, "cannot write to %s", where);
		}
	}
	return 0;
}

int writer_commit(struct writer *writer, struct err *err)
{
	char link[32];

	if (!writer->path)
		return 0;
	if (!writer->named) {
		/* AT_EMPTY_PATH would want CAP_DAC_READ_SEARCH (open(2), O_TMPFILE). */
		snprintf(link, sizeof(link), "/proc/self/fd/%d", writer->fd);
		unlink(writer->hidden); /* of an earlier process with our number, killed between the two calls below */
		if (linkat(AT_FDCWD, link, AT_FDCWD, writer->hidden, AT_SYMLINK_FOLLOW) < 0)
			return err_errno(err, -errno, "cannot put '%s' in place", writer->path);
		writer->named = true;
	}
	if (rename(writer->hidden, writer->path) < 0)
		return err_errno(err, -errno, "cannot put '%s' in place", writer->path);
	writer->named = false;
	free(writer->path);
	writer->path = NULL;
	return 0;
}

void writer_free(struct writer *writer)
{
	if (!writer)
		return;
	if (writer->named)
		unlink(writer->hidden);
	if (writer->owned && writer->fd >= 0)
		close(writer->fd);
	free(writer->path);
	free(writer->hidden);
	free(writer);
}
