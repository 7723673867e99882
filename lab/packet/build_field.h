/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One field of a layer written into the packet that is being built. Internal to lab/packet. */
#pragma once

#include "lab/packet/layer_ops.h"

/*
 * Writes a layer's standards and the values wanted into its header, the last one in the packet so far: fixed fields
 * first, then those that depend on them, options in the order wanted. -EINVAL with layer and field in the message.
 */
int build_write_values(struct build *build, struct build_part *part, struct err *err);
/* Ends the list of options and fills it up as the layer wants it. */
void build_close_options(struct build *build, struct build_part *part);
/* Puts "ip.ttl#2" before the message. Returns err->code, or -EINVAL where `err` is NULL. */
int build_wrap(const struct build_part *part, const char *field, struct err *err);
