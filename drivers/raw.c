/* SPDX-License-Identifier: GPL-2.0-or-later */
/* raw: IP packets through a raw socket (raw(7)), IP header by the kernel or by hand. */
/*
 * Theory of operation
 *
 * With the header included, where a packet goes stands in the packet: its destination is read from there when neither
 * open() nor the message names one. A packet built by hand may be of either family, and which is not known before it comes;
 * where no address tells, a socket of each family is opened.
 *
 * What is received of IPv4 begins with the IP header, what is received of IPv6 does not: that is how raw sockets are.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>
#include <sys/socket.h>

#include "drivers/driver.h"
#include "drivers/fail.h"
#include "drivers/inet.h"
#include "drivers/options.h"

struct raw_socket {
	struct driver_socket base;
	struct inet inet;    /* the one that receives, and sends its family */
	struct inet other;   /* for packets of the other family with their header included; fd -1: none */
	bool connected;
	bool header_included;
	struct driver_stats stats;
	uint8_t buffer[65536];
};

static int raw_probe(struct err *err)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	if (fd < 0)
		return err_call(err, -errno, "socket", "cannot open a raw socket (CAP_NET_RAW is needed)");
	close(fd);
	return 0;
}

static void raw_close(struct driver_socket *socket, bool reset)
{
	struct raw_socket *raw = (struct raw_socket *)socket;

	(void)reset;
	if (!raw)
		return;
	cleanup_closep(&raw->inet.fd);
	cleanup_closep(&raw->other.fd);
	free(raw);
}

static int include_header(const struct inet *inet, struct driver_failure *failure, struct err *err)
{
	bool v4 = inet->family == AF_INET;
	int one = 1;

	if (setsockopt(inet->fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_HDRINCL : IPV6_HDRINCL, &one, sizeof(one)) < 0)
		return driver_fail(failure, err, errno, "setsockopt", v4 ? "IP_HDRINCL" : "IPV6_HDRINCL");
	return 0;
}

static int raw_set_up(struct raw_socket *raw, const struct driver_open *how, struct driver_failure *failure, struct err *err)
{
	const struct raw_options *options = (const struct raw_options *)how->options;
	/* A raw socket knows no ports: what may stand in the address is checked against the protocol. */
	struct driver_open portless = *how;
	int protocol = options ? options->protocol : IPPROTO_RAW, one = 1;
	struct sockaddr_storage address;
	char where[64];

	portless.from_port = -1;
	raw->header_included = how->ip_header || protocol == IPPROTO_RAW || (options && options->header_included);
	int r = inet_socket(&portless, SOCK_RAW, protocol, false, &raw->inet, failure, err);
	if (r == 0 && raw->header_included)
		r = include_header(&raw->inet, failure, err);
	if (r == 0 && raw->header_included && !inet_family(how)) {
		struct driver_open sixth = portless;

		sixth.to = (struct ip_addr){.family = AF_INET6};
		/* A kernel without IPv6 is no reason to refuse IPv4. */
		if (inet_socket(&sixth, SOCK_RAW, protocol, false, &raw->other, NULL, NULL) == 0)
			r = include_header(&raw->other, failure, err);
	}
	if (r == 0)
		r = inet_bind(&raw->inet, &portless, failure, err);
	if (r < 0)
		return r;
	if (setsockopt(raw->inet.fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) < 0)
		return driver_fail(failure, err, errno, "setsockopt", "SO_TIMESTAMPNS");
	if (!how->to.family)
		return 0;
	socklen_t length = inet_address(&raw->inet, &how->to, 0, &address);
	if (connect(raw->inet.fd, (const struct sockaddr *)&address, length) < 0)
		return driver_fail(failure, err, errno, "connect", "%s", inet_print(&how->to, -1, where));
	raw->connected = true;
	return 0;
}

static int raw_open(const struct driver_open *how, struct driver_socket **ret, struct driver_failure *failure, struct err *err)
{
	struct raw_socket *raw = mem_new(struct raw_socket);

	raw->base.driver = &driver_raw;
	raw->inet.fd = raw->other.fd = -1;
	int r = raw_set_up(raw, how, failure, err);
	if (r < 0) {
		raw_close(&raw->base, false);
		return r;
	}
	*ret = &raw->base;
	return 0;
}

/* Where an IP packet says it goes; family 0 where it is too short or no IP packet. */
static struct ip_addr destination_of(const struct driver_message *message)
{
	struct ip_addr addr = {0};
	uint8_t version = message->length ? message->data[0] >> 4 : 0;

	if (version == 4 && message->length >= sizeof(struct iphdr)) {
		addr.family = AF_INET;
		memcpy(addr.bytes, message->data + offsetof(struct iphdr, daddr), 4);
	} else if (version == 6 && message->length >= sizeof(struct ip6_hdr)) {
		addr.family = AF_INET6;
		memcpy(addr.bytes, message->data + offsetof(struct ip6_hdr, ip6_dst), 16);
	}
	return addr;
}

static int raw_send(struct driver_socket *socket, const struct driver_message *messages, size_t count, size_t *ret_sent,
		    struct driver_failure *failure, struct err *err)
{
	struct raw_socket *raw = (struct raw_socket *)socket;

	for (*ret_sent = 0; *ret_sent < count; ++*ret_sent) {
		const struct driver_message *message = &messages[*ret_sent];
		struct ip_addr to = message->peer;
		struct inet *inet = &raw->inet;
		struct sockaddr_storage address;
		socklen_t length = 0;
		char where[64];

		if (!to.family && !raw->connected && raw->header_included)
			to = destination_of(message);
		if (to.family && to.family != inet->family && raw->other.fd >= 0)
			inet = &raw->other;
		if (to.family)
			length = inet_address(inet, &to, 0, &address);
		raw->stats.calls++;
		ssize_t sent = sendto(inet->fd, message->data, message->length, MSG_DONTWAIT | MSG_NOSIGNAL,
				      length ? (const struct sockaddr *)&address : NULL, length);
		if (sent < 0 && errno == EAGAIN)
			return DRIVER_AGAIN;
		if (sent < 0)
			return driver_fail(failure, err, errno, "sendto", "%zu bytes%s%s", message->length, length ? " to " : "",
					   length ? inet_print(&to, -1, where) : "");
		raw->stats.packets++;
		raw->stats.bytes += message->length;
	}
	return DRIVER_DONE;
}

static int raw_receive(struct driver_socket *socket, struct driver_message *ret, struct driver_failure *failure, struct err *err)
{
	struct raw_socket *raw = (struct raw_socket *)socket;
	int r = inet_receive(&raw->inet, raw->buffer, sizeof(raw->buffer), ret, &raw->stats, failure, err);

	if (r == DRIVER_DONE)
		ret->peer_port = -1;
	return r;
}

static struct pollfd raw_poll(const struct driver_socket *socket, bool sending)
{
	return (struct pollfd){.fd = ((const struct raw_socket *)socket)->inet.fd, .events = sending ? POLLOUT : POLLIN};
}

static int raw_stats(struct driver_socket *socket, struct driver_stats *ret, struct err *err)
{
	struct raw_socket *raw = (struct raw_socket *)socket;
	int r = inet_drops(&raw->inet, &raw->stats.drops, err);

	if (r == 0)
		*ret = raw->stats;
	return r;
}

const struct driver driver_raw = {
	DRIVER_RAW(send_options, receive_options, open_options),
	.source = "raw(7)",
	.probe = raw_probe,
	.check = inet_check,
	.open = raw_open,
	.send = raw_send,
	.receive = raw_receive,
	.poll = raw_poll,
	.stats = raw_stats,
	.close = raw_close,
};
