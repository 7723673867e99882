/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside features: the probes that need more than lab/kernel/probe.h offers. */
#pragma once

#include "lab/base/err.h"

/* Outside: each begins where the caller is. */
int feature_try_userns(struct err *note);
int feature_try_netns(struct err *note);
int feature_try_pidns(struct err *note);
int feature_try_mount(struct err *note);
int feature_try_proc(struct err *note);
int feature_try_filters(struct err *note);

/* Inside fresh namespaces. */
int feature_try_sysctl(struct err *note);
int feature_try_subuid(struct err *note);

/*
 * Moves the calling process, which must have one thread, into namespaces of its own: `flags` as for unshare(2), and a user
 * namespace in which it is uid 0 where it may not without. Says which step failed.
 */
int feature_enter(int flags, struct err *err);
/* What to change where a user namespace is refused: as this machine's settings tell. Static text. */
const char *feature_userns_remedy(void);
