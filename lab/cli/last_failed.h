/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What failed last time: case ids, remembered per directory for `nslab run --last-failed`. */
#pragma once

#include <stdbool.h>

#include "lab/base/mem.h"

/*
 * The ids live in $XDG_CACHE_HOME/nslab (or ~/.cache/nslab), in a file named
 * after the current directory. A list that cannot be read or written is no
 * error: it is as if nothing had failed.
 */
typedef ARRAY(char *) id_list;
void last_failed_read(id_list *ret);
/* Forgets the ids in `ran`, remembers those in `failed`. */
void last_failed_update(const id_list *ran, const id_list *failed);
void id_list_free(id_list *list);
bool id_list_has(const id_list *list, const char *id);
