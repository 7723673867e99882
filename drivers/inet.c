/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What udp, tcp and raw have in common: a socket of either family, its options, bind and connect. */
#include "drivers/inet.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "drivers/fail.h"
#include "drivers/options.h"
#include "drivers/sockopt.h"
#include "lab/base/clock.h"

int inet_family(const struct driver_open *how)
{
	return how->from.family ? how->from.family : how->to.family;
}

/* The list `options` of the driver's own options, or NULL where the kind has none (`open`). */
static const struct node_list *own_setsockopts(const struct node *options)
{
	const struct field *field = options ? node_kind_field(options->kind, "options") : NULL;

	return field ? field_at(options, field) : NULL;
}

int inet_check(const struct node *options, const char **ret_field, struct err *err)
{
	const struct node_list *settings = own_setsockopts(options);

	if (!settings)
		return 0;
	int r = sockopt_check_list(settings, err);
	if (r < 0)
		*ret_field = "options";
	return r;
}

static int set_options(int fd, const struct driver_open *how, struct driver_failure *failure, struct err *err)
{
	const struct node_list *settings = own_setsockopts(how->options);

	for (size_t i = 0; i < how->setsockopt_count; i++) {
		int r = sockopt_set(fd, how->setsockopts[i].name, how->setsockopts[i].value, failure, err);

		if (r < 0)
			return r;
	}
	return settings ? sockopt_set_list(fd, settings, failure, err) : 0;
}

int inet_socket(const struct driver_open *how, int type, int protocol, bool dual, struct inet *ret, struct driver_failure *failure,
		struct err *err)
{
	int family = inet_family(how);
	struct inet inet = {.fd = -1, .family = family, .dual = !family && dual};
	int flags = type | SOCK_CLOEXEC | SOCK_NONBLOCK, zero = 0;

	if (how->interface)
		inet.scope = if_nametoindex(how->interface);
	if (inet.dual) {
		inet.family = AF_INET6;
		inet.fd = socket(AF_INET6, flags, protocol);
		if (inet.fd < 0 && errno == EAFNOSUPPORT)
			inet.dual = false;
		else if (inet.fd >= 0)
			setsockopt(inet.fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	}
	if (inet.fd < 0 && !inet.dual) {
		inet.family = family ? family : AF_INET;
		inet.fd = socket(inet.family, flags, protocol);
	}
	if (inet.fd < 0)
		return driver_fail(failure, err, errno, "socket", "%s, protocol %d", inet.family == AF_INET ? "AF_INET" : "AF_INET6", protocol);
	int r = set_options(inet.fd, how, failure, err);
	if (r < 0) {
		close(inet.fd);
		return r;
	}
	*ret = inet;
	return 0;
}

const char *inet_print(const struct ip_addr *addr, int32_t port, char buffer[64])
{
	_cleanup_text_ struct text text = {0};

	if (addr->family == AF_INET6 && port >= 0)
		text_add(&text, "[");
	if (addr->family)
		ip_addr_print(addr, &text);
	if (addr->family == AF_INET6 && port >= 0)
		text_add(&text, "]");
	if (port >= 0)
		text_addf(&text, ":%d", port);
	snprintf(buffer, 64, "%s", text_str(&text));
	return buffer;
}

static bool is_link_local(const struct in6_addr *addr)
{
	return IN6_IS_ADDR_LINKLOCAL(addr) || IN6_IS_ADDR_MC_LINKLOCAL(addr);
}

socklen_t inet_address(const struct inet *inet, const struct ip_addr *addr, int32_t port, struct sockaddr_storage *ret)
{
	struct ip_addr written = *addr;

	if (!written.family)
		written = (struct ip_addr){.family = (uint8_t)inet->family};
	if (inet->dual && written.family == AF_INET) {
		written = (struct ip_addr){.family = AF_INET6, .bytes = {[10] = 0xff, [11] = 0xff}};
		memcpy(written.bytes + 12, addr->bytes, 4);
	}
	socklen_t length = ip_addr_to_sockaddr(&written, port < 0 ? 0 : (uint16_t)port, ret);
	if (written.family == AF_INET6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

		if (is_link_local(&in6->sin6_addr))
			in6->sin6_scope_id = inet->scope;
	}
	return length;
}

void inet_peer(struct inet *inet, const struct sockaddr_storage *address, socklen_t length, struct ip_addr *ret_addr, int32_t *ret_port)
{
	struct ip_addr addr = {0};
	uint16_t port = 0;

	if (ip_addr_from_sockaddr((const struct sockaddr *)address, length, &addr, &port) < 0) {
		*ret_addr = (struct ip_addr){0};
		*ret_port = -1;
		return;
	}
	if (addr.family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

		if (is_link_local(&in6->sin6_addr))
			inet->scope = in6->sin6_scope_id;
		if (inet->dual && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			addr = (struct ip_addr){.family = AF_INET};
			memcpy(addr.bytes, in6->sin6_addr.s6_addr + 12, 4);
		}
	}
	*ret_addr = addr;
	*ret_port = port;
}

int inet_bind(const struct inet *inet, const struct driver_open *how, struct driver_failure *failure, struct err *err)
{
	struct sockaddr_storage address;
	char where[64];

	if (!how->from.family && how->from_port < 0)
		return 0;
	socklen_t length = inet_address(inet, &how->from, how->from_port, &address);
	if (bind(inet->fd, (const struct sockaddr *)&address, length) < 0)
		return driver_fail(failure, err, errno, "bind", "%s", inet_print(&how->from, how->from_port, where));
	return 0;
}

static int64_t find_stamp(struct msghdr *message)
{
	for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control))
		if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS &&
		    control->cmsg_len >= CMSG_LEN(sizeof(struct timespec))) {
			struct timespec stamp;

			memcpy(&stamp, CMSG_DATA(control), sizeof(stamp));
			return (int64_t)stamp.tv_sec * NS_PER_S + stamp.tv_nsec;
		}
	return 0;
}

int inet_receive(struct inet *inet, uint8_t *buffer, size_t size, struct driver_message *ret, struct driver_stats *stats,
		 struct driver_failure *failure, struct err *err)
{
	struct sockaddr_storage peer = {0};
	union {
		struct cmsghdr align;
		char bytes[512];
	} control;
	struct iovec part = {.iov_base = buffer, .iov_len = size};
	struct msghdr message = {
		.msg_name = &peer, .msg_namelen = sizeof(peer), .msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t length;

	do {
		length = recvmsg(inet->fd, &message, MSG_DONTWAIT | MSG_TRUNC);
		stats->calls++;
	} while (length < 0 && errno == EINTR);
	if (length < 0) {
		if (errno == EAGAIN)
			return DRIVER_AGAIN;
		return driver_fail(failure, err, errno, "recvmsg", "cannot receive");
	}
	*ret = (struct driver_message){
		.data = buffer,
		.length = (size_t)length < size ? (size_t)length : size,
		.stamp = find_stamp(&message),
		.wire_length = (uint32_t)length,
	};
	inet_peer(inet, &peer, message.msg_namelen, &ret->peer, &ret->peer_port);
	stats->packets++;
	stats->bytes += (uint64_t)length;
	return DRIVER_DONE;
}

int inet_drops(const struct inet *inet, uint64_t *ret, struct err *err)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t length = sizeof(info);

	if (getsockopt(inet->fd, SOL_SOCKET, SO_MEMINFO, info, &length) < 0)
		return err_call(err, -errno, "getsockopt", "SO_MEMINFO");
	*ret = info[SK_MEMINFO_DROPS];
	return 0;
}
