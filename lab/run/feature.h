/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this machine allows, probed by doing: for `requires: {features: […]}` and `nslab doctor`. */
#pragma once

#include <stdbool.h>

#include "lab/base/err.h"

/*
 * Theory of operation
 *
 * A feature is a word that a scenario may require and a way to find out whether
 * it is there: a few real system calls, tried in a forked child in namespaces of
 * its own, so that neither the host nor the caller is touched. Nothing is
 * concluded from version numbers or configuration files. Every technique of
 * drivers/ is a feature of the same name.
 */
enum feature_group { FEATURE_SANDBOX, FEATURE_LINK, FEATURE_NETFILTER, FEATURE_SOCKET, FEATURE_GROUP_COUNT };

struct feature {
	const char *name;   /* "userns", "rings", "vlan" */
	enum feature_group group;
	bool needed;        /* without it no lab is possible here */
	bool outside;       /* probe() begins in the caller's namespaces: it tries the way into new ones itself */
	const char *doc;    /* what it is, what it is for */
	const char *remedy; /* what to change where it is missing; NULL: the message says it */
	/*
	 * In a forked child, alone in fresh namespaces unless `outside`. 0 there, negative errno missing with the reason in
	 * `note`. May leave a note in note->text on success too.
	 */
	int (*probe)(struct err *note);
};

/* Every feature; ends with a NULL name. */
extern const struct feature features[];
const struct feature *feature_find(const char *name);

/* Tries it now. 0 there (err->text then holds a note, or nothing), negative errno: not there, with the reason. */
int feature_probe(const struct feature *feature, struct err *err);
