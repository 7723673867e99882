/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Failing in a driver: the same story for `struct driver_failure` and `struct err`. */
#pragma once

#include "drivers/driver.h"

/*
 * Records that the system call `call` (static storage) failed with `errno_value` (positive) while doing what `fmt` says.
 * Returns -errno_value. Either of `failure` and `err` may be NULL.
 */
int driver_fail(struct driver_failure *failure, struct err *err, int errno_value, const char *call, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Hands an error on that a C interface of ours recorded in `why` with err_call(), to both. Returns why->code. */
int driver_fail_from(struct driver_failure *failure, const struct err *why, struct err *err);
