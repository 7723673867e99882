/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that a scenario names: payloads and captures. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "lab/check/check_inside.h"
#include "lab/packet/filter.h"

/* As the run will look for it: from the scenario's folder. malloc'd. */
static char *path_of(const struct check *check, const char *path)
{
	struct text joined = {0};

	if (path[0] != '/')
		text_addf(&joined, "%s/", check->scenario->directory);
	text_add(&joined, path);
	return text_steal(&joined);
}

/* Whether it is there, a regular file and ours to read. */
static bool can_read(const char *path, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat about;

	if (fd < 0 || fstat(fd, &about) < 0)
		return err_errno(err, -errno, "cannot read '%s'", path) == 0;
	if (!S_ISREG(about.st_mode))
		return err_set(err, -EINVAL, "'%s' is no regular file", path) == 0;
	return true;
}

void check_payload(struct check *check, const struct payload_node *payload)
{
	_cleanup_free_ char *path = payload->file ? path_of(check, payload->file) : NULL;
	struct err err = {0};

	if (!path || can_read(path, &err))
		return;
	diag_add(check->diags, DIAG_FILE_MISSING, node_field_span(&payload->node, "file"), "%s", err.text);
	if (payload->file[0] != '/')
		diag_help(check->diags, "paths start at the scenario's folder");
}

void check_capture(struct check *check, const struct node *node, const char *path)
{
	_cleanup_free_ char *where = path_of(check, path);
	struct capture_file *file = NULL;
	struct capture_frame frame;
	struct err err = {0};
	int r = can_read(where, &err) ? capture_open(where, &file, &err) : -ENOENT;

	if (r >= 0) {
		r = capture_next(file, &frame, &err);
		if (r == 0)
			r = err_set(&err, -EINVAL, "'%s' holds no frames", where);
	}
	capture_close(file);
	if (r < 0)
		diag_add(check->diags, DIAG_FILE_MISSING, node_field_span(node, "file"), "%s", err.text);
}
