/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every namespace of a lab is set to (ip-sysctl.rst), and why. */
#include <assert.h>

#include "lab/base/mem.h"
#include "lab/kernel/sysctl.h"

/*
 * Kept small: a write costs 2 to 4 µs, in every node. Three kinds of settings
 * need no write. What the kernel fixes at compile time for a new namespace
 * (TCP's switches, port ranges, time to live, ip_nonlocal_bind, all of IPv6's
 * conf) is the same on every host. What it shares with the host (rmem_max,
 * neighbour table limits) cannot be written. And what IPv4 copies from the
 * host, sysctl_inherited below, is written only where the host's value is not
 * the kernel's own.
 */
const struct sysctl_setting sysctl_baseline[] = {
	{"?net.ipv6.conf.all.accept_dad", "0", "an IPv6 address can be used at once, without 2 s of duplicate detection"},
	{"?net.ipv6.conf.default.accept_dad", "0", "an IPv6 address can be used at once, without 2 s of duplicate detection"},
	{"?net.ipv6.conf.default.accept_ra", "0", "no router solicitations on the tape, no address that the scenario did not give"},
	{"net.ipv4.icmp_ratemask", "0", "every ICMP error is sent, however many and however fast"},
	{"?net.ipv6.icmp.ratemask", "0", "every ICMPv6 error is sent, however many and however fast"},
	{NULL, NULL, NULL},
};

#define BOTH(name, value, why) {"net.ipv4.conf.all." name, value, why}, {"net.ipv4.conf.default." name, value, why}

const struct sysctl_setting sysctl_inherited[] = {
	{"net.ipv4.ip_forward", "0", "only routers forward"},
	BOTH("rp_filter", "0", "asymmetric routes work; a scenario about the filter sets it"),
	BOTH("accept_redirects", "1", "the kernel's own value"),
	BOTH("secure_redirects", "1", "the kernel's own value"),
	BOTH("send_redirects", "1", "the kernel's own value"),
	{"net.ipv4.conf.all.accept_source_route", "0", "the kernel's own value; both must be set to take effect, so this one decides"},
	BOTH("accept_local", "0", "the kernel's own value"),
	BOTH("route_localnet", "0", "the kernel's own value"),
	BOTH("src_valid_mark", "0", "the kernel's own value"),
	BOTH("log_martians", "0", "a lab writes nothing into its host's log"),
	BOTH("arp_filter", "0", "the kernel's own value"),
	BOTH("arp_ignore", "0", "the kernel's own value"),
	BOTH("arp_announce", "0", "the kernel's own value"),
	BOTH("proxy_arp", "0", "the kernel's own value"),
	BOTH("promote_secondaries", "0", "the kernel's own value"),
	{"net.ipv4.tcp_congestion_control", "reno", "the one that every kernel has, and that a namespace may always choose"},
	{"net.ipv4.tcp_rmem", "4096\t131072\t6291456", "the kernel's own values: they decide the window that a SYN offers"},
	{"net.ipv4.tcp_wmem", "4096\t16384\t4194304", "the kernel's own values"},
	{NULL, NULL, NULL},
};
const size_t sysctl_inherited_count = COUNT_OF(sysctl_inherited) - 1;
static_assert(COUNT_OF(sysctl_inherited) <= SYSCTL_TABLE_MAX, "sysctl_find_differing() callers hold SYSCTL_TABLE_MAX entries");

const struct sysctl_setting sysctl_router[] = {
	{"net.ipv4.ip_forward", "1", "a router forwards"},
	{"?net.ipv6.conf.all.forwarding", "1", "a router forwards"},
	{NULL, NULL, NULL},
};

const struct sysctl_setting sysctl_bridge[] = {
	{"?net.ipv6.conf.all.disable_ipv6", "1", "a switch has no address and reports no multicast groups"},
	{"?net.ipv6.conf.default.disable_ipv6", "1", "a switch has no address and reports no multicast groups"},
	{NULL, NULL, NULL},
};

const struct sysctl_setting sysctl_silent[] = {
	{"net.ipv4.conf.all.arp_ignore", "8", "no ARP request is answered"},
	{"?net.ipv6.conf.all.disable_ipv6", "1", "no neighbour solicitation is answered, nothing is sent"},
	{"?net.ipv6.conf.default.disable_ipv6", "1", "no neighbour solicitation is answered, nothing is sent"},
	{NULL, NULL, NULL},
};
