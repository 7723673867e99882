/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small trials of what the kernel offers, in the calling thread's network namespace: make one, and look whether it was refused. */
#pragma once

#include "lab/base/err.h"

/* A link of this kind ("bridge", "vxlan"; "vlan" and "macvlan" over a veth of their own). It stays in the namespace. */
int probe_link_kind(const char *kind, struct err *err);
/* A root queueing discipline without parameters ("netem", "fq_codel") on lo. */
int probe_qdisc_kind(const char *kind, struct err *err);
/* A tun device, by /dev/net/tun. */
int probe_tun(struct err *err);
/* A packet socket in a fanout group (packet(7)). */
int probe_fanout(struct err *err);
/* An AF_XDP socket in copy mode on lo, bound (Documentation/networking/af_xdp.rst). */
int probe_xdp(struct err *err);
/* A socket with IP_TRANSPARENT, bound to an address that is not there (ip(7)). */
int probe_transparent(struct err *err);
/* A stream socket of IPPROTO_MPTCP. */
int probe_mptcp(struct err *err);
/* A listener on the netfilter trace group. */
int probe_nftrace(struct err *err);
/* An IPv6 address on lo, and a socket bound to it. */
int probe_ipv6(struct err *err);
