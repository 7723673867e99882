/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside lab/kernel: a node's own files over the host's. */
#pragma once

#include <stdint.h>

#include "lab/base/mem.h"
#include "lab/kernel/sandbox.h"

struct view_files {
	const struct program *program;
	ARRAY(struct program_file) files; /* hosts, resolv.conf, and the program's */
	ARRAY(int) covers;                /* parallel: a mount of each, attached nowhere yet */
	ARRAY(char *) mirrored;           /* directories to turn read-only at the end */
};

/* Writes every file's content and takes hold of it as a mount; before /run is covered. */
int view_files_write(struct view_files *files, struct err *err);
/* Puts each where it belongs, once all else is in place. */
int view_files_place(struct view_files *files, struct err *err);
void view_files_free(struct view_files *files);

/* mount_setattr(2). `flags`: AT_RECURSIVE or 0. A negative errno. */
int view_set_mount(const char *path, unsigned flags, uint64_t set, uint64_t clear);
/* As mkdir -p. */
int view_make_directories(const char *path, struct err *err);
