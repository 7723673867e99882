/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text held against a file under tests/golden/report. */
#pragma once

#include "lab/base/text.h"

/*
 * Whether `text` is what the file holds; if not, says so with the first line that differs, and leaves what it got in
 * $TMPDIR. With NSLAB_UPDATE_GOLDEN in the environment the file is written instead.
 */
bool golden_is(const char *name, const struct text *text);
