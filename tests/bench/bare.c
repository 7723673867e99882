/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The measure of things: what a lab costs in plain C, with nothing of nslab's. */
#include "tests/bench/bare.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MUST(call)                                                                         \
	({                                                                                 \
		__typeof__(call) must_value = (call);                                      \
		if (must_value < 0) {                                                      \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, strerror(errno)); \
			_exit(2);                                                          \
		}                                                                          \
		must_value;                                                                \
	})

/* --- netlink by hand --- */

struct batch {
	_Alignas(struct nlmsghdr) char bytes[4096];
	size_t length;
	struct nlmsghdr *last;
	uint32_t sequence;
};

static void *append(struct batch *batch, const void *data, size_t length)
{
	char *at = batch->bytes + batch->length;

	memset(at, 0, NLMSG_ALIGN(length));
	if (data)
		memcpy(at, data, length);
	batch->length += NLMSG_ALIGN(length);
	batch->last->nlmsg_len += (uint32_t)NLMSG_ALIGN(length);
	return at;
}

static void begin(struct batch *batch, int type, int flags, const void *header, size_t length)
{
	batch->last = (void *)(batch->bytes + batch->length);
	*batch->last = (struct nlmsghdr){.nlmsg_len = sizeof(struct nlmsghdr), .nlmsg_type = (uint16_t)type,
					 .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags), .nlmsg_seq = ++batch->sequence};
	batch->length += sizeof(struct nlmsghdr);
	append(batch, header, length);
}

static void put(struct batch *batch, int type, const void *data, size_t length)
{
	struct rtattr attribute = {.rta_len = (uint16_t)RTA_LENGTH(length), .rta_type = (uint16_t)type};

	append(batch, &attribute, sizeof(attribute));
	append(batch, data, length);
}

static void put_u32(struct batch *batch, int type, uint32_t value)
{
	put(batch, type, &value, sizeof(value));
}

static struct rtattr *nest(struct batch *batch, int type)
{
	struct rtattr attribute = {.rta_type = (uint16_t)type};

	return append(batch, &attribute, sizeof(attribute));
}

static void end(struct batch *batch, struct rtattr *nested)
{
	nested->rta_len = (uint16_t)(batch->bytes + batch->length - (char *)nested);
}

/* Sends the batch and reads until its last request is answered. */
static void commit(int fd, struct batch *batch)
{
	_Alignas(struct nlmsghdr) char answer[16384];

	if (!batch->length)
		return;
	batch->last->nlmsg_flags |= NLM_F_ACK;
	MUST(send(fd, batch->bytes, batch->length, 0));
	for (;;) {
		int left = (int)MUST(recv(fd, answer, sizeof(answer), 0));

		for (struct nlmsghdr *at = (void *)answer; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
			if (at->nlmsg_type != NLMSG_ERROR)
				continue;
			errno = -((struct nlmsgerr *)NLMSG_DATA(at))->error;
			MUST(-errno);
			if (at->nlmsg_seq == batch->sequence) {
				batch->length = 0;
				return;
			}
		}
	}
}

/* --- a node --- */

static const struct {
	const char *path, *value;
} settings[] = {
	{"/proc/sys/net/ipv6/conf/all/accept_dad", "0"},
	{"/proc/sys/net/ipv6/conf/default/accept_dad", "0"},
	{"/proc/sys/net/ipv6/conf/default/accept_ra", "0"},
	{"/proc/sys/net/ipv4/icmp_ratemask", "0"},
	{"/proc/sys/net/ipv6/icmp/ratemask", "0"},
	{"/proc/sys/net/ipv4/tcp_congestion_control", "reno"},
	{"/proc/sys/net/ipv4/tcp_rmem", "4096 131072 6291456"},
	{"/proc/sys/net/ipv4/tcp_wmem", "4096 16384 4194304"},
};

