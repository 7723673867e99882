/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tcp: a byte stream through a TCP socket (tcp(7)). */
/*
 * Theory of operation
 *
 * open() returns while the connection is still being made: send() and receive() say DRIVER_AGAIN until it stands, and
 * flush() says DRIVER_DONE once it does, so that a caller with nothing to send can wait for it as well. What came of the
 * attempt is read from SO_ERROR and counts as a failure of connect().
 *
 * A message accepted by send() may be written in part; the rest is kept and written first at the next send() or flush().
 * A listener has no stream of its own: accept() gives a socket for each connection.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "drivers/driver.h"
#include "drivers/fail.h"
#include "drivers/inet.h"
#include "drivers/options.h"

enum tcp_state { TCP_DRIVER_LISTENING, TCP_DRIVER_CONNECTING, TCP_DRIVER_CONNECTED };

struct tcp_socket {
	struct driver_socket base;
	struct inet inet;
	enum tcp_state state;
	struct ip_addr peer;
	int32_t peer_port;
	struct text rest;         /* accepted, not yet written */
	size_t rest_written;      /* bytes of it that are */
	struct driver_stats stats;
	uint8_t buffer[65536];
};

static struct tcp_socket *tcp_new(void)
{
	struct tcp_socket *tcp = mem_new(struct tcp_socket);

	tcp->base.driver = &driver_tcp;
	tcp->inet.fd = -1;
	return tcp;
}

static int tcp_probe(struct err *err)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_call(err, -errno, "socket", "cannot open a TCP socket");
	close(fd);
	return 0;
}

