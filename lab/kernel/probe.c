/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small trials of what the kernel offers: make one, and look whether it was refused. */
#include "lab/kernel/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/if_xdp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "lab/base/mem.h"
#include "lab/kernel/netns.h"
#include "lab/kernel/rtnl.h"
#include "lab/kernel/rtnl_request.h"

#define LO_INDEX 1
#define BELOW_INDEX 40 /* of the veth that a vlan or macvlan lies on */
#define MADE_INDEX 42

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static void rtnl_closep(struct rtnl **rtnl)
{
	rtnl_close(*rtnl);
}
#define _cleanup_rtnl_ _cleanup_(rtnl_closep)

/* The kernel answers "not supported" in several ways; this is what it means to a person. */
static int explain_refusal(int r, const char *what, struct err *err)
{
	if (r == -EOPNOTSUPP || r == -ENOENT || r == -ENODEV || r == -EPROTONOSUPPORT || r == -EAFNOSUPPORT)
		return err_set(err, r, "this kernel has no %s", what);
	return r;
}

static int add_below(struct rtnl *rtnl, struct err *err)
{
	_cleanup_close_ int here = -1;
	int r = netns_current(&here, err);

	if (r < 0)
		return r;
	const struct rtnl_veth_end a = {.netns = here, .name = "below", .index = BELOW_INDEX, .mac = mac_addr_derive("probe", "below")};
	const struct rtnl_veth_end b = {.netns = here, .name = "peer", .index = BELOW_INDEX + 1, .mac = mac_addr_derive("probe", "peer")};
	r = rtnl_add_veth(rtnl, &a, &b, err);
	return r < 0 ? r : rtnl_commit(rtnl, err);
}

int probe_link_kind(const char *kind, struct err *err)
{
	struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = MADE_INDEX};
	bool on_top = strcmp(kind, "vlan") == 0 || strcmp(kind, "macvlan") == 0;
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	int r = rtnl_open(&rtnl, err);

	if (r == 0 && on_top)
		r = add_below(rtnl, err);
	if (r < 0)
		return r;
	struct nl_msg *msg = rtnl_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	rtnl_put_string(msg, IFLA_IFNAME, "made");
	if (on_top)
		rtnl_put_u32(msg, IFLA_LINK, BELOW_INDEX);
	struct nlattr *info = rtnl_nest(msg, IFLA_LINKINFO);
	rtnl_put_string(msg, IFLA_INFO_KIND, kind);
	struct nlattr *data = rtnl_nest(msg, IFLA_INFO_DATA);
	if (strcmp(kind, "vlan") == 0)
		rtnl_put_u16(msg, IFLA_VLAN_ID, 7);
	else if (strcmp(kind, "vxlan") == 0)
		rtnl_put_u32(msg, IFLA_VXLAN_ID, 7);
	rtnl_nest_end(msg, data);
	rtnl_nest_end(msg, info);
	r = rtnl_queue(rtnl, msg, err, "cannot make a %s link", kind);
	if (r == 0)
		r = rtnl_commit(rtnl, err);
	return r < 0 ? explain_refusal(r, kind, err) : 0;
}

int probe_qdisc_kind(const char *kind, struct err *err)
{
	struct tcmsg header = {.tcm_family = AF_UNSPEC, .tcm_ifindex = LO_INDEX, .tcm_handle = 0x10000, .tcm_parent = TC_H_ROOT};
	struct tc_netem_qopt netem = {.limit = 1000};
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	int r = rtnl_open(&rtnl, err);

	if (r < 0)
		return r;
	struct nl_msg *msg = rtnl_request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof(header));
	rtnl_put_string(msg, TCA_KIND, kind);
	if (strcmp(kind, "netem") == 0)
		rtnl_put(msg, TCA_OPTIONS, &netem, sizeof(netem));
	r = rtnl_queue(rtnl, msg, err, "cannot set queueing discipline %s", kind);
	if (r == 0)
		r = rtnl_commit(rtnl, err);
	return r < 0 ? explain_refusal(r, kind, err) : 0;
}

int probe_tun(struct err *err)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	_cleanup_close_ int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, -errno, "cannot open /dev/net/tun");
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		return err_errno(err, -errno, "cannot make a tun device");
	return 0;
}

