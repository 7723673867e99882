/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this machine allows: the table of features, and the process that tries one. */
#include "lab/run/feature.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "lab/base/clock.h"
#include "lab/kernel/ethtool.h"
#include "lab/kernel/netfilter.h"
#include "lab/kernel/netns.h"
#include "lab/kernel/probe.h"
#include "lab/kernel/rtnl.h"
#include "lab/run/feature_probe.h"

#define PATIENCE (10 * NS_PER_S) /* a probe is a few system calls: one that hangs this long is broken */

/* --- probes of one line --- */

static int try_veth(struct err *note)
{
	_cleanup_close_ int here = -1;
	struct rtnl *rtnl = NULL;
	int r = netns_current(&here, note);

	if (r < 0)
		return r;
	const struct rtnl_veth_end a = {.netns = here, .name = "a", .index = 10, .mac = mac_addr_derive("probe", "a")};
	const struct rtnl_veth_end b = {.netns = here, .name = "b", .index = 11, .mac = mac_addr_derive("probe", "b")};
	r = rtnl_open(&rtnl, note);
	if (r == 0)
		r = rtnl_add_veth(rtnl, &a, &b, note);
	if (r == 0)
		r = rtnl_commit(rtnl, note);
	rtnl_close(rtnl);
	return r;
}

static int try_offloads(struct err *note)
{
	int r = try_veth(note);

	return r < 0 ? r : ethtool_set_offloads("a", false, note);
}

static int try_qdisc_words(const char *words, struct err *note)
{
	struct rtnl *rtnl = NULL;
	int r = rtnl_open(&rtnl, note);

	if (r == 0)
		r = rtnl_add_qdisc(rtnl, 1, words, note);
	if (r == 0)
		r = rtnl_commit(rtnl, note);
	rtnl_close(rtnl);
	return r;
}

static int try_tbf(struct err *note)
{
	return try_qdisc_words("tbf rate 1mbit burst 10kb latency 50ms", note);
}

static int try_vlan_filtering(struct err *note)
{
	struct mac_addr mac = mac_addr_derive("probe", "bridge");
	struct rtnl *rtnl = NULL;
	int r = rtnl_open(&rtnl, note);

	if (r == 0)
		r = rtnl_add_bridge(rtnl, "br0", 10, &mac, true, note);
	if (r == 0)
		r = rtnl_commit(rtnl, note);
	rtnl_close(rtnl);
	return r == -EOPNOTSUPP ? err_set(note, r, "this kernel's bridges do not filter VLANs (CONFIG_BRIDGE_VLAN_FILTERING)") : r;
}

static int try_ruleset(const char *ruleset, struct err *note)
{
	unsigned line, column;

	return nftables_apply(ruleset, false, &line, &column, note);
}

static int try_conntrack(struct err *note)
{
	struct arena *arena = arena_new();
	struct rtnl_record *records;
	size_t count;
	int r = try_ruleset("table inet t { chain c { type filter hook input priority 0; ct state established accept; }; }", note);

	if (r == 0)
		r = conntrack_read(arena, &records, &count, note);
	arena_free(arena);
	return r;
}

/*
 * Asking for a kind loads its module. Kinds whose module makes devices in the host's own namespace when it is loaded (dummy0,
 * ifb0, bond0, tunl0) must not be asked for.
 */
