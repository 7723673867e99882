/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where an output goes: a descriptor, a text in memory, or a file that appears when it is complete. */
#pragma once

#include <stddef.h>

#include "lab/base/err.h"
#include "lab/base/text.h"

struct writer;

/* `fd` stays the caller's. Waits where it would block. */
struct writer *writer_new_fd(int fd);
/* `text` stays the caller's. */
struct writer *writer_new_text(struct text *text);
/*
 * A file at `path`, replaced in one step by writer_commit(). Until then it has no
 * name (O_TMPFILE, open(2)); where the file system lacks that, a hidden one
 * beside it. What is there already and is no regular file (a FIFO, /dev/stderr)
 * is written to as it is. Errors of open(2).
 */
int writer_new_file(const char *path, struct writer **ret, struct err *err);

/* All of it, or an error. -EPIPE: the reader is gone (the caller ignores SIGPIPE). */
int writer_write(struct writer *writer, const char *bytes, size_t length, struct err *err);
/* Puts a file in its place; nothing to do for the others. */
int writer_commit(struct writer *writer, struct err *err);
void writer_free(struct writer *writer); /* without commit no file remains; NULL is allowed */