int probe_fanout(struct err *err)
{
	int argument = 7 | PACKET_FANOUT_HASH << 16;
	_cleanup_close_ int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(3)); /* ETH_P_ALL */

	if (fd < 0)
		return err_errno(err, -errno, "cannot open a packet socket");
	if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &argument, sizeof(argument)) < 0)
		return err_errno(err, -errno, "cannot join a fanout group");
	return 0;
}

static int set_up_xdp(int fd, void *area, size_t size, struct err *err)
{
	struct xdp_umem_reg umem = {.addr = (uintptr_t)area, .len = size, .chunk_size = 2048};
	struct sockaddr_xdp where = {.sxdp_family = AF_XDP, .sxdp_ifindex = LO_INDEX, .sxdp_flags = XDP_COPY};
	int entries = 8;

	if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)) < 0)
		return err_errno(err, -errno, "cannot register memory with an AF_XDP socket");
	if (setsockopt(fd, SOL_XDP, XDP_UMEM_FILL_RING, &entries, sizeof(entries)) < 0 ||
	    setsockopt(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &entries, sizeof(entries)) < 0 ||
	    setsockopt(fd, SOL_XDP, XDP_RX_RING, &entries, sizeof(entries)) < 0)
		return err_errno(err, -errno, "cannot make an AF_XDP socket's rings");
	if (bind(fd, (struct sockaddr *)&where, sizeof(where)) < 0)
		return err_errno(err, -errno, "cannot bind an AF_XDP socket in copy mode");
	return 0;
}

static int set_lo_up(struct err *err)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	int r = rtnl_open(&rtnl, err);

	if (r == 0)
		r = rtnl_set_link(rtnl, LO_INDEX, true, err);
	return r < 0 ? r : rtnl_commit(rtnl, err);
}

int probe_xdp(struct err *err)
{
	size_t size = 16 * 4096;
	_cleanup_close_ int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return explain_refusal(err_errno(err, -errno, "cannot open an AF_XDP socket"), "AF_XDP", err);
	void *area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return err_errno(err, -errno, "cannot map memory");
	int r = set_lo_up(err);
	if (r == 0)
		r = set_up_xdp(fd, area, size, err);
	munmap(area, size);
	return r;
}

int probe_transparent(struct err *err)
{
	struct sockaddr_in elsewhere = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201)}; /* 192.0.2.1 */
	int on = 1;
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(err, -errno, "cannot open a UDP socket");
	if (setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on)) < 0)
		return err_errno(err, -errno, "cannot set IP_TRANSPARENT");
	if (bind(fd, (struct sockaddr *)&elsewhere, sizeof(elsewhere)) < 0)
		return err_errno(err, -errno, "cannot bind an address that is not there");
	return 0;
}

int probe_mptcp(struct err *err)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);

	if (fd < 0)
		return explain_refusal(err_errno(err, -errno, "cannot open a socket of IPPROTO_MPTCP"), "MPTCP, or it is switched off", err);
	return 0;
}

int probe_nftrace(struct err *err)
{
	int group = NFNLGRP_NFTRACE;
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0)
		return err_errno(err, -errno, "cannot open a netfilter socket");
	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return err_errno(err, -errno, "cannot listen to netfilter's traces");
	return 0;
}

int probe_ipv6(struct err *err)
{
	struct ip_prefix address;
	struct sockaddr_storage where;
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	_cleanup_close_ int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return explain_refusal(err_errno(err, -errno, "cannot open an IPv6 socket"), "IPv6", err);
	int r = ip_prefix_parse("2001:db8::1/64", &address, err);
	if (r == 0)
		r = rtnl_open(&rtnl, err);
	if (r == 0)
		r = rtnl_set_link(rtnl, LO_INDEX, true, err);
	if (r == 0)
		r = rtnl_add_address(rtnl, LO_INDEX, &address, err);
	if (r == 0)
		r = rtnl_commit(rtnl, err);
	if (r < 0)
		return r;
	socklen_t length = ip_addr_to_sockaddr(&address.addr, 0, &where);
	if (bind(fd, (struct sockaddr *)&where, length) < 0)
		return err_errno(err, -errno, "cannot bind an IPv6 address");
	return 0;
}
