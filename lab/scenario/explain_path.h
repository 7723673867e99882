/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside `nslab explain`: where a path of keys leads. */
#pragma once

#include "lab/base/field.h"
#include "lab/packet/layer.h"

/* The outermost thing that a path names, the innermost of those below that is set. */
struct explain_target {
	const struct node_kind *owner;        /* whose key `field` is */
	const struct field *field;            /* NULL: the kind as a whole */
	const struct node_kind *kind;         /* what may be written there, where it has keys; or NULL */
	const struct layer *layer;
	const struct layer_field *layer_field;
	const struct registry_driver *driver; /* whose options `kind` or `field` are; or NULL */
};

/* 0, or -ENOENT with the nearest key. */
int explain_find(const char *path, const struct registry *registry, struct explain_target *ret, struct err *err);
/* A driver's options beside the step kind called "send", "receive" or "open"; NULL: none. */
const struct node_kind *explain_options(const struct registry_driver *driver, const char *verb);