static void make_node(int *ret_netns, int *ret_socket)
{
	MUST(unshare(CLONE_NEWNET));
	*ret_netns = MUST(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
	*ret_socket = MUST(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		int fd = MUST(open(settings[i].path, O_WRONLY | O_CLOEXEC));

		MUST(write(fd, settings[i].value, strlen(settings[i].value)));
		close(fd);
	}
}

static void put_end(struct batch *batch, int number, int netns)
{
	unsigned char mac[6] = {2, 0, 0, 0, 0, (unsigned char)number};

	put(batch, IFLA_IFNAME, "eth0", 5);
	put(batch, IFLA_ADDRESS, mac, sizeof(mac));
	put_u32(batch, IFLA_MTU, 1500);
	put_u32(batch, IFLA_NUM_TX_QUEUES, 1);
	put_u32(batch, IFLA_NUM_RX_QUEUES, 1);
	if (netns >= 0)
		put_u32(batch, IFLA_NET_NS_FD, (uint32_t)netns);
}

static void link_up(struct batch *batch, int index)
{
	struct ifinfomsg info = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};

	begin(batch, RTM_NEWLINK, 0, &info, sizeof(info));
}

static void add_veth(struct batch *batch, int peer_netns)
{
	struct ifinfomsg info = {.ifi_index = 2};

	begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	put_end(batch, 1, -1);
	struct rtattr *link = nest(batch, IFLA_LINKINFO);
	put(batch, IFLA_INFO_KIND, "veth", 5);
	struct rtattr *data = nest(batch, IFLA_INFO_DATA), *peer = nest(batch, VETH_INFO_PEER);
	append(batch, &info, sizeof(info));
	put_end(batch, 2, peer_netns);
	end(batch, peer);
	end(batch, data);
	end(batch, link);
}

static void add_address(struct batch *batch, const char *text)
{
	struct ifaddrmsg ifa = {.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 2};
	struct in_addr addr;

	inet_pton(AF_INET, text, &addr);
	begin(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &ifa, sizeof(ifa));
	put(batch, IFA_LOCAL, &addr, sizeof(addr));
	put(batch, IFA_ADDRESS, &addr, sizeof(addr));
}

static void ask_link(struct batch *batch)
{
	struct ifinfomsg info = {.ifi_index = 2};

	begin(batch, RTM_GETLINK, 0, &info, sizeof(info));
	put_u32(batch, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

/* --- offloads --- */

struct features {
	struct ethtool_sfeatures header;
	struct ethtool_set_features_block blocks[8];
};

static void ethtool(int fd, void *command)
{
	struct ifreq request = {.ifr_name = "eth0", .ifr_data = command};

	MUST(ioctl(fd, SIOCETHTOOL, &request));
}

static void find_features(int fd, struct features *ret)
{
	static struct {
		struct ethtool_gstrings header;
		char names[256][ETH_GSTRING_LEN];
	} names;
	struct {
		struct ethtool_sset_info header;
		uint32_t count;
	} info = {.header = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES}};

	ethtool(fd, &info);
	names.header = (struct ethtool_gstrings){.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES, .len = info.count};
	ethtool(fd, &names);
	*ret = (struct features){.header = {.cmd = ETHTOOL_SFEATURES, .size = (info.count + 31) / 32}};
	for (uint32_t i = 0; i < info.count && i < 256; i++) {
		const char *name = names.names[i];

		if (strstr(name, "tx-checksum-") || strstr(name, "tx-scatter-gather") || strstr(name, "-segmentation") || strstr(name, "tx-gso-") ||
		    strstr(name, "rx-gro") || strstr(name, "rx-udp-gro"))
			ret->blocks[i / 32].valid |= 1u << i % 32;
	}
}

/* --- the lab --- */

void bare_build(int nodes, struct bare_lab *ret)
{
	struct bare_lab lab = {.nodes = nodes, .netns = calloc((size_t)nodes, sizeof(int)), .socket = calloc((size_t)nodes, sizeof(int))};
	struct batch batch = {.length = 0};
	struct features features;

	for (int i = 0; i < nodes; i++)
		make_node(&lab.netns[i], &lab.socket[i]);
	for (int i = 0; i < nodes; i++) {
		link_up(&batch, 1);
		if (i % 2 == 0)
			add_veth(&batch, lab.netns[i + 1]);
		commit(lab.socket[i], &batch);
	}
	find_features(lab.socket[0], &features);
	for (int i = 0; i < nodes; i++) {
		ethtool(lab.socket[i], &features);
		link_up(&batch, 2);
		commit(lab.socket[i], &batch);
	}
	for (int i = 0; i < nodes; i++) {
		ask_link(&batch);
		add_address(&batch, i % 2 ? BARE_RIGHT : BARE_LEFT);
		commit(lab.socket[i], &batch);
	}
	*ret = lab;
}

static int open_udp(int netns, const char *address)
{
	struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(7000)};

	inet_pton(AF_INET, address, &local.sin_addr);
	MUST(setns(netns, CLONE_NEWNET));
	int fd = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	MUST(bind(fd, (struct sockaddr *)&local, sizeof(local)));
	return fd;
}

