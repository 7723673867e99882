/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 addresses that answer: waiting for the solicited-node groups of fresh addresses. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "lab/base/clock.h"
#include "lab/kernel/rtnl.h"
#include "lab/kernel/rtnl_request.h"

/*
 * Theory of operation
 *
 * An IPv6 address can be used as a source at once when duplicate address
 * detection is off. But the node joins the address's solicited-node group
 * (RFC 4291, 2.7.1), without which it hears no neighbour solicitation for it,
 * only in a workqueue, some 60 µs later on an idle machine and milliseconds on a
 * busy one; a solicitation that comes before is lost and asked again after a
 * second. So we look at the groups (RTM_GETMULTICAST), and where one is missing
 * wait for the notification that the kernel sends when it is through with the
 * address (RTM_NEWADDR), subscribed to before the second look.
 */
struct groups {
	const struct rtnl_ipv6_address *wanted;
	size_t count;
	bool *joined;
};

/* ff02::1:ff00:0/104 and the last three bytes of the address. */
static void solicited_node(const struct ip_addr *addr, uint8_t ret[16])
{
	static const uint8_t prefix[13] = {0xff, 0x02, [11] = 0x01, [12] = 0xff};

	memcpy(ret, prefix, sizeof(prefix));
	memcpy(ret + 13, addr->bytes + 13, 3);
}

static int on_group(void *data, const struct nlmsghdr *message, struct err *err)
{
	struct groups *groups = data;
	const struct ifaddrmsg *header = nlmsg_data(message);

	(void)err;
	if (message->nlmsg_type != RTM_GETMULTICAST || nlmsg_datalen(message) < (int)sizeof(*header))
		return 0;
	const struct nlattr *group = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)message, sizeof(*header), IFA_MULTICAST);
	for (size_t i = 0; group && nla_len(group) >= 16 && i < groups->count; i++) {
		uint8_t wanted[16];

		solicited_node(&groups->wanted[i].addr, wanted);
		if (groups->wanted[i].index == (int)header->ifa_index && memcmp(nla_data(group), wanted, 16) == 0)
			groups->joined[i] = true;
	}
	return 0;
}

/* 1 all are joined, 0 not yet. */
static int look(struct rtnl *rtnl, struct groups *groups, struct err *err)
{
	struct ifaddrmsg header = {.ifa_family = AF_INET6};
	int r = rtnl_dump(rtnl, rtnl_request(RTM_GETMULTICAST, 0, &header, sizeof(header)), on_group, groups, err);

	for (size_t i = 0; i < groups->count && r >= 0; i++)
		if (!groups->joined[i])
			return 0;
	return r < 0 ? r : 1;
}

static int subscribe(int *ret_fd, struct err *err)
{
	struct sockaddr_nl local = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV6_IFADDR};
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0)
		return err_errno(err, -errno, "cannot subscribe to address notifications");
	*ret_fd = fd_steal(&fd);
	return 0;
}

static int wait_joined(struct rtnl *rtnl, struct groups *groups, int64_t deadline, struct err *err)
{
	_cleanup_close_ int listener = -1;
	int r = subscribe(&listener, err);

	while (r >= 0) {
		struct pollfd ready = {.fd = listener, .events = POLLIN};
		char drain[16 << 10];

		r = look(rtnl, groups, err);
		if (r)
			return r < 0 ? r : 0;
		int64_t left = deadline - clock_now();
		if (left <= 0)
			return err_set(err, -ETIMEDOUT, "an IPv6 address of link %d does not become ready", groups->wanted[0].index);
		poll(&ready, 1, (int)(left / NS_PER_MS) + 1);
		while (recv(listener, drain, sizeof(drain), MSG_DONTWAIT) > 0)
			;
	}
	return r;
}

int rtnl_wait_ipv6(struct rtnl *rtnl, const struct rtnl_ipv6_address *addresses, size_t count, int64_t within, struct err *err)
{
	struct groups groups = {.wanted = addresses, .count = count};
	int r;

	if (!count)
		return 0;
	groups.joined = mem_alloc(count * sizeof(bool));
	r = look(rtnl, &groups, err);
	if (r == 0)
		r = wait_joined(rtnl, &groups, clock_after(clock_now(), within), err);
	free(groups.joined);
	return r < 0 ? r : 0;
}
