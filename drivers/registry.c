/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every technique there is, and the field tables that are handed down to lab/scenario. */
#include <assert.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/options.h"

const struct driver *const drivers[] = {
	&driver_udp, &driver_tcp, &driver_raw, &driver_packet, &driver_rx_ring, &driver_tx_ring, NULL,
};

/* The same list as lab/scenario sees it. */
static const struct registry_driver faces[] = {
	{DRIVER_UDP(send, receive, open)},
	{DRIVER_TCP(send, receive, open)},
	{DRIVER_RAW(send, receive, open)},
	{DRIVER_PACKET(send, receive, open)},
	{DRIVER_RX_RING(receive)},
	{DRIVER_TX_RING(send)},
};

static_assert(COUNT_OF(faces) == COUNT_OF(drivers) - 1, "every driver has a face");

static const struct registry registry = {.drivers = faces, .driver_count = COUNT_OF(faces)};

const struct registry *driver_registry(void)
{
	return &registry;
}

const struct driver *driver_find(const char *name)
{
	for (size_t i = 0; drivers[i]; i++)
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	return NULL;
}

const char *driver_option_interface(const struct node *options)
{
	const struct field *field = options ? node_kind_field(options->kind, "interface") : NULL;

	return field ? *(const char **)field_at(options, field) : NULL;
}
