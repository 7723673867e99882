/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside lab/kernel: makes the calling process's own view of the file system. */
#pragma once

#include "lab/kernel/sandbox.h"

/* In a process made for it: moves it into a new mount namespace and the program's network namespace. On failure it is fit for nothing but _exit(2). */
int view_make(const struct program *program, struct err *err);
