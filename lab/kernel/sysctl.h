/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net.* sysctls of the calling thread's network namespace (sysctl(8), proc_sys(5)), and a lab's baseline. */
#pragma once

#include "lab/base/err.h"
#include "lab/base/text.h"

/* `key` with dots ("net.ipv4.ip_forward") or slashes; only below net. -EINVAL, -ENOENT, -EROFS, -EACCES… */
int sysctl_set(const char *key, const char *value, struct err *err);
int sysctl_get(const char *key, struct text *ret, struct err *err);

/* One key and value of the written baseline: what every new namespace of a lab is set to. */
struct sysctl_setting {
	const char *key, *value;
	const char *why;
};
extern const struct sysctl_setting sysctl_baseline[];  /* for all nodes; ends with a NULL key */
extern const struct sysctl_setting sysctl_router[];    /* and for routers */
extern const struct sysctl_setting sysctl_silent[];    /* and for silent nodes */
/* Sets a whole table, with as few system calls as may be. Keys that this kernel lacks are passed over where marked by a leading '?'. */
int sysctl_set_table(const struct sysctl_setting *table, struct err *err);
