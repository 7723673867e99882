/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets of a network namespace (sock_diag(7)), in ss(8)'s words. */
#include "lab/kernel/sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>

#include "lab/packet/addr.h"

/* include/net/tcp_states.h; UDP uses two of them. */
static const char *const state_names[] = {
	"", "ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "UNCONN", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING",
};

struct reading {
	struct arena *arena;
	ARRAY(struct rtnl_record) records;
	const char *netid;
};

static const char *address_text(struct reading *reading, int family, const void *bytes)
{
	struct ip_addr addr = {.family = (uint8_t)family};
	struct text out = {0};

	memcpy(addr.bytes, bytes, family == AF_INET ? 4 : 16);
	ip_addr_print(&addr, &out);
	const char *kept = arena_strdup(reading->arena, text_str(&out));
	text_free(&out);
	return kept;
}

static int on_socket(struct nl_msg *msg, void *data)
{
	struct reading *reading = data;
	const struct nlmsghdr *header = nlmsg_hdr(msg);
	const struct inet_diag_msg *socket = nlmsg_data(header);

	if (nlmsg_datalen(header) < (int)sizeof(*socket) || (socket->idiag_family != AF_INET && socket->idiag_family != AF_INET6))
		return NL_SKIP;

	struct rtnl_record_word *words = arena_alloc(reading->arena, 6 * sizeof(*words));
	words[0] = (struct rtnl_record_word){"netid", reading->netid};
	words[1] = (struct rtnl_record_word){
		"state", socket->idiag_state < COUNT_OF(state_names) ? state_names[socket->idiag_state] : "UNKNOWN"};
	words[2] = (struct rtnl_record_word){"local", address_text(reading, socket->idiag_family, socket->id.idiag_src)};
	words[3] = (struct rtnl_record_word){"local_port", arena_printf(reading->arena, "%u", ntohs(socket->id.idiag_sport))};
	words[4] = (struct rtnl_record_word){"peer", address_text(reading, socket->idiag_family, socket->id.idiag_dst)};
	words[5] = (struct rtnl_record_word){"peer_port", arena_printf(reading->arena, "%u", ntohs(socket->id.idiag_dport))};
	array_push(&reading->records, (struct rtnl_record){words, 6});
	return NL_OK;
}

static int dump(struct nl_sock *sock, int family, int protocol, struct err *err)
{
	struct inet_diag_req_v2 request = {
		.sdiag_family = (uint8_t)family, .sdiag_protocol = (uint8_t)protocol, .idiag_states = UINT32_MAX,
	};
	int r = nl_send_simple(sock, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request));

	if (r >= 0)
		r = nl_recvmsgs_default(sock);
	if (r == -NLE_OBJ_NOTFOUND) /* a family or protocol that this kernel was built without */
		return 0;
	return r < 0 ? err_set(err, -EIO, "cannot read the sockets of the namespace: %s", nl_geterror(r)) : 0;
}

int sockdiag_read(struct arena *arena, struct rtnl_record **ret, size_t *ret_count, struct err *err)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct reading reading = {.arena = arena};
	struct nl_sock *sock = nl_socket_alloc();
	int r;

	if (!sock)
		abort();
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_socket, &reading);
	r = nl_connect(sock, NETLINK_SOCK_DIAG);
	if (r < 0)
		r = err_set(err, -EIO, "cannot open a sock_diag socket: %s", nl_geterror(r));
	for (size_t i = 0; i < COUNT_OF(families) && r >= 0; i++) {
		reading.netid = "tcp";
		r = dump(sock, families[i], IPPROTO_TCP, err);
		if (r < 0)
			break;
		reading.netid = "udp";
		r = dump(sock, families[i], IPPROTO_UDP, err);
	}
	nl_socket_free(sock);
	if (r >= 0) {
		*ret = arena_alloc(arena, (reading.records.count + 1) * sizeof(struct rtnl_record));
		if (reading.records.count)
			memcpy(*ret, reading.records.items, reading.records.count * sizeof(struct rtnl_record));
		*ret_count = reading.records.count;
	}
	array_free(&reading.records);
	return r < 0 ? r : 0;
}
