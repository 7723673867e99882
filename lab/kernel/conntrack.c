/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection tracking table through libnl-nf, in conntrack(8)'s words. */
#include <errno.h>
#include <netinet/in.h>
#include <netlink/addr.h>
#include <netlink/cache.h>
#include <netlink/netfilter/ct.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "lab/kernel/netfilter.h"
#include "lab/packet/addr.h"

static void free_socket(struct nl_sock **socket)
{
	nl_socket_free(*socket);
}

static void free_cache(struct nl_cache **cache)
{
	nl_cache_free(*cache);
}

/* libnl has numbers of its own; what they mean to a person is enough here. */
static int connect_netfilter(struct nl_sock **ret, struct err *err)
{
	struct nl_sock *socket = nl_socket_alloc();
	int r;

	if (!socket)
		return err_set(err, -ENOMEM, "cannot make a netlink socket");
	r = nl_connect(socket, NETLINK_NETFILTER);
	if (r < 0) {
		nl_socket_free(socket);
		return err_set(err, -EIO, "cannot open a netfilter netlink socket: %s", nl_geterror(r));
	}
	*ret = socket;
	return 0;
}

static void add(struct arena *arena, struct rtnl_record_word *words, size_t *count, const char *key, const char *value)
{
	words[(*count)++] = (struct rtnl_record_word){key, arena_strdup(arena, value)};
}

static void add_number(struct arena *arena, struct rtnl_record_word *words, size_t *count, const char *key, unsigned value)
{
	words[(*count)++] = (struct rtnl_record_word){key, arena_printf(arena, "%u", value)};
}

static void add_addr(struct arena *arena, struct rtnl_record_word *words, size_t *count, const char *key, const struct nl_addr *addr)
{
	_cleanup_text_ struct text text = {0};
	struct ip_addr value = {0};

	if (!addr || nl_addr_get_len(addr) > sizeof(value.bytes))
		return;
	value.family = nl_addr_get_len(addr) == 16 ? AF_INET6 : AF_INET;
	memcpy(value.bytes, nl_addr_get_binary_addr(addr), nl_addr_get_len(addr));
	ip_addr_print(&value, &text);
	add(arena, words, count, key, text_str(&text));
}

static const char *const tcp_states[] = {"NONE",     "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT",
					 "LAST_ACK", "TIME_WAIT", "CLOSE",    "SYN_SENT2"};

static void add_protocol(struct arena *arena, struct rtnl_record_word *words, size_t *count, const struct nfnl_ct *ct)
{
	static const struct {
		unsigned number;
		const char *name;
	} names[] = {{IPPROTO_ICMP, "icmp"}, {IPPROTO_TCP, "tcp"}, {IPPROTO_UDP, "udp"}, {IPPROTO_ICMPV6, "icmpv6"}, {IPPROTO_SCTP, "sctp"}, {IPPROTO_GRE, "gre"}};
	unsigned number = nfnl_ct_get_proto(ct);

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (names[i].number == number) {
			add(arena, words, count, "protocol", names[i].name);
			return;
		}
	add_number(arena, words, count, "protocol", number);
}

#define WORDS_MAX 24

static struct rtnl_record read_entry(const struct nfnl_ct *ct, struct arena *arena)
{
	struct rtnl_record_word words[WORDS_MAX];
	size_t count = 0;

