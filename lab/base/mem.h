/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory: allocations that do not fail, arenas, growing arrays, cleanup attributes. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Small allocations abort() when memory is exhausted: on an overcommitting
 * kernel malloc() of a few bytes does not fail, and a path that can never be
 * taken cannot be tested. A size that comes from a file, a packet or a kernel
 * message is bounded by its reader before it gets here.
 */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull)); /* zeroed */
void *mem_realloc(void *old, size_t size) __attribute__((returns_nonnull));
char *mem_strdup(const char *text) __attribute__((returns_nonnull));
#define mem_new(type) ((type *)mem_alloc(sizeof(type)))

/* An arena: everything in it is freed at once. For trees. */
struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *arena);                            /* NULL is allowed */
void *arena_alloc(struct arena *arena, size_t size);             /* zeroed, aligned to 16 */
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define arena_new_of(arena, type) ((type *)arena_alloc(arena, sizeof(type)))

/* A growing array: declare with ARRAY(T) name; zero-initialise; array_push() returns the new element's address. */
#define ARRAY(T)                 \
	struct {                 \
		T *items;        \
		size_t count;    \
		size_t capacity; \
	}
void *array_grow(void *items, size_t *capacity, size_t count, size_t size);
#define array_push(a, ...)                                                                                   \
	({                                                                                                   \
		(a)->items = array_grow((a)->items, &(a)->capacity, (a)->count + 1, sizeof(*(a)->items));    \
		(a)->items[(a)->count] = (__VA_ARGS__);                                                      \
		&(a)->items[(a)->count++];                                                                   \
	})
#define array_free(a)                            \
	do {                                     \
		free((a)->items);                \
		(a)->items = NULL;               \
		(a)->count = (a)->capacity = 0;  \
	} while (0)

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

/* Cleanup attributes: `_cleanup_close_ int fd = -1;`, `_cleanup_free_ char *s = NULL;`. */
static inline void cleanup_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
static inline void cleanup_freep(void *pointer)
{
	free(*(void **)pointer);
}
#define _cleanup_(function) __attribute__((cleanup(function)))
#define _cleanup_close_ _cleanup_(cleanup_closep)
#define _cleanup_free_ _cleanup_(cleanup_freep)

/* Hands a value on and leaves the source empty, so that its cleanup does nothing. */
static inline int fd_steal(int *fd)
{
	int value = *fd;

	*fd = -1;
	return value;
}
#define ptr_steal(pointer)                     \
	({                                     \
		__typeof__(pointer) *at = &(pointer); \
		__typeof__(pointer) kept = *at;       \
		*at = NULL;                    \
		kept;                          \
	})
