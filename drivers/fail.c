/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Failing in a driver: the same story for `struct driver_failure` and `struct err`. */
#include "drivers/fail.h"

#include <stdio.h>

int driver_fail(struct driver_failure *failure, struct err *err, int errno_value, const char *call, const char *fmt, ...)
{
	char what[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (failure)
		*failure = (struct driver_failure){.call = call, .errno_value = errno_value};
	return err_call(err, -errno_value, call, "%s: %s", call, what);
}

int driver_fail_from(struct driver_failure *failure, const struct err *why, struct err *err)
{
	if (failure)
		*failure = (struct driver_failure){.call = why->call ? why->call : "", .errno_value = -why->code};
	if (err)
		*err = *why;
	return why->code;
}
