/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udp: datagrams through a UDP socket (udp(7)). */
/*
 * Theory of operation
 *
 * With `to` at open the socket is connected: it only hears its peer, and an ICMP error that comes back for what it sent is
 * the result of its next call (ECONNREFUSED, EHOSTUNREACH). Without, each message says where it goes, and the socket hears
 * everybody and no ICMP errors. A `to` without a port (only receiving makes sense then) cannot be connected to; datagrams
 * from other addresses are read and passed over.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "drivers/driver.h"
#include "drivers/fail.h"
#include "drivers/inet.h"
#include "drivers/options.h"

struct udp_socket {
	struct driver_socket base;
	struct inet inet;
	bool connected;
	struct ip_addr only_from; /* family 0: everybody */
	struct driver_stats stats;
	uint8_t buffer[65536];    /* the longest datagram fits */
};

static int udp_probe(struct err *err)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_call(err, -errno, "socket", "cannot open a UDP socket");
	close(fd);
	return 0;
}

static void udp_close(struct driver_socket *socket, bool reset)
{
	struct udp_socket *udp = (struct udp_socket *)socket;

	(void)reset;
	if (!udp)
		return;
	cleanup_closep(&udp->inet.fd);
	free(udp);
}

static int udp_set_up(struct udp_socket *udp, const struct driver_open *how, struct driver_failure *failure, struct err *err)
{
	struct sockaddr_storage address;
	char where[64];
	int one = 1;
	int r = inet_socket(how, SOCK_DGRAM, 0, true, &udp->inet, failure, err);

	if (r < 0)
		return r;
	if (setsockopt(udp->inet.fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) < 0)
		return driver_fail(failure, err, errno, "setsockopt", "SO_TIMESTAMPNS");
	r = inet_bind(&udp->inet, how, failure, err);
	if (r < 0)
		return r;
	if (how->to.family && how->to_port < 0)
		udp->only_from = how->to;
	if (!how->to.family || how->to_port < 0)
		return 0;
	socklen_t length = inet_address(&udp->inet, &how->to, how->to_port, &address);
	if (connect(udp->inet.fd, (const struct sockaddr *)&address, length) < 0)
		return driver_fail(failure, err, errno, "connect", "%s", inet_print(&how->to, how->to_port, where));
	udp->connected = true;
	return 0;
}

static int udp_open(const struct driver_open *how, struct driver_socket **ret, struct driver_failure *failure, struct err *err)
{
	struct udp_socket *udp = mem_new(struct udp_socket);

	udp->base.driver = &driver_udp;
	udp->inet.fd = -1;
	int r = udp_set_up(udp, how, failure, err);
	if (r < 0) {
		udp_close(&udp->base, false);
		return r;
	}
	*ret = &udp->base;
	return 0;
}

static int udp_send(struct driver_socket *socket, const struct driver_message *messages, size_t count, size_t *ret_sent,
		    struct driver_failure *failure, struct err *err)
{
	struct udp_socket *udp = (struct udp_socket *)socket;

	for (*ret_sent = 0; *ret_sent < count; ++*ret_sent) {
		const struct driver_message *message = &messages[*ret_sent];
		struct sockaddr_storage address;
		socklen_t length = 0;
		char where[64];

		if (message->peer.family)
			length = inet_address(&udp->inet, &message->peer, message->peer_port, &address);
		udp->stats.calls++;
		ssize_t sent = sendto(udp->inet.fd, message->data, message->length, MSG_DONTWAIT | MSG_NOSIGNAL,
				      length ? (const struct sockaddr *)&address : NULL, length);
		if (sent < 0 && errno == EAGAIN)
			return DRIVER_AGAIN;
		if (sent < 0)
			return driver_fail(failure, err, errno, "sendto", "%zu bytes%s%s", message->length, length ? " to " : "",
					   length ? inet_print(&message->peer, message->peer_port, where) : "");
		udp->stats.packets++;
		udp->stats.bytes += message->length;
	}
	return DRIVER_DONE;
}

static int udp_receive(struct driver_socket *socket, struct driver_message *ret, struct driver_failure *failure, struct err *err)
{
	struct udp_socket *udp = (struct udp_socket *)socket;

	for (;;) {
		struct driver_message message;
		int r = inet_receive(&udp->inet, udp->buffer, sizeof(udp->buffer), &message, &udp->stats, failure, err);

		if (r == DRIVER_DONE && udp->only_from.family && !ip_addr_equal(&udp->only_from, &message.peer))
			continue;
		if (r == DRIVER_DONE)
			*ret = message;
		return r;
	}
}

static struct pollfd udp_poll(const struct driver_socket *socket, bool sending)
{
	return (struct pollfd){.fd = ((const struct udp_socket *)socket)->inet.fd, .events = sending ? POLLOUT : POLLIN};
}

static int udp_stats(struct driver_socket *socket, struct driver_stats *ret, struct err *err)
{
	struct udp_socket *udp = (struct udp_socket *)socket;
	int r = inet_drops(&udp->inet, &udp->stats.drops, err);

	if (r == 0)
		*ret = udp->stats;
	return r;
}

const struct driver driver_udp = {
	DRIVER_UDP(send_options, receive_options, open_options),
	.source = "udp(7)",
	.probe = udp_probe,
	.check = inet_check,
	.open = udp_open,
	.send = udp_send,
	.receive = udp_receive,
	.poll = udp_poll,
	.stats = udp_stats,
	.close = udp_close,
};
