/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `nslab explain`: what a key means, from the field tables. */
#pragma once

#include "lab/base/field.h"

struct explain_look {
	bool colour;
	unsigned columns; /* of the terminal */
};

/*
 * Explains the key at `path`, keys joined by dots: "nodes.routes", "steps.send.with", "steps.send.packet.ip.ttl",
 * "steps.send.tx_ring.frames"; "" is the top level. A path may also begin with a step's verb ("send.to"), a layer
 * ("ip.ttl") or a technique ("tx_ring"). Names of nodes and the like may stand where a scenario has them
 * ("nodes.firewall.routes"). -ENOENT with the nearest key in the message.
 */
int explain_print(const char *path, const struct registry *registry, const struct explain_look *look, struct text *out, struct err *err);

/* "text", "list of endpoint", "map of node": what may be written for a field, in few words. */
void explain_add_type(const struct field *field, struct text *out);