#define KIND(kind)                                       \
	static int try_##kind(struct err *note)          \
	{                                                \
		return probe_link_kind(#kind, note);     \
	}
KIND(bridge)
KIND(vlan)
KIND(macvlan)
KIND(vxlan)

static int try_netem(struct err *note)
{
	return probe_qdisc_kind("netem", note);
}

#define RULESET(name, words)                             \
	static int try_##name(struct err *note)          \
	{                                                \
		return try_ruleset(words, note);         \
	}
RULESET(nftables, "table inet t { chain c { type filter hook input priority 0; accept; }; }")
RULESET(nat, "table ip t { chain c { type nat hook postrouting priority 100; masquerade; }; }")
RULESET(tproxy, "table ip t { chain c { type filter hook prerouting priority -150; meta l4proto tcp tproxy to :1234 accept; }; }")
RULESET(synproxy, "table ip t { chain c { type filter hook input priority 0; tcp dport 80 synproxy mss 1460 wscale 7; }; }")
RULESET(egress, "table netdev t { chain c { type filter hook egress device \"lo\" priority 0; accept; }; }")

static int try_driver(const char *name, struct err *note)
{
	const struct driver *driver = driver_find(name);

	if (!driver)
		return err_set(note, -ENOENT, "there is no technique '%s'", name);
	return driver->probe ? driver->probe(note) : 0;
}

#define DRIVER(name)                                     \
	static int try_driver_##name(struct err *note)   \
	{                                                \
		return try_driver(#name, note);          \
	}
DRIVER(udp)
DRIVER(tcp)
DRIVER(raw)
DRIVER(packet)
DRIVER(rx_ring)
DRIVER(tx_ring)

static int try_rings(struct err *note)
{
	int r = try_driver("rx_ring", note);

	return r < 0 ? r : try_driver("tx_ring", note);
}

/* --- the table --- */

#define MODULE(name) "as root on the host: modprobe " name

const struct feature features[] = {
	{"userns", FEATURE_SANDBOX, false, true, "user namespaces: labs without root", NULL, feature_try_userns},
	{"netns", FEATURE_SANDBOX, true, true, "network namespaces: each node is one", NULL, feature_try_netns},
	{"pidns", FEATURE_SANDBOX, true, true, "PID namespaces: the kernel ends all that a lab started", NULL, feature_try_pidns},
	{"mount", FEATURE_SANDBOX, true, true, "mount namespaces: nodes with files of their own", NULL, feature_try_mount},
	{"proc", FEATURE_SANDBOX, true, true, "a /proc of its own for each lab",
	 "in a container: start it with --security-opt systempaths=unconfined, or with --privileged", feature_try_proc},
	{"sysctl", FEATURE_SANDBOX, true, false, "net sysctls that can be written inside",
	 "in a container: /proc/sys is read-only there; start it with --security-opt systempaths=unconfined, or with --privileged",
	 feature_try_sysctl},
	{"subuid", FEATURE_SANDBOX, false, false, "users besides uid 0 in a lab, for programs that drop their rights",
	 "run as root: an ordinary user's lab has one user", feature_try_subuid},

	{"veth", FEATURE_LINK, true, false, "veth pairs: wires", MODULE("veth"), try_veth},
	{"offloads", FEATURE_LINK, true, false, "ethtool's switches for offloads", NULL, try_offloads},
	{"bridge", FEATURE_LINK, false, false, "bridges: switches, and wires with three ends or more", MODULE("bridge"), try_bridge},
	{"vlan_filtering", FEATURE_LINK, false, false, "bridges that look at VLAN tags", NULL, try_vlan_filtering},
	{"vlan", FEATURE_LINK, false, false, "vlan interfaces (a tag can be written into a packet without)", MODULE("8021q"), try_vlan},
	{"macvlan", FEATURE_LINK, false, false, "macvlan interfaces", MODULE("macvlan"), try_macvlan},
	{"vxlan", FEATURE_LINK, false, false, "vxlan tunnels", MODULE("vxlan"), try_vxlan},
	{"tun", FEATURE_LINK, false, false, "tun devices: interfaces that a program is behind", MODULE("tun"), probe_tun},
	{"tbf", FEATURE_LINK, false, false, "queueing by token bucket: slow wires", MODULE("sch_tbf"), try_tbf},
	{"netem", FEATURE_LINK, false, false, "queueing with delay and loss", MODULE("sch_netem"), try_netem},
	{"ipv6", FEATURE_LINK, false, false, "IPv6 addresses", "boot the kernel without ipv6.disable=1", probe_ipv6},

	{"nftables", FEATURE_NETFILTER, false, false, "rulesets, through libnftables", MODULE("nf_tables"), try_nftables},
	{"conntrack", FEATURE_NETFILTER, false, false, "connection tracking, and its table", MODULE("nf_conntrack"), try_conntrack},
	{"nat", FEATURE_NETFILTER, false, false, "address translation", MODULE("nft_chain_nat"), try_nat},
	{"tproxy", FEATURE_NETFILTER, false, false, "transparent proxying", MODULE("nft_tproxy"), try_tproxy},
	{"synproxy", FEATURE_NETFILTER, false, false, "SYN cookies before a server", MODULE("nft_synproxy"), try_synproxy},
	{"egress", FEATURE_NETFILTER, false, false, "nftables' hook behind the stack (Linux 5.16)", NULL, try_egress},
	{"nftrace", FEATURE_NETFILTER, false, false, "traces that name the rule that dropped a packet", NULL, probe_nftrace},

	{"filters", FEATURE_SOCKET, false, true, "packet filters, through libpcap", "install libpcap (Debian: libpcap0.8)", feature_try_filters},
	{"udp", FEATURE_SOCKET, true, false, "technique: UDP sockets", NULL, try_driver_udp},
	{"tcp", FEATURE_SOCKET, true, false, "technique: TCP sockets", NULL, try_driver_tcp},
	{"raw", FEATURE_SOCKET, false, false, "technique: raw IP sockets", NULL, try_driver_raw},
	{"packet", FEATURE_SOCKET, true, false, "technique: packet sockets; the observer's", MODULE("af_packet"), try_driver_packet},
	{"rx_ring", FEATURE_SOCKET, false, false, "technique: receiving by a mapped ring; the observer's on busy wires", NULL, try_driver_rx_ring},
	{"tx_ring", FEATURE_SOCKET, false, false, "technique: sending by a mapped ring", NULL, try_driver_tx_ring},
	{"rings", FEATURE_SOCKET, false, false, "both rings", NULL, try_rings},
	{"fanout", FEATURE_SOCKET, false, false, "packet sockets that share the load", NULL, probe_fanout},
	{"transparent", FEATURE_SOCKET, false, false, "sockets bound to addresses of others", NULL, probe_transparent},
	{"xdp", FEATURE_SOCKET, false, false, "AF_XDP sockets in copy mode", "a kernel with CONFIG_XDP_SOCKETS; ulimit -l raises the memory limit", probe_xdp},
	{"mptcp", FEATURE_SOCKET, false, false, "Multipath TCP", "a kernel with CONFIG_MPTCP; sysctl net.mptcp.enabled=1", probe_mptcp},
	{0},
};

const struct feature *feature_find(const char *name)
{
	for (const struct feature *feature = features; feature->name; feature++)
		if (strcmp(feature->name, name) == 0)
			return feature;
	return NULL;
}

/* --- trying --- */

/* In the child: the probe, and what came of it into the pipe. */
static void __attribute__((noreturn)) report(const struct feature *feature, int fd)
{
	struct err note = {0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int r = feature->outside ? 0 : feature_enter(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS, &note);
	if (r == 0)
		r = feature->probe(&note);
	note.code = r;
	note.call = NULL;
	_exit(write(fd, &note, sizeof(note)) == (ssize_t)sizeof(note) ? 0 : 1);
}

static int collect(int fd, struct err *ret, struct err *err)
{
	int64_t deadline = clock_now() + PATIENCE;
	size_t have = 0;

	while (have < sizeof(*ret)) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		int64_t left = (deadline - clock_now()) / NS_PER_MS;
		int ready = poll(&poll_fd, 1, left > 0 ? (int)left : 0);

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return err_set(err, -ETIMEDOUT, "trying it took more than %lld s", (long long)(PATIENCE / NS_PER_S));
		ssize_t got = read(fd, (char *)ret + have, sizeof(*ret) - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_set(err, -EIO, "the process that tried it died");
		have += (size_t)got;
	}
	ret->text[sizeof(ret->text) - 1] = '\0';
	return 0;
}

int feature_probe(const struct feature *feature, struct err *err)
{
	struct err note = {0};
	int pipe_fd[2];

	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return err_errno(err, -errno, "pipe2(2)");
	pid_t pid = fork();
	if (pid == 0)
		report(feature, pipe_fd[1]);
	int fork_errno = errno;
	close(pipe_fd[1]);
	if (pid < 0) {
		close(pipe_fd[0]);
		return err_errno(err, -fork_errno, "cannot start a process");
	}
	int r = collect(pipe_fd[0], &note, err);
	close(pipe_fd[0]);
	if (r < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return r;
	if (note.code < 0)
		return err_set(err, note.code, "%s", note.text);
	if (err && note.text[0])
		memcpy(err->text, note.text, sizeof(err->text));
	return 0;
}
