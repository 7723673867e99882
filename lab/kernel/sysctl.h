/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net.* sysctls of the calling thread's network namespace (sysctl(8), proc_sys(5)), and a lab's baseline. */
#pragma once

#include <stdbool.h>

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
extern const struct sysctl_setting sysctl_inherited[]; /* for all nodes: what a new namespace copies from its host; written where it differs */
extern const size_t sysctl_inherited_count;
extern const struct sysctl_setting sysctl_router[];    /* and for routers */
extern const struct sysctl_setting sysctl_bridge[];    /* and for switches that have no IPv6 address of their own */
extern const struct sysctl_setting sysctl_silent[];    /* and for silent nodes */
/* Sets a whole table, with as few system calls as may be. Keys marked by a leading '?' are passed over where this kernel lacks them. */
int sysctl_set_table(const struct sysctl_setting *table, struct err *err);

/*
 * A place to reach sysctls through, for whoever sets many namespaces up: a
 * procfs instance of its own, with no mount point (fsmount(2)). Procfs keeps
 * the names it has looked up for every living namespace in one chain per
 * directory, and a name new to it walks that chain: at 1000 namespaces 0.25 ms
 * for each first look. An instance of its own starts with an empty chain, so
 * take a new one every SYSCTL_TREE_NODES namespaces. `shared`, or where the host
 * refuses such a mount: /proc itself, which costs 0.1 ms less.
 */
#define SYSCTL_TREE_NODES 64
int sysctl_open_tree(int *ret_fd, bool shared, struct err *err);
int sysctl_set_at(int tree_fd, const char *key, const char *value, struct err *err);
int sysctl_get_at(int tree_fd, const char *key, struct text *ret, struct err *err);
int sysctl_set_table_at(int tree_fd, const struct sysctl_setting *table, struct err *err);
/*
 * Finds the settings of `table` whose value here is another, in a namespace just made: every further one of this host
 * will be the same. Fills `ret` (which holds as many as the table), ended by a NULL key. Returns their number.
 */
int sysctl_find_differing(int tree_fd, const struct sysctl_setting *table, struct sysctl_setting *ret, struct err *err);
#define SYSCTL_TABLE_MAX 48

/*
 * What of sysctl_inherited differs on this host. Every new namespace copies it from the initial one, so a process that is still
 * there can learn it once, in 0.05 ms, for all the labs of a run; each lab otherwise learns it in its first node, in 0.15 ms.
 */
struct sysctl_host {
	bool known;
	struct sysctl_setting differing[SYSCTL_TABLE_MAX + 1]; /* ends with a NULL key */
};
/* `known` stays false where the calling thread is not in the initial namespace, as in a container. */
int sysctl_learn_host(struct sysctl_host *ret, struct err *err);
