/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and what they stand for: a hash table, so that a lab of a thousand nodes is checked as fast as it is read. */
#pragma once

#include <stddef.h>

#include "lab/base/mem.h"

struct name_entry;
/* Lives in `arena`, as do its entries; names and values are the caller's. Set `arena`, the rest is zero. */
struct name_table {
	struct arena *arena;
	struct name_entry *entries; /* open addressing, linear probing */
	size_t count, capacity;
};

/* What the name stands for, or NULL. */
const void *names_find(const struct name_table *table, const char *name);
/* Adds a name; one that is there keeps its value, which is returned. NULL: it was not there. `value` is not NULL. */
const void *names_add(struct name_table *table, const char *name, const void *value);