void bare_first_packet(const int *netns)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7000)};
	int receiver = open_udp(netns[1], BARE_RIGHT), sender = open_udp(netns[0], BARE_LEFT);
	char byte;

	inet_pton(AF_INET, BARE_RIGHT, &to.sin_addr);
	MUST(sendto(sender, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
	MUST(recv(receiver, &byte, 1, 0));
	close(receiver);
	close(sender);
}

/* --- a case --- */

static int open_packet(int netns)
{
	struct sockaddr_ll local = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = 2};

	MUST(setns(netns, CLONE_NEWNET));
	int fd = MUST(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)), on = 1;
	MUST(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)));
	MUST(bind(fd, (struct sockaddr *)&local, sizeof(local)));
	return fd;
}

/* Reads frames until the datagram to port 7000 has come in. */
static void await_datagram(int fd)
{
	unsigned char frame[2048];
	struct sockaddr_ll from;

	for (;;) {
		socklen_t length = sizeof(from);
		ssize_t n = MUST(recvfrom(fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &length));

		if (n >= 42 && from.sll_pkttype != PACKET_OUTGOING && frame[12] == 8 && frame[13] == 0 && frame[23] == IPPROTO_UDP &&
		    frame[36] << 8 == (7000 & 0xff00) && frame[37] == (7000 & 0xff))
			return;
	}
}

static void run_case(int verdict_fd, uid_t uid, gid_t gid)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7000)};
	struct bare_lab lab;

	MUST(prctl(PR_SET_PDEATHSIG, SIGKILL));
	if (uid)
		bare_map_user(uid, gid);
	MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	MUST(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
	bare_build(2, &lab);
	int near = open_packet(lab.netns[0]), far = open_packet(lab.netns[1]);
	MUST(setns(lab.netns[0], CLONE_NEWNET));
	int sender = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	inet_pton(AF_INET, BARE_RIGHT, &to.sin_addr);
	MUST(sendto(sender, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
	await_datagram(far);
	MUST(write(verdict_fd, "p", 1));
	close(near);
	_exit(0);
}

static void write_file(const char *path, const char *text)
{
	int fd = MUST(open(path, O_WRONLY | O_CLOEXEC));

	MUST(write(fd, text, strlen(text)));
	close(fd);
}

void bare_map_user(uid_t uid, gid_t gid)
{
	char map[64];

	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_file("/proc/self/gid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/uid_map", map);
}

int64_t bare_case(pid_t *ret_pid)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | (uid ? CLONE_NEWUSER : 0) | SIGCHLD;
	struct timespec before, after;
	int verdict[2];
	char byte;

	clock_gettime(CLOCK_MONOTONIC, &before);
	MUST(pipe2(verdict, O_CLOEXEC));
	long pid = MUST(syscall(SYS_clone, flags, NULL, NULL, NULL, NULL));
	if (pid == 0)
		run_case(verdict[1], uid, gid);
	close(verdict[1]);
	if (read(verdict[0], &byte, 1) != 1) {
		fprintf(stderr, "the bare case has failed\n");
		_exit(2);
	}
	clock_gettime(CLOCK_MONOTONIC, &after);
	close(verdict[0]);
	*ret_pid = (pid_t)pid;
	return (after.tv_sec - before.tv_sec) * INT64_C(1000000000) + after.tv_nsec - before.tv_nsec;
}

void bare_close(struct bare_lab *lab)
{
	for (int i = 0; i < lab->nodes; i++) {
		close(lab->socket[i]);
		close(lab->netns[i]);
	}
	free(lab->socket);
	free(lab->netns);
}
