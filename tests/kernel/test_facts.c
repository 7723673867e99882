/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we assume of the kernel, each as a test: where one fails, the design that rests on it has to change. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/base/clock.h"
#include "lab/kernel/ethtool.h"
#include "lab/kernel/netns.h"
#include "lab/kernel/rtnl.h"
#include "lab/kernel/sysctl.h"
#include "tests/kernel/isolate.h"

struct side {
	int netns;
	struct rtnl *rtnl;
};

static struct side make_side(void)
{
	struct err err = {0};
	struct side side;

	CHECK_OK(netns_create(&side.netns, &err));
	CHECK_OK(rtnl_open(&side.rtnl, &err));
	CHECK_OK(sysctl_set_table(sysctl_baseline, &err));
	return side;
}

static void drop_side(struct side *side)
{
	rtnl_close(side->rtnl);
	close(side->netns);
}

static void add_address(struct side *side, const char *text)
{
	struct ip_prefix address;
	struct err err = {0};

	CHECK_OK(ip_prefix_parse(text, &address, &err));
	CHECK_OK(rtnl_add_address(side->rtnl, 2, &address, &err));
}

/* Two nodes and a wire, as the product builds them. */
static void make_wire(struct side *a, struct side *b)
{
	struct rtnl_veth_end left = {.netns = -1, .name = "eth0", .index = 2, .mac = {{2, 0, 0, 0, 0, 1}}};
	struct rtnl_veth_end right = {.name = "eth0", .index = 2, .mac = {{2, 0, 0, 0, 0, 2}}};
	struct err err = {0};

	*a = make_side();
	*b = make_side();
	right.netns = b->netns;
	CHECK_OK(rtnl_add_veth(a->rtnl, &left, &right, &err));
	CHECK_OK(rtnl_set_link(a->rtnl, 2, true, &err));
	CHECK_OK(rtnl_commit(a->rtnl, &err));
	CHECK_OK(rtnl_set_link(b->rtnl, 2, true, &err));
	CHECK_OK(rtnl_commit(b->rtnl, &err));
	CHECK_OK(rtnl_sync_link(a->rtnl, 2, &err));
	CHECK_OK(rtnl_sync_link(b->rtnl, 2, &err));
	add_address(a, "192.0.2.1/24");
	add_address(b, "192.0.2.2/24");
	CHECK_OK(rtnl_commit(a->rtnl, &err));
	CHECK_OK(rtnl_commit(b->rtnl, &err));
}

/* A UDP socket in a namespace, bound to port 7000 of any address. */
static int open_udp(const struct side *side)
{
	struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(7000)};
	struct err err = {0};

	CHECK_OK(netns_enter(side->netns, &err));
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&local, sizeof(local)) == 0, "bind: %s", strerror(errno));
	return fd;
}

ISOLATED(facts, the_first_packet_over_a_fresh_wire_is_not_lost)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7000)};
	int64_t slowest = 0;

	inet_pton(AF_INET, "192.0.2.2", &to.sin_addr);
	for (int i = 0; i < 60; i++) {
		struct side a, b;

		make_wire(&a, &b);
		int receiver = open_udp(&b), sender = open_udp(&a);
		int64_t start = clock_now();
		CHECK(sendto(sender, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1, "sendto: %s", strerror(errno));
		struct pollfd ready = {.fd = receiver, .events = POLLIN};
		CHECK(poll(&ready, 1, 5000) == 1, "lab %d: nothing came in five seconds", i);
		if (clock_now() - start > slowest)
			slowest = clock_now() - start;
		close(receiver);
		close(sender);
		drop_side(&a);
		drop_side(&b);
	}
	/* A lost ARP request is asked again after a second. */
	CHECK(slowest < 900 * NS_PER_MS, "the slowest of 60 first packets took %lld ms", (long long)(slowest / NS_PER_MS));
}