	if (nfnl_ct_test_proto(ct))
		add_protocol(arena, words, &count, ct);
	if (nfnl_ct_test_tcp_state(ct) && nfnl_ct_get_tcp_state(ct) < COUNT_OF(tcp_states))
		add(arena, words, &count, "state", tcp_states[nfnl_ct_get_tcp_state(ct)]);
	add_addr(arena, words, &count, "orig.src", nfnl_ct_get_src(ct, 0));
	add_addr(arena, words, &count, "orig.dst", nfnl_ct_get_dst(ct, 0));
	if (nfnl_ct_test_src_port(ct, 0))
		add_number(arena, words, &count, "orig.sport", nfnl_ct_get_src_port(ct, 0));
	if (nfnl_ct_test_dst_port(ct, 0))
		add_number(arena, words, &count, "orig.dport", nfnl_ct_get_dst_port(ct, 0));
	if (nfnl_ct_test_icmp_type(ct, 0))
		add_number(arena, words, &count, "type", nfnl_ct_get_icmp_type(ct, 0));
	if (nfnl_ct_test_icmp_id(ct, 0))
		add_number(arena, words, &count, "id", nfnl_ct_get_icmp_id(ct, 0));
	add_addr(arena, words, &count, "reply.src", nfnl_ct_get_src(ct, 1));
	add_addr(arena, words, &count, "reply.dst", nfnl_ct_get_dst(ct, 1));
	if (nfnl_ct_test_src_port(ct, 1))
		add_number(arena, words, &count, "reply.sport", nfnl_ct_get_src_port(ct, 1));
	if (nfnl_ct_test_dst_port(ct, 1))
		add_number(arena, words, &count, "reply.dport", nfnl_ct_get_dst_port(ct, 1));
	if (nfnl_ct_test_timeout(ct))
		add_number(arena, words, &count, "timeout", nfnl_ct_get_timeout(ct));
	if (nfnl_ct_test_mark(ct))
		add_number(arena, words, &count, "mark", nfnl_ct_get_mark(ct));
	if (nfnl_ct_test_zone(ct))
		add_number(arena, words, &count, "zone", nfnl_ct_get_zone(ct));
	if (nfnl_ct_test_status(ct)) {
		unsigned status = nfnl_ct_get_status(ct);

		add(arena, words, &count, "seen-reply", status & IPS_SEEN_REPLY ? "yes" : "no");
		add(arena, words, &count, "assured", status & IPS_ASSURED ? "yes" : "no");
		add(arena, words, &count, "src-nat", status & IPS_SRC_NAT ? "yes" : "no");
		add(arena, words, &count, "dst-nat", status & IPS_DST_NAT ? "yes" : "no");
	}

	struct rtnl_record_word *kept = arena_alloc(arena, (count + 1) * sizeof(*kept));
	memcpy(kept, words, count * sizeof(*kept));
	return (struct rtnl_record){kept, count};
}

int conntrack_read(struct arena *arena, struct rtnl_record **ret, size_t *ret_count, struct err *err)
{
	_cleanup_(free_socket) struct nl_sock *socket = NULL;
	_cleanup_(free_cache) struct nl_cache *cache = NULL;
	struct rtnl_record *records;
	size_t count = 0;
	int r = connect_netfilter(&socket, err);

	if (r < 0)
		return r;
	r = nfnl_ct_alloc_cache(socket, &cache);
	if (r < 0)
		return err_set(err, -EIO, "cannot read the conntrack table: %s", nl_geterror(r));
	records = arena_alloc(arena, ((size_t)nl_cache_nitems(cache) + 1) * sizeof(*records));
	for (struct nl_object *at = nl_cache_get_first(cache); at; at = nl_cache_get_next(at))
		records[count++] = read_entry((const struct nfnl_ct *)(const void *)at, arena);
	*ret = records;
	*ret_count = count;
	return 0;
}

int conntrack_flush(struct err *err)
{
	_cleanup_(free_socket) struct nl_sock *socket = NULL;
	struct nfgenmsg header = {.nfgen_family = AF_UNSPEC};
	int r = connect_netfilter(&socket, err);

	if (r < 0)
		return r;
	r = nl_send_simple(socket, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, NLM_F_ACK, &header, sizeof(header));
	if (r >= 0)
		r = nl_wait_for_ack(socket);
	if (r < 0)
		return err_set(err, -EIO, "cannot empty the conntrack table: %s", nl_geterror(r));
	return 0;
}
