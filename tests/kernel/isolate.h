/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Test bodies in a process of their own, with namespaces of their own. */
#pragma once

#include <stdbool.h>

#include "lab/base/err.h"

/*
 * A Criterion worker has two threads and cannot unshare, and its assertions do
 * not work in a forked child. So the body runs in a child; CHECK() and SKIP()
 * end it, and the parent passes the message on.
 *
 *     ISOLATED(rtnl, a_batch_is_answered_as_one)
 *     {
 *             CHECK(rtnl_open(&rtnl, &err) == 0, "%s", err.text);
 *     }
 *
 * The body is uid 0 of a new user namespace where the test's user is not root,
 * in network and mount namespaces of its own.
 */
void isolate_run(void (*body)(void));
/* As isolate_run(), but the child stays in the namespaces of the test's user: for bodies that call sandbox_fork(). */
void isolate_fork(void (*body)(void));

#define ISOLATED(suite, name)                 \
	static void suite##_##name(void);     \
	Test(suite, name, .timeout = 60)      \
	{                                     \
		isolate_run(suite##_##name);  \
	}                                     \
	static void suite##_##name(void)
#define FORKED(suite, name)                   \
	static void suite##_##name(void);     \
	Test(suite, name, .timeout = 60)      \
	{                                     \
		isolate_fork(suite##_##name); \
	}                                     \
	static void suite##_##name(void)

void isolate_fail(const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4), noreturn));
void isolate_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#define CHECK(condition, ...)                                       \
	do {                                                        \
		if (!(condition))                                   \
			isolate_fail(__FILE__, __LINE__, __VA_ARGS__); \
	} while (0)
/* A call that must succeed. */
#define CHECK_OK(call)                                                              \
	do {                                                                        \
		int check_r = (call);                                               \
		if (check_r < 0)                                                    \
			isolate_fail(__FILE__, __LINE__, "%s: %d: %s", #call, check_r, err.text); \
	} while (0)
#define SKIP(...) isolate_skip(__VA_ARGS__)

/* Runs a command, its output to a string (malloc'd, the caller's). Returns its exit status. */
int isolate_command(const char *const *argv, char **ret_output);
/* Whether the program is in PATH. */
bool isolate_has(const char *program);
