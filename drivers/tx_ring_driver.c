/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tx_ring as scenarios use it: drivers/tx_ring.h, adapted to steps. */
#include <errno.h>

#include "drivers/driver.h"
#include "drivers/fail.h"
#include "drivers/link.h"
#include "drivers/options.h"
#include "drivers/tx_ring.h"

struct tx_ring_socket {
	struct driver_socket base;
	struct tx_ring *ring;
	uint32_t batch;   /* frames a kick; 0: no limit */
	uint32_t waiting; /* frames put since the last kick */
};

static struct tx_ring_config config_from(const struct tx_ring_options *options)
{
	static const enum tpacket_versions versions[] = {[TX_RING_OPTION_V2] = TPACKET_V2};

	if (!options)
		return (struct tx_ring_config)TX_RING_STANDARD;
	return (struct tx_ring_config){
		.geometry = {
			.version = versions[options->version],
			.block_size = (uint32_t)options->block_size,
			.blocks = (uint32_t)options->blocks,
			.frame_size = (uint32_t)options->frame_size,
			.frames = (uint32_t)options->frames,
		},
		.loss = options->loss,
		.qdisc_bypass = options->packet.qdisc_bypass,
	};
}

static int tx_ring_driver_probe(struct err *err)
{
	struct tx_ring_config config = TX_RING_STANDARD;
	struct tx_ring *ring;

	config.geometry.blocks = 1;
	int r = tx_ring_open(&config, &ring, err);
	if (r < 0)
		return r;
	tx_ring_close(ring);
	return 0;
}

static int tx_ring_driver_check(const struct node *node, const char **ret_field, struct err *err)
{
	const struct tx_ring_options *options = (const struct tx_ring_options *)node;
	struct tx_ring_config config = config_from(options);
	int r = ring_geometry_check(&config.geometry, RING_TX, 0, ret_field, err);

	if (r < 0)
		return r;
	if ((uint64_t)options->batch > ring_frames(&config.geometry)) {
		*ret_field = "batch";
		return err_set(err, -EINVAL, "a batch of %lld frames does not fit into a ring of %u", (long long)options->batch,
			       ring_frames(&config.geometry));
	}
	return 0;
}

static void tx_ring_driver_close(struct driver_socket *socket, bool reset)
{
	struct tx_ring_socket *tx = (struct tx_ring_socket *)socket;

	(void)reset;
	if (!tx)
		return;
	tx_ring_close(tx->ring);
	free(tx);
}

static int tx_ring_driver_open(const struct driver_open *how, struct driver_socket **ret, struct driver_failure *failure, struct err *err)
{
	const struct tx_ring_options *options = (const struct tx_ring_options *)how->options;
	struct tx_ring_config config = config_from(options);
	int ifindex;
	struct err why;
	int r = link_ifindex(how, options ? &options->packet : NULL, &ifindex, failure, err);

	if (r < 0)
		return r;
	struct tx_ring_socket *tx = mem_new(struct tx_ring_socket);
	tx->base.driver = &driver_tx_ring;
	tx->batch = options ? (uint32_t)options->batch : 0;
	r = tx_ring_open(&config, &tx->ring, &why);
	if (r == 0)
		r = tx_ring_attach(tx->ring, ifindex, &why);
	if (r < 0) {
		tx_ring_driver_close(&tx->base, false);
		return driver_fail_from(failure, &why, err);
	}
	*ret = &tx->base;
	return 0;
}

static int kick(struct tx_ring_socket *tx, struct driver_failure *failure, struct err *err)
{
	struct err why;
	int r = tx_ring_kick(tx->ring, &why);

	tx->waiting = 0;
	if (r < 0)
		return driver_fail_from(failure, &why, err);
	return r == TX_RING_DONE ? DRIVER_DONE : DRIVER_AGAIN;
}

static int tx_ring_driver_send(struct driver_socket *socket, const struct driver_message *messages, size_t count, size_t *ret_sent,
			       struct driver_failure *failure, struct err *err)
{
	struct tx_ring_socket *tx = (struct tx_ring_socket *)socket;

	for (*ret_sent = 0; *ret_sent < count;) {
		const struct driver_message *message = &messages[*ret_sent];
		/* The kernel reads tp_len as an int, and a negative one as an error number. */
		uint32_t length = message->length < INT32_MAX ? (uint32_t)message->length : INT32_MAX;
		bool full = tx_ring_put(tx->ring, message->data, length) != TX_RING_DONE;

		if (!full) {
			++*ret_sent;
			tx->waiting++;
		}
		if (full || (tx->batch && tx->waiting >= tx->batch)) {
			int r = kick(tx, failure, err);

			if (r < 0)
				return r;
			if (full && !tx_ring_slot(tx->ring))
				return DRIVER_AGAIN;
		}
	}
	/* What the kernel does not take at once, flush() gives it later. */
	int r = tx->waiting ? kick(tx, failure, err) : DRIVER_DONE;
	return r < 0 ? r : DRIVER_DONE;
}

static int tx_ring_driver_flush(struct driver_socket *socket, struct driver_failure *failure, struct err *err)
{
	struct tx_ring_socket *tx = (struct tx_ring_socket *)socket;
	struct err why;
	int r = tx_ring_flush(tx->ring, &why);

	if (r < 0)
		return driver_fail_from(failure, &why, err);
	return r == TX_RING_DONE ? DRIVER_DONE : DRIVER_AGAIN;
}

static struct pollfd tx_ring_driver_poll(const struct driver_socket *socket, bool sending)
{
	(void)sending;
	return (struct pollfd){.fd = tx_ring_fd(((const struct tx_ring_socket *)socket)->ring), .events = POLLOUT};
}

static int tx_ring_driver_stats(struct driver_socket *socket, struct driver_stats *ret, struct err *err)
{
	struct tx_ring_stats stats;

	(void)err;
	tx_ring_stats(((struct tx_ring_socket *)socket)->ring, &stats);
	*ret = (struct driver_stats){.packets = stats.sent, .bytes = stats.bytes, .drops = stats.refused, .calls = stats.kicks};
	return 0;
}

const struct driver driver_tx_ring = {
	DRIVER_TX_RING(send_options),
	.source = "packet(7)",
	.wants_interface = true,
	.probe = tx_ring_driver_probe,
	.check = tx_ring_driver_check,
	.open = tx_ring_driver_open,
	.send = tx_ring_driver_send,
	.flush = tx_ring_driver_flush,
	.poll = tx_ring_driver_poll,
	.stats = tx_ring_driver_stats,
	.close = tx_ring_driver_close,
};
