/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/scenario/registry.h"

#include "lab/scenario/tree.h"

static const struct field packet_fields[] = {
	{
		FIELD_AT(struct test_packet_options, interface, "interface"), .shape = FIELD_SCALAR, .type = &type_string,
		.doc = "Where frames go out.", .example = "interface: eth0",
	},
	{
		FIELD_AT(struct test_packet_options, burst, "burst"), .shape = FIELD_SCALAR, .type = &type_int, .standard = "1", .min = 1, .max = 64,
		.flags = FIELD_RUNTIME, .doc = "How many at once.", .example = "burst: 8",
	},
};

static const struct field socket_fields[] = {
	{
		FIELD_AT(struct test_socket_options, setsockopt, "options"), .shape = FIELD_NAMED, .kind = &kind_setting,
		.doc = "Socket options.", .example = "options: {IP_TTL: 3}",
	},
};

static const struct node_kind kind_socket = {
	.name = "socket_options", .doc = "Options of a socket.", .size = sizeof(struct test_socket_options), .fields = socket_fields,
	.field_count = COUNT_OF(socket_fields),
};
static const struct node_kind kind_open_options = {.name = "open_options", .doc = "None of its own.", .size = sizeof(struct node)};
static const struct node_kind kind_packet_options = {
	.name = "packet_options", .doc = "Options of the technique `packet`.", .size = sizeof(struct test_packet_options),
	.fields = packet_fields, .field_count = COUNT_OF(packet_fields),
};

static const struct registry_driver drivers[] = {
	{"udp", "UDP datagrams", &kind_socket, &kind_socket, &kind_open_options},
	{"tcp", "TCP streams", &kind_socket, &kind_socket, &kind_open_options},
	{"packet", "whole frames", &kind_packet_options, &kind_packet_options, NULL},
	{"rx_ring", "frames from a ring", NULL, &kind_packet_options, NULL},
};

const struct registry test_registry = {.drivers = drivers, .driver_count = COUNT_OF(drivers)};
