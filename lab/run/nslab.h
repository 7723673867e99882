/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labs in C: build one, act in it, assert on its packets, from any unit test. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/base/err.h"

/*
 * Theory of operation
 *
 * A lab is described in the scenario language, by its nodes and links; steps are
 * welcome too. nslab_lab_run() builds it in a process of its own (the runner)
 * and calls `body` there: everything the body does happens in that process, and
 * what it leaves in memory is gone with it. What it wants to hand back goes
 * through its return value, nslab_give() and nslab_fail(); the caller asserts on
 * the result. That way a unit test's own assertions never run in a forked child,
 * where many frameworks hang.
 *
 *     static int body(struct nslab *lab, void *data)
 *     {
 *             struct err err = {0};
 *
 *             if (nslab_enter(lab, "client", &err) < 0)
 *                     return nslab_fail(lab, "%s", err.text);
 *             … socket(2), sendto(2) as in any program …
 *             return nslab_expect(lab, "server:eth0", "udp dst port 53", 1, 1);
 *     }
 *
 *     struct nslab_result result;
 *     cr_assert_eq(nslab_lab_run(lab, body, NULL, &result, &err), 0, "%s", err.text);
 *     cr_assert(result.passed, "%s", result.message);
 *
 * Call from a thread that lives as long as the run does: the runner dies with it.
 */
struct nslab_lab;

/* Reads and checks a lab. -EINVAL: the first diagnostic is the message. */
int nslab_lab_load(const char *path, struct nslab_lab **ret, struct err *err);
/* The same from memory; relative paths start from the current directory. */
int nslab_lab_load_text(const char *text, struct nslab_lab **ret, struct err *err);
void nslab_lab_free(struct nslab_lab *lab); /* NULL is allowed */

/* What a run came to. */
struct nslab_result {
	bool passed;        /* nothing failed and nothing went wrong */
	bool error;         /* the lab could not do its work: no verdict on what was tested */
	char message[1024]; /* why not, or "" */
	int status;         /* what `body` returned; 0 where there was none */
	uint64_t packets;   /* seen on all interfaces */
	uint8_t *data;      /* what nslab_give() handed over, NUL behind it; or NULL */
	size_t data_length;
};
void nslab_result_free(struct nslab_result *result); /* what it holds, not itself */

struct nslab; /* the lab from within */
typedef int (*nslab_body_fn)(struct nslab *lab, void *data);

/*
 * Builds the lab, calls `body` in it (NULL: takes the scenario's own steps, in order), and ends it. A body that returns
 * something else than 0 has failed. 0, or negative where no lab could even be begun.
 */
int nslab_lab_run(struct nslab_lab *lab, nslab_body_fn body, void *data, struct nslab_result *ret, struct err *err);

/* --- within the body; errors as everywhere: negative errno and a message --- */

/* Moves the calling thread into the node's network namespace: sockets made now belong to it. A body begins in any one of them. */
int nslab_enter(struct nslab *lab, const char *node, struct err *err);
/* Takes the scenario's step of this name, as `nslab run` would. 0, or -ECANCELED where it failed. */
int nslab_take(struct nslab *lab, const char *step);
/* A new window for expectations begins here. nslab_take() of an acting step does this by itself. */
void nslab_mark(struct nslab *lab);
/*
 * Waits, up to a second, until at least `min` packets that match the filter (pcap-filter(7)) were seen at the place
 * ("node", "node:interface") since the last mark, and holds that there are at most `max` (UINT64_MAX: any number). For
 * `max` 0 it waits 50 ms. 0, or -ECANCELED: the result then says what was seen.
 */
int nslab_expect(struct nslab *lab, const char *at, const char *filter, uint64_t min, uint64_t max);
/* The run has failed, for this reason. Returns -ECANCELED, for the body to return. */
int nslab_fail(struct nslab *lab, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds bytes to what the caller finds in result.data. */
void nslab_give(struct nslab *lab, const void *bytes, size_t length);
