/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One error: what failed, while doing what, for which part of the scenario. */
#pragma once

#include <stdarg.h>

/*
 * Functions return a negative errno on failure and say the rest in `struct err`.
 * The innermost function calls err_set(); every caller that knows more about
 * what it was doing calls err_wrap() and forwards the code.
 *
 *     "step 3 (send): cannot bind 192.0.2.9:80: Cannot assign requested address"
 *
 * A `struct err` is untouched on success. Every `struct err *` may be NULL.
 */
#define ERR_TEXT_MAX 1024

struct err {
	int code;                /* negative errno, 0 while nothing has failed */
	char text[ERR_TEXT_MAX]; /* outermost context first, joined by ": "; cut at the end if too long */
	const char *call;        /* the system call that failed, as strace(1) names it, in static storage; NULL: none, or not told */
};

/* Records `code` (a negative errno) with a message. Returns `code`. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set(), and appends ": " and strerror(-code). Returns `code`. */
int err_errno(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_errno(), and keeps the name of the system call that returned the error: "cannot bind 192.0.2.9:80: …", call "bind". */
int err_call(struct err *err, int code, const char *call, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Puts a context in front of the message. Returns err->code, or -EIO where `err` is NULL. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int err_vset(struct err *err, int code, const char *fmt, va_list args) __attribute__((format(printf, 3, 0)));