static void tcp_close(struct driver_socket *socket, bool reset)
{
	struct tcp_socket *tcp = (struct tcp_socket *)socket;
	/* Lingering for no time at all: close() sends RST and forgets (socket(7)). */
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	if (!tcp)
		return;
	if (tcp->inet.fd >= 0 && reset)
		setsockopt(tcp->inet.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	cleanup_closep(&tcp->inet.fd);
	text_free(&tcp->rest);
	free(tcp);
}

static int tcp_set_up(struct tcp_socket *tcp, const struct driver_open *how, struct driver_failure *failure, struct err *err)
{
	struct sockaddr_storage address;
	char where[64];
	int one = 1;
	int r = inet_socket(how, SOCK_STREAM, 0, how->listen, &tcp->inet, failure, err);

	if (r < 0)
		return r;
	if (setsockopt(tcp->inet.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		return driver_fail(failure, err, errno, "setsockopt", "SO_REUSEADDR");
	r = inet_bind(&tcp->inet, how, failure, err);
	if (r < 0)
		return r;
	if (how->listen) {
		tcp->state = TCP_DRIVER_LISTENING;
		if (listen(tcp->inet.fd, SOMAXCONN) < 0)
			return driver_fail(failure, err, errno, "listen", "%s", inet_print(&how->from, how->from_port, where));
		return 0;
	}
	tcp->peer = how->to;
	tcp->peer_port = how->to_port;
	socklen_t length = inet_address(&tcp->inet, &how->to, how->to_port, &address);
	if (connect(tcp->inet.fd, (const struct sockaddr *)&address, length) == 0)
		tcp->state = TCP_DRIVER_CONNECTED;
	else if (errno == EINPROGRESS)
		tcp->state = TCP_DRIVER_CONNECTING;
	else
		return driver_fail(failure, err, errno, "connect", "%s", inet_print(&how->to, how->to_port, where));
	return 0;
}

static int tcp_open(const struct driver_open *how, struct driver_socket **ret, struct driver_failure *failure, struct err *err)
{
	struct tcp_socket *tcp = tcp_new();
	int r = tcp_set_up(tcp, how, failure, err);

	if (r < 0) {
		tcp_close(&tcp->base, false);
		return r;
	}
	*ret = &tcp->base;
	return 0;
}

/* DRIVER_DONE where the connection stands, DRIVER_AGAIN while it is being made, or what connect() failed with. */
static int finish_connect(struct tcp_socket *tcp, struct driver_failure *failure, struct err *err)
{
	struct pollfd writable = {.fd = tcp->inet.fd, .events = POLLOUT};
	socklen_t length = sizeof(int);
	char where[64];
	int value = 0;

	if (tcp->state == TCP_DRIVER_CONNECTED)
		return DRIVER_DONE;
	if (tcp->state == TCP_DRIVER_LISTENING)
		return driver_fail(failure, err, ENOTCONN, "sendto", "a listening socket has no stream of its own");
	tcp->stats.calls++;
	if (poll(&writable, 1, 0) == 0)
		return DRIVER_AGAIN;
	tcp->stats.calls++;
	if (getsockopt(tcp->inet.fd, SOL_SOCKET, SO_ERROR, &value, &length) < 0)
		return driver_fail(failure, err, errno, "getsockopt", "SO_ERROR");
	if (value)
		return driver_fail(failure, err, value, "connect", "%s", inet_print(&tcp->peer, tcp->peer_port, where));
	tcp->state = TCP_DRIVER_CONNECTED;
	return DRIVER_DONE;
}

/* Writes what it can: bytes written, or -1 with errno. */
static ssize_t write_some(struct tcp_socket *tcp, const void *data, size_t length)
{
	tcp->stats.calls++;
	ssize_t written = sendto(tcp->inet.fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
	if (written > 0)
		tcp->stats.bytes += (uint64_t)written;
	return written;
}

static int tcp_flush(struct driver_socket *socket, struct driver_failure *failure, struct err *err)
{
	struct tcp_socket *tcp = (struct tcp_socket *)socket;
	int r = tcp->state == TCP_DRIVER_LISTENING ? DRIVER_DONE : finish_connect(tcp, failure, err);

	while (r == DRIVER_DONE && tcp->rest_written < tcp->rest.length) {
		ssize_t written = write_some(tcp, tcp->rest.data + tcp->rest_written, tcp->rest.length - tcp->rest_written);

		if (written < 0 && errno == EAGAIN)
			return DRIVER_AGAIN;
		if (written < 0)
			return driver_fail(failure, err, errno, "sendto", "%zu bytes of a stream", tcp->rest.length - tcp->rest_written);
		tcp->rest_written += (size_t)written;
	}
	if (r == DRIVER_DONE) {
		text_clear(&tcp->rest);
		tcp->rest_written = 0;
	}
	return r;
}

static int tcp_send(struct driver_socket *socket, const struct driver_message *messages, size_t count, size_t *ret_sent,
		    struct driver_failure *failure, struct err *err)
{
	struct tcp_socket *tcp = (struct tcp_socket *)socket;

	*ret_sent = 0;
	int r = finish_connect(tcp, failure, err);
	if (r == DRIVER_DONE)
		r = tcp_flush(socket, failure, err);
	for (; r == DRIVER_DONE && *ret_sent < count; ++*ret_sent) {
		const struct driver_message *message = &messages[*ret_sent];
		ssize_t written = write_some(tcp, message->data, message->length);

		if (written < 0 && errno == EAGAIN)
			return DRIVER_AGAIN;
		if (written < 0)
			return driver_fail(failure, err, errno, "sendto", "%zu bytes of a stream", message->length);
		tcp->stats.packets++;
		if ((size_t)written < message->length) {
			text_add_bytes(&tcp->rest, message->data + written, message->length - (size_t)written);
			++*ret_sent;
			return *ret_sent < count ? DRIVER_AGAIN : DRIVER_DONE;
		}
	}
	return r;
}

static int tcp_receive(struct driver_socket *socket, struct driver_message *ret, struct driver_failure *failure, struct err *err)
{
	struct tcp_socket *tcp = (struct tcp_socket *)socket;
	ssize_t length;
	int r = finish_connect(tcp, failure, err);

	if (r != DRIVER_DONE)
		return r;
	do {
		length = recvfrom(tcp->inet.fd, tcp->buffer, sizeof(tcp->buffer), MSG_DONTWAIT, NULL, NULL);
		tcp->stats.calls++;
	} while (length < 0 && errno == EINTR);
	if (length < 0 && errno == EAGAIN)
		return DRIVER_AGAIN;
	if (length < 0)
		return driver_fail(failure, err, errno, "recvfrom", "cannot receive from a stream");
	if (length == 0)
		return DRIVER_END;
	*ret = (struct driver_message){
		.data = tcp->buffer,
		.length = (size_t)length,
		.peer = tcp->peer,
		.peer_port = tcp->peer_port,
		.wire_length = (uint32_t)length,
	};
	tcp->stats.packets++;
	tcp->stats.bytes += (uint64_t)length;
	return DRIVER_DONE;
}

static int tcp_accept(struct driver_socket *socket, struct driver_socket **ret, struct driver_failure *failure, struct err *err)
{
	struct tcp_socket *listener = (struct tcp_socket *)socket;
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	listener->stats.calls++;
	int fd = accept4(listener->inet.fd, (struct sockaddr *)&address, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
	/* A connection that was reset before we came to it is none (accept(2)). */
	if (fd < 0 && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR))
		return DRIVER_AGAIN;
	if (fd < 0)
		return driver_fail(failure, err, errno, "accept4", "no connection");

	struct tcp_socket *tcp = tcp_new();
	tcp->inet = listener->inet;
	tcp->inet.fd = fd;
	tcp->state = TCP_DRIVER_CONNECTED;
	inet_peer(&tcp->inet, &address, length, &tcp->peer, &tcp->peer_port);
	listener->stats.packets++;
	*ret = &tcp->base;
	return DRIVER_DONE;
}

static struct pollfd tcp_poll(const struct driver_socket *socket, bool sending)
{
	const struct tcp_socket *tcp = (const struct tcp_socket *)socket;

	return (struct pollfd){
		.fd = tcp->inet.fd,
		.events = sending || tcp->state == TCP_DRIVER_CONNECTING ? POLLOUT : POLLIN,
	};
}

static int tcp_stats(struct driver_socket *socket, struct driver_stats *ret, struct err *err)
{
	(void)err;
	*ret = ((struct tcp_socket *)socket)->stats;
	return 0;
}

const struct driver driver_tcp = {
	DRIVER_TCP(send_options, receive_options, open_options),
	.source = "tcp(7)",
	.stream = true,
	.probe = tcp_probe,
	.check = inet_check,
	.open = tcp_open,
	.send = tcp_send,
	.flush = tcp_flush,
	.receive = tcp_receive,
	.accept = tcp_accept,
	.poll = tcp_poll,
	.stats = tcp_stats,
	.close = tcp_close,
};
