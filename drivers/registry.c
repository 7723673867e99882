/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every technique there is, and the field tables that are handed down to lab/scenario. */
#include <string.h>

#include "drivers/driver.h"
#include "drivers/options.h"

static const struct registry_driver faces[] = {
	{DRIVER_UDP(send, receive, open)},
	{DRIVER_TCP(send, receive, open)},
	{DRIVER_RAW(send, receive, open)},
	{DRIVER_PACKET(send, receive, open)},
	{DRIVER_RX_RING(receive)},
	{DRIVER_TX_RING(send)},
};

static const struct registry registry = {.drivers = faces, .driver_count = COUNT_OF(faces)};

const struct registry *driver_registry(void)
{
	return &registry;
}

const char *driver_option_interface(const struct node *options)
{
	const struct field *field = options ? node_kind_field(options->kind, "interface") : NULL;

	return field ? *(const char **)field_at(options, field) : NULL;
}
