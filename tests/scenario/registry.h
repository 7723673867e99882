/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Techniques that exist in these tests only: their names and options, and nothing behind them. */
#pragma once

#include "lab/base/field.h"

extern const struct registry test_registry;

struct test_packet_options {
	struct node node;
	const char *interface;
	int64_t burst;
};

struct test_socket_options {
	struct node node;
	struct node_list setsockopt; /* struct setting_node */
};
