/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `use`: nodes, links and params taken over from other files. */
#pragma once

#include "lab/scenario/yaml.h"

/*
 * The map `root` with the nodes, links and params of all files that it uses, directly or through others, in front of its
 * own. `root` itself where it uses none. A param of its own stands before one taken over; a node of its own that has a
 * taken name is DIAG_DUPLICATE_NAME, files that use each other DIAG_USE_CYCLE. All in `arena`.
 */
const struct yaml *use_merge(const struct yaml *root, const char *path, struct arena *arena, struct diag_list *diags);
/* `name` from the folder of the file `path`; an absolute one as it is. */
const char *use_path(const char *path, const char *name, struct arena *arena);
