/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One error: what failed, while doing what, for which part of the scenario. */
#include "lab/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int err_vset(struct err *err, int code, const char *fmt, va_list args)
{
	if (!err)
		return code;
	err->code = code;
	err->call = NULL;
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	return code;
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	err_vset(err, code, fmt, args);
	va_end(args);
	return code;
}

static void add_strerror(struct err *err)
{
	size_t used = strlen(err->text);

	snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(-err->code));
}

int err_errno(struct err *err, int code, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, fmt);
	err_vset(err, code, fmt, args);
	va_end(args);
	add_strerror(err);
	return code;
}

int err_call(struct err *err, int code, const char *call, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, fmt);
	err_vset(err, code, fmt, args);
	va_end(args);
	add_strerror(err);
	err->call = call;
	return code;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char inner[ERR_TEXT_MAX];
	va_list args;

	if (!err)
		return -EIO;
	memcpy(inner, err->text, sizeof(inner));
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);

	size_t used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", inner);
	return err->code;
}
