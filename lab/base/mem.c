/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory: allocations that do not fail, arenas, growing arrays. */
#include "lab/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ARENA_CHUNK 16384
#define ARENA_ALIGN 16

struct arena_chunk {
	struct arena_chunk *next;
	size_t used;
	size_t size;
	_Alignas(ARENA_ALIGN) char data[];
};

struct arena {
	struct arena_chunk *chunks;
};

void *mem_alloc(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		abort();
	return memory;
}

void *mem_realloc(void *old, size_t size)
{
	void *memory = realloc(old, size ? size : 1);

	if (!memory)
		abort();
	return memory;
}

char *mem_strdup(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

struct arena *arena_new(void)
{
	return mem_new(struct arena);
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	while (arena->chunks) {
		struct arena_chunk *next = arena->chunks->next;

		free(arena->chunks);
		arena->chunks = next;
	}
	free(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;

	if (size > SIZE_MAX - ARENA_CHUNK)
		abort();
	size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (!chunk || chunk->size - chunk->used < size) {
		size_t data_size = size > ARENA_CHUNK ? size : ARENA_CHUNK;

		chunk = mem_alloc(sizeof(*chunk) + data_size);
		chunk->size = data_size;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	void *memory = chunk->data + chunk->used;
	chunk->used += size;
	return memory;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	if (length)
		memcpy(copy, text, length);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args, again;

	va_start(args, fmt);
	va_copy(again, args);
	if (!fmt) /* never; under -fsanitize=undefined the compiler follows this path and warns */
		abort();
	int length = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	char *text = arena_alloc(arena, (size_t)(length < 0 ? 0 : length) + 1);
	if (length > 0)
		vsnprintf(text, (size_t)length + 1, fmt, again);
	va_end(again);
	return text;
}

void *array_grow(void *items, size_t *capacity, size_t count, size_t size)
{
	if (count <= *capacity)
		return items;

	size_t wanted = *capacity ? *capacity * 2 : 8;
	if (wanted < count)
		wanted = count;
	if (size && wanted > SIZE_MAX / size)
		abort();
	items = mem_realloc(items, wanted * size);
	*capacity = wanted;
	return items;
}