ISOLATED(facts, an_ipv6_address_can_be_bound_at_once)
{
	struct sockaddr_in6 local = {.sin6_family = AF_INET6};

	inet_pton(AF_INET6, "2001:db8::1", &local.sin6_addr);
	for (int i = 0; i < 20; i++) {
		struct side a, b;
		struct err err = {0};

		make_wire(&a, &b);
		add_address(&a, "2001:db8::1/64");
		CHECK_OK(rtnl_commit(a.rtnl, &err));
		CHECK_OK(netns_enter(a.netns, &err));
		int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		CHECK(bind(fd, (struct sockaddr *)&local, sizeof(local)) == 0, "lab %d: %s", i, strerror(errno));
		close(fd);
		drop_side(&a);
		drop_side(&b);
	}
}

ISOLATED(facts, ipv4_settings_come_from_the_host_and_ipv6_settings_do_not)
{
	struct text value = {0};
	struct err err = {0};

	/* This namespace is not the initial one: what is set here is not handed down. */
	CHECK_OK(sysctl_set("net.ipv4.conf.default.log_martians", "1", &err));
	CHECK_OK(sysctl_set("net.ipv6.conf.default.hop_limit", "33", &err));
	make_side();
	CHECK_OK(sysctl_get("net.ipv6.conf.default.hop_limit", &value, &err));
	CHECK(str_eq(text_str(&value), "64"), "hop_limit is %s", text_str(&value));
}

ISOLATED(facts, a_closed_lab_leaves_no_namespace)
{
	_cleanup_close_ int limit = -1;
	struct err err = {0};

	/* Namespaces cannot be listed, but counted: a user namespace of our own allows six, and twenty labs of two must fit one after another. */
	if (geteuid() == 0 && unshare(CLONE_NEWUSER) < 0)
		SKIP("no user namespace here: %s", strerror(errno));
	limit = open("/proc/sys/user/max_net_namespaces", O_WRONLY | O_CLOEXEC);
	if (limit < 0 || write(limit, "6", 1) != 1)
		SKIP("the limit of namespaces cannot be set here: %s", strerror(errno));
	for (int i = 0; i < 40; i++) {
		int64_t deadline = clock_now() + 10 * NS_PER_S;
		int fd, r;

		/* The kernel cleans up behind the last close; until then the limit may say no. */
		while ((r = netns_create(&fd, &err)) == -ENOSPC && clock_now() < deadline)
			sched_yield();
		CHECK(r == 0, "namespace %d: %s", i, err.text);
		close(fd);
	}
	int fds[8], made = 0;
	while (made < 8 && netns_create(&fds[made], &err) == 0)
		made++;
	CHECK(made < 8, "the limit did not hold, so nothing was shown");
}

ISOLATED(facts, one_request_turns_every_segmentation_off)
{
	const char *const show[] = {"ethtool", "-k", "eth0", NULL};
	struct err err = {0};
	struct side a, b;
	char *output;

	make_wire(&a, &b);
	CHECK_OK(netns_enter(a.netns, &err));
	CHECK_OK(ethtool_set_offloads("eth0", false, &err));
	if (!isolate_has("ethtool"))
		SKIP("ethtool is not installed");
	CHECK(isolate_command(show, &output) == 0, "%s", output);
	for (char *line = strtok(output, "\n"); line; line = strtok(NULL, "\n"))
		CHECK(!strstr(line, ": on") || (!strstr(line, "segmentation") && !strstr(line, "tx-checksum") && !strstr(line, "gro") && !strstr(line, "scatter")),
		      "%s", line);
}

ISOLATED(facts, a_netlink_socket_acts_where_it_was_made)
{
	struct err err = {0};
	struct side a = make_side();
	bool up, carrier;

	make_side(); /* now we are elsewhere */
	CHECK_OK(rtnl_set_link(a.rtnl, 1, true, &err));
	CHECK_OK(rtnl_commit(a.rtnl, &err));
	struct rtnl *here;
	CHECK_OK(rtnl_open(&here, &err));
	CHECK_OK(rtnl_link_state(here, 1, &up, &carrier, NULL, &err));
	CHECK(!up, "lo came up here");
	CHECK_OK(rtnl_link_state(a.rtnl, 1, &up, &carrier, NULL, &err));
	CHECK(up, "lo did not come up there");
}
