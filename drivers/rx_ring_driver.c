/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rx_ring as scenarios use it: drivers/rx_ring.h, adapted to steps. */
#include <errno.h>

#include "drivers/driver.h"
#include "drivers/fail.h"
#include "drivers/link.h"
#include "drivers/options.h"
#include "drivers/rx_ring.h"
#include "lab/base/clock.h"

struct rx_ring_socket {
	struct driver_socket base;
	struct rx_ring *ring;
	uint64_t bytes, calls;
	uint8_t buffer[1 << 16]; /* frames whose VLAN tag is put back; the others are handed on in place */
};

static struct rx_ring_config config_from(const struct rx_ring_options *options)
{
	static const enum tpacket_versions versions[] = {[RX_RING_OPTION_V3] = TPACKET_V3};

	if (!options)
		return (struct rx_ring_config)RX_RING_STANDARD;
	return (struct rx_ring_config){
		.geometry = {
			.version = versions[options->version],
			.block_size = (uint32_t)options->block_size,
			.blocks = (uint32_t)options->blocks,
			.frame_size = (uint32_t)options->frame_size,
			.frames = (uint32_t)options->frames,
		},
		.retire_ms = (uint32_t)((options->retire + NS_PER_MS - 1) / NS_PER_MS),
	};
}

static int rx_ring_driver_probe(struct err *err)
{
	struct rx_ring_config config = RX_RING_STANDARD;
	struct rx_ring *ring;

	config.geometry.blocks = 1;
	int r = rx_ring_open(&config, &ring, err);
	if (r < 0)
		return r;
	rx_ring_close(ring);
	return 0;
}

static int rx_ring_driver_check(const struct node *node, const char **ret_field, struct err *err)
{
	const struct rx_ring_options *options = (const struct rx_ring_options *)node;
	struct rx_ring_config config = config_from(options);
	int r = ring_geometry_check(&config.geometry, RING_RX, config.private_size, ret_field, err);

	return r < 0 ? r : link_check(&options->packet, ret_field, err);
}

static void rx_ring_driver_close(struct driver_socket *socket, bool reset)
{
	struct rx_ring_socket *rx = (struct rx_ring_socket *)socket;

	(void)reset;
	if (!rx)
		return;
	rx_ring_close(rx->ring);
	free(rx);
}

static int rx_ring_set_up(struct rx_ring_socket *rx, const struct driver_open *how, struct driver_failure *failure, struct err *err)
{
	const struct rx_ring_options *options = (const struct rx_ring_options *)how->options;
	struct rx_ring_config config = config_from(options);
	struct rx_ring_attachment attachment;
	_cleanup_(filter_freep) struct filter *filter = NULL;
	struct sock_fprog program;
	struct err why;
	int r = link_attachment(how, options ? &options->packet : NULL, &attachment, &program, &filter, failure, err);

	if (r < 0)
		return r;
	r = rx_ring_open(&config, &rx->ring, &why);
	for (size_t i = 0; i < how->setsockopt_count && r == 0; i++) {
		r = sockopt_set(rx_ring_fd(rx->ring), how->setsockopts[i].name, how->setsockopts[i].value, failure, err);
		if (r < 0)
			return r;
	}
	if (r == 0)
		r = rx_ring_attach(rx->ring, &attachment, &why);
	return r < 0 ? driver_fail_from(failure, &why, err) : 0;
}

static int rx_ring_driver_open(const struct driver_open *how, struct driver_socket **ret, struct driver_failure *failure, struct err *err)
{
	struct rx_ring_socket *rx = mem_new(struct rx_ring_socket);

	rx->base.driver = &driver_rx_ring;
	int r = rx_ring_set_up(rx, how, failure, err);
	if (r < 0) {
		rx_ring_driver_close(&rx->base, false);
		return r;
	}
	*ret = &rx->base;
	return 0;
}

static int rx_ring_driver_receive(struct driver_socket *socket, struct driver_message *ret, struct driver_failure *failure, struct err *err)
{
	struct rx_ring_socket *rx = (struct rx_ring_socket *)socket;
	struct rx_ring_packet packet;

	if (!rx_ring_next(rx->ring, &packet)) {
		/* About to wait: now, and only now, a system call tells whether the interface went down. */
		rx->calls++;
		int r = link_error(rx_ring_fd(rx->ring), "poll", failure, err);
		return r < 0 ? r : DRIVER_AGAIN;
	}
	*ret = (struct driver_message){
		.data = packet.data,
		.length = packet.captured,
		.peer_port = -1,
		.stamp = packet.stamp,
		.wire_length = packet.length,
	};
	if (packet.vlan) {
		ret->data = rx->buffer;
		ret->length = rx_ring_packet_copy(&packet, rx->buffer, sizeof(rx->buffer));
		ret->wire_length += 4;
	}
	rx->bytes += ret->wire_length;
	return DRIVER_DONE;
}

static struct pollfd rx_ring_driver_poll(const struct driver_socket *socket, bool sending)
{
	(void)sending;
	return (struct pollfd){.fd = rx_ring_fd(((const struct rx_ring_socket *)socket)->ring), .events = POLLIN};
}

static int rx_ring_driver_stats(struct driver_socket *socket, struct driver_stats *ret, struct err *err)
{
	struct rx_ring_socket *rx = (struct rx_ring_socket *)socket;
	struct rx_ring_stats stats;
	int r = rx_ring_stats(rx->ring, &stats, err);

	if (r < 0)
		return r;
	*ret = (struct driver_stats){
		.packets = stats.packets, .bytes = rx->bytes, .drops = stats.drops, .freezes = stats.freezes, .calls = rx->calls,
	};
	return 0;
}

const struct driver driver_rx_ring = {
	DRIVER_RX_RING(receive_options),
	.source = "packet(7)",
	.wants_interface = true,
	.probe = rx_ring_driver_probe,
	.check = rx_ring_driver_check,
	.open = rx_ring_driver_open,
	.receive = rx_ring_driver_receive,
	.poll = rx_ring_driver_poll,
	.stats = rx_ring_driver_stats,
	.close = rx_ring_driver_close,
};
