/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `nslab tree`: the typed tree as it was understood. */
#pragma once

#include "lab/scenario/tree.h"

struct show_look {
	bool colour;
	bool given_only; /* leave out what is a default */
};

/*
 * Adds every node with its fields and their values, defaults marked, each node with the line it stands on. A visitor over
 * the field tables: it knows no kind of node by name.
 */
void show_tree(const struct node *root, const struct show_look *look, struct text *out);
