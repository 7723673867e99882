/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `nslab graph`: the lab as a drawing. */
#pragma once

#include "lab/scenario/tree.h"

struct graph_look {
	bool colour;
	bool utf8; /* lines and corners; else - | + */
};

/*
 * Draws the nodes one below another, their interfaces with addresses beside them, and each wire as a rail at the right that
 * joins its ends. Where a wire passes behind another, the one that goes down is drawn through.
 */
void graph_draw(const struct scenario_tree *tree, const struct graph_look *look, struct text *out);
/* The same as a graph in DOT, for graphviz(7): `nslab graph --dot FILE | dot -Tsvg`. */
void graph_dot(const struct scenario_tree *tree, struct text *out);
