/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and what they stand for. */
#include "lab/scenario/names.h"

#include <string.h>

#include "lab/base/rng.h"

struct name_entry {
	const char *name; /* NULL: free */
	const void *value;
	uint64_t hash;
};

/* The name's entry, or the free one where it would stand. */
static struct name_entry *find_entry(const struct name_table *table, const char *name, uint64_t hash)
{
	size_t at = hash & (table->capacity - 1);

	while (table->entries[at].name && (table->entries[at].hash != hash || strcmp(table->entries[at].name, name) != 0))
		at = (at + 1) & (table->capacity - 1);
	return &table->entries[at];
}

const void *names_find(const struct name_table *table, const char *name)
{
	return table->capacity ? find_entry(table, name, hash_text(name, strlen(name)))->value : NULL;
}

static void grow(struct name_table *table)
{
	struct name_table bigger = {.arena = table->arena, .count = table->count, .capacity = table->capacity ? table->capacity * 4 : 16};

	bigger.entries = arena_alloc(table->arena, bigger.capacity * sizeof(*bigger.entries));
	for (size_t i = 0; i < table->capacity; i++)
		if (table->entries[i].name)
			*find_entry(&bigger, table->entries[i].name, table->entries[i].hash) = table->entries[i];
	*table = bigger;
}

const void *names_add(struct name_table *table, const char *name, const void *value)
{
	uint64_t hash = hash_text(name, strlen(name));

	if (table->count * 2 >= table->capacity)
		grow(table);
	struct name_entry *entry = find_entry(table, name, hash);
	if (entry->name)
		return entry->value;
	*entry = (struct name_entry){name, value, hash};
	table->count++;
	return NULL;
}
