/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State as iproute2 prints it: routes, neighbours, addresses, links, rules. */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "lab/kernel/rtnl.h"
#include "lab/kernel/rtnl_request.h"

/*
 * Each entry becomes a record of words: "dst 192.0.2.0/24", "via 192.0.2.1",
 * "dev eth0"… Interface names come from a dump of the links, read first.
 */
struct name {
	int index;
	const char *name;
};

struct reader {
	enum rtnl_table table;
	struct arena *arena;
	ARRAY(struct name) names;
	ARRAY(struct rtnl_record) records;
	ARRAY(struct rtnl_record_word) words; /* of the record being read */
};

static void add_word(struct reader *reader, const char *key, const char *value)
{
	array_push(&reader->words, (struct rtnl_record_word){key, arena_strdup(reader->arena, value)});
}

static void add_number(struct reader *reader, const char *key, uint32_t value)
{
	array_push(&reader->words, (struct rtnl_record_word){key, arena_printf(reader->arena, "%u", value)});
}

static void end_record(struct reader *reader)
{
	struct rtnl_record_word *words = arena_alloc(reader->arena, (reader->words.count + 1) * sizeof(*words));

	if (reader->words.count)
		memcpy(words, reader->words.items, reader->words.count * sizeof(*words));
	array_push(&reader->records, (struct rtnl_record){words, reader->words.count});
	reader->words.count = 0;
}

static void add_dev(struct reader *reader, const char *key, int index)
{
	for (size_t i = 0; i < reader->names.count; i++)
		if (reader->names.items[i].index == index) {
			add_word(reader, key, reader->names.items[i].name);
			return;
		}
}

struct code_name {
	uint32_t code;
	const char *name;
};

static const char *code_name(const struct code_name *names, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].code == code)
			return names[i].name;
	return NULL;
}

static void add_code(struct reader *reader, const char *key, const struct code_name *names, size_t count, uint32_t code)
{
	const char *name = code_name(names, count, code);

	if (name)
		add_word(reader, key, name);
	else
		add_number(reader, key, code);
}

static const struct code_name tables[] = {{RT_TABLE_MAIN, "main"}, {RT_TABLE_LOCAL, "local"}, {RT_TABLE_DEFAULT, "default"}};
static const struct code_name scopes[] = {
	{RT_SCOPE_UNIVERSE, "global"}, {RT_SCOPE_SITE, "site"}, {RT_SCOPE_LINK, "link"}, {RT_SCOPE_HOST, "host"}, {RT_SCOPE_NOWHERE, "nowhere"}};
static const struct code_name protocols[] = {{RTPROT_KERNEL, "kernel"}, {RTPROT_BOOT, "boot"}, {RTPROT_STATIC, "static"},
					     {RTPROT_RA, "ra"},		{RTPROT_DHCP, "dhcp"}, {RTPROT_REDIRECT, "redirect"}};
static const struct code_name route_types[] = {{RTN_UNICAST, "unicast"},     {RTN_LOCAL, "local"},
					       {RTN_BROADCAST, "broadcast"}, {RTN_ANYCAST, "anycast"},
					       {RTN_MULTICAST, "multicast"}, {RTN_BLACKHOLE, "blackhole"},
					       {RTN_UNREACHABLE, "unreachable"}, {RTN_PROHIBIT, "prohibit"},
					       {RTN_THROW, "throw"},	     {RTN_NAT, "nat"}};
static const struct code_name neighbour_states[] = {{NUD_INCOMPLETE, "INCOMPLETE"}, {NUD_REACHABLE, "REACHABLE"}, {NUD_STALE, "STALE"},
						    {NUD_DELAY, "DELAY"},	    {NUD_PROBE, "PROBE"},	  {NUD_FAILED, "FAILED"},
						    {NUD_NOARP, "NOARP"},	    {NUD_PERMANENT, "PERMANENT"}, {NUD_NONE, "NONE"}};
static const struct code_name actions[] = {{FR_ACT_TO_TBL, "lookup"},	       {FR_ACT_BLACKHOLE, "blackhole"}, {FR_ACT_UNREACHABLE, "unreachable"},
					   {FR_ACT_PROHIBIT, "prohibit"}, {FR_ACT_GOTO, "goto"},	{FR_ACT_NOP, "nop"}};
static const struct code_name operstates[] = {{0, "UNKNOWN"}, {1, "NOTPRESENT"}, {2, "DOWN"}, {3, "LOWERLAYERDOWN"}, {4, "TESTING"}, {5, "DORMANT"}, {6, "UP"}};

#define ADD_CODE(reader, key, table, code) add_code(reader, key, table, COUNT_OF(table), code)

/* --- attributes: each checks the length before use --- */

static uint32_t get_u32(struct nlattr *attribute, uint32_t otherwise)
{
	return attribute && nla_len(attribute) >= 4 ? nla_get_u32(attribute) : otherwise;
}

static bool get_addr(struct nlattr *attribute, uint8_t family, struct ip_addr *ret)
{
	int size = family == AF_INET6 ? 16 : 4;

	if (!attribute || nla_len(attribute) < size || (family != AF_INET && family != AF_INET6))
		return false;
	*ret = (struct ip_addr){.family = family};
	memcpy(ret->bytes, nla_data(attribute), (size_t)size);
	return true;
}

static void add_addr(struct reader *reader, const char *key, struct nlattr *attribute, uint8_t family)
{
	_cleanup_text_ struct text text = {0};
	struct ip_addr addr;

	if (!get_addr(attribute, family, &addr))
		return;
	ip_addr_print(&addr, &text);
	add_word(reader, key, text_str(&text));
}

/* iproute2 leaves the length of a host address out, except of an interface's own address (`always`). */
static void add_prefix(struct reader *reader, const char *key, struct nlattr *attribute, uint8_t family, uint8_t length, bool always)
{
	_cleanup_text_ struct text text = {0};
	struct ip_addr addr;

	if (!get_addr(attribute, family, &addr))
		return;
	ip_addr_print(&addr, &text);
	if (always || length != (family == AF_INET6 ? 128 : 32))
		text_addf(&text, "/%u", length);
	add_word(reader, key, text_str(&text));
}

static void add_mac(struct reader *reader, const char *key, struct nlattr *attribute)
{
	_cleanup_text_ struct text text = {0};
	struct mac_addr mac;

	if (!attribute || nla_len(attribute) != sizeof(mac.bytes))
		return;
	memcpy(mac.bytes, nla_data(attribute), sizeof(mac.bytes));
	mac_addr_print(&mac, &text);
	add_word(reader, key, text_str(&text));
}

static void add_string(struct reader *reader, const char *key, struct nlattr *attribute)
{
	if (attribute && nla_len(attribute) > 0 && memchr(nla_data(attribute), '\0', (size_t)nla_len(attribute)))
		add_word(reader, key, nla_get_string(attribute));
}

static int parse(const struct nlmsghdr *message, size_t header, struct nlattr **attributes, int max, struct err *err)
{
	if (nlmsg_parse((struct nlmsghdr *)(uintptr_t)message, (int)header, attributes, max, NULL) < 0)
		return err_set(err, -EBADMSG, "an answer of rtnetlink cannot be read");
	return 0;
}

/* --- one function a table --- */

static int read_link(struct reader *reader, const struct nlmsghdr *message, struct err *err)
{
	const struct ifinfomsg *info = nlmsg_data(message);
	struct nlattr *attributes[IFLA_MAX + 1];
	int r = parse(message, sizeof(*info), attributes, IFLA_MAX, err);

	if (r < 0)
		return r;
	add_string(reader, "dev", attributes[IFLA_IFNAME]);
	add_number(reader, "index", (uint32_t)info->ifi_index);
	add_word(reader, "up", info->ifi_flags & IFF_UP ? "yes" : "no");
	add_word(reader, "carrier", info->ifi_flags & IFF_LOWER_UP ? "yes" : "no");
	if (attributes[IFLA_OPERSTATE] && nla_len(attributes[IFLA_OPERSTATE]) >= 1)
		ADD_CODE(reader, "state", operstates, nla_get_u8(attributes[IFLA_OPERSTATE]));
	add_number(reader, "mtu", get_u32(attributes[IFLA_MTU], 0));
	add_mac(reader, "address", attributes[IFLA_ADDRESS]);
	add_string(reader, "qdisc", attributes[IFLA_QDISC]);
	if (attributes[IFLA_MASTER])
		add_dev(reader, "master", (int)get_u32(attributes[IFLA_MASTER], 0));
	return 1;
}

static int read_address(struct reader *reader, const struct nlmsghdr *message, struct err *err)
{
	const struct ifaddrmsg *ifa = nlmsg_data(message);
	struct nlattr *attributes[IFA_MAX + 1];
	int r = parse(message, sizeof(*ifa), attributes, IFA_MAX, err);

	if (r < 0)
		return r;
	uint32_t flags = get_u32(attributes[IFA_FLAGS], ifa->ifa_flags);

	add_dev(reader, "dev", (int)ifa->ifa_index);
	add_word(reader, "family", ifa->ifa_family == AF_INET6 ? "inet6" : "inet");
	add_prefix(reader, "address", attributes[attributes[IFA_LOCAL] ? IFA_LOCAL : IFA_ADDRESS], ifa->ifa_family, ifa->ifa_prefixlen, true);
	ADD_CODE(reader, "scope", scopes, ifa->ifa_scope);
	if (flags & IFA_F_TENTATIVE)
		add_word(reader, "tentative", "yes");
	if (flags & IFA_F_DADFAILED)
		add_word(reader, "dadfailed", "yes");
	return 1;
}

static int read_route(struct reader *reader, const struct nlmsghdr *message, struct err *err)
{
	const struct rtmsg *rtm = nlmsg_data(message);
	struct nlattr *attributes[RTA_MAX + 1], *metrics[RTAX_MAX + 1] = {NULL};
	int r = parse(message, sizeof(*rtm), attributes, RTA_MAX, err);

	if (r < 0)
		return r;
	uint32_t table = get_u32(attributes[RTA_TABLE], rtm->rtm_table);

	/* What `ip route` shows unasked: no cached clones. The local table is there for who asks for it by word. */
	if (rtm->rtm_flags & RTM_F_CLONED)
		return 0;
	add_word(reader, "family", rtm->rtm_family == AF_INET6 ? "inet6" : "inet");
	ADD_CODE(reader, "type", route_types, rtm->rtm_type);
	if (rtm->rtm_dst_len)
		add_prefix(reader, "dst", attributes[RTA_DST], rtm->rtm_family, rtm->rtm_dst_len, false);
	else
		add_word(reader, "dst", "default");
	add_addr(reader, "via", attributes[RTA_GATEWAY], rtm->rtm_family);
	if (attributes[RTA_OIF])
		add_dev(reader, "dev", (int)get_u32(attributes[RTA_OIF], 0));
	ADD_CODE(reader, "table", tables, table);
	ADD_CODE(reader, "protocol", protocols, rtm->rtm_protocol);
	ADD_CODE(reader, "scope", scopes, rtm->rtm_scope);
	add_addr(reader, "src", attributes[RTA_PREFSRC], rtm->rtm_family);
	if (attributes[RTA_PRIORITY])
		add_number(reader, "metric", get_u32(attributes[RTA_PRIORITY], 0));
	if (attributes[RTA_METRICS] && nla_parse_nested(metrics, RTAX_MAX, attributes[RTA_METRICS], NULL) >= 0) {
		if (metrics[RTAX_MTU])
			add_number(reader, "mtu", get_u32(metrics[RTAX_MTU], 0));
		if (metrics[RTAX_ADVMSS])
			add_number(reader, "advmss", get_u32(metrics[RTAX_ADVMSS], 0));
	}
	if (rtm->rtm_flags & RTNH_F_ONLINK)
		add_word(reader, "onlink", "yes");
	if (rtm->rtm_flags & RTNH_F_LINKDOWN)
		add_word(reader, "linkdown", "yes");
	if (rtm->rtm_flags & RTNH_F_DEAD)
		add_word(reader, "dead", "yes");
	return 1;
}

static int read_neighbour(struct reader *reader, const struct nlmsghdr *message, struct err *err)
{
	const struct ndmsg *ndm = nlmsg_data(message);
	struct nlattr *attributes[NDA_MAX + 1];
	int r = parse(message, sizeof(*ndm), attributes, NDA_MAX, err);

	if (r < 0)
		return r;
	if (ndm->ndm_family != AF_INET && ndm->ndm_family != AF_INET6)
		return 0; /* a bridge's forwarding table */
	if (ndm->ndm_state == NUD_NOARP)
		return 0; /* multicast and loopback: not shown by `ip neighbour` either */
	add_word(reader, "family", ndm->ndm_family == AF_INET6 ? "inet6" : "inet");
	add_addr(reader, "dst", attributes[NDA_DST], ndm->ndm_family);
	add_dev(reader, "dev", ndm->ndm_ifindex);
	add_mac(reader, "lladdr", attributes[NDA_LLADDR]);
	ADD_CODE(reader, "state", neighbour_states, ndm->ndm_state);
	if (ndm->ndm_flags & NTF_ROUTER)
		add_word(reader, "router", "yes");
	if (ndm->ndm_flags & NTF_PROXY)
		add_word(reader, "proxy", "yes");
	return 1;
}

static int read_rule(struct reader *reader, const struct nlmsghdr *message, struct err *err)
{
	const struct fib_rule_hdr *rule = nlmsg_data(message);
	struct nlattr *attributes[FRA_MAX + 1];
	int r = parse(message, sizeof(*rule), attributes, FRA_MAX, err);

	if (r < 0)
		return r;
	if (rule->family != AF_INET && rule->family != AF_INET6)
		return 0; /* multicast routing has rules of its own */
	add_word(reader, "family", rule->family == AF_INET6 ? "inet6" : "inet");
	add_number(reader, "priority", get_u32(attributes[FRA_PRIORITY], 0));
	if (rule->src_len)
		add_prefix(reader, "from", attributes[FRA_SRC], rule->family, rule->src_len, false);
	else
		add_word(reader, "from", "all");
	if (rule->dst_len)
		add_prefix(reader, "to", attributes[FRA_DST], rule->family, rule->dst_len, false);
	add_string(reader, "iif", attributes[FRA_IIFNAME]);
	add_string(reader, "oif", attributes[FRA_OIFNAME]);
	if (attributes[FRA_FWMARK])
		array_push(&reader->words, (struct rtnl_record_word){"fwmark", arena_printf(reader->arena, "0x%x", get_u32(attributes[FRA_FWMARK], 0))});
	ADD_CODE(reader, "action", actions, rule->action);
	if (rule->action == FR_ACT_TO_TBL)
		ADD_CODE(reader, "lookup", tables, get_u32(attributes[FRA_TABLE], rule->table));
	return 1;
}

static const struct table {
	int request, answer;
	int (*read)(struct reader *reader, const struct nlmsghdr *message, struct err *err);
	const char *name;
	size_t header;
} dumps[] = {
	[RTNL_ROUTES] = {RTM_GETROUTE, RTM_NEWROUTE, read_route, "routes", sizeof(struct rtmsg)},
	[RTNL_NEIGHBOURS] = {RTM_GETNEIGH, RTM_NEWNEIGH, read_neighbour, "neighbours", sizeof(struct ndmsg)},
	[RTNL_ADDRESSES] = {RTM_GETADDR, RTM_NEWADDR, read_address, "addresses", sizeof(struct ifaddrmsg)},
	[RTNL_LINKS] = {RTM_GETLINK, RTM_NEWLINK, read_link, "links", sizeof(struct ifinfomsg)},
	[RTNL_RULES] = {RTM_GETRULE, RTM_NEWRULE, read_rule, "rules", sizeof(struct fib_rule_hdr)},
};

static int read_name(void *data, const struct nlmsghdr *message, struct err *err)
{
	struct reader *reader = data;
	const struct ifinfomsg *info = nlmsg_data(message);
	struct nlattr *name;

	(void)err;
	if (message->nlmsg_type != RTM_NEWLINK || nlmsg_datalen(message) < (int)sizeof(*info))
		return 0;
	name = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)message, sizeof(*info), IFLA_IFNAME);
	if (name && nla_len(name) > 0 && memchr(nla_data(name), '\0', (size_t)nla_len(name)))
		array_push(&reader->names, (struct name){info->ifi_index, arena_strdup(reader->arena, nla_get_string(name))});
	return 0;
}

static int read_entry(void *data, const struct nlmsghdr *message, struct err *err)
{
	struct reader *reader = data;
	const struct table *table = &dumps[reader->table];
	int r;

	if (message->nlmsg_type != table->answer || nlmsg_datalen(message) < (int)table->header)
		return 0;
	r = table->read(reader, message, err);
	if (r > 0)
		end_record(reader);
	reader->words.count = 0;
	return r < 0 ? r : 0;
}

static int dump(struct rtnl *rtnl, int request, size_t header, rtnl_dump_fn fn, struct reader *reader, struct err *err)
{
	static const char zero[sizeof(struct ifinfomsg)]; /* the longest header; all of them zero: everything */

	return rtnl_dump(rtnl, rtnl_request(request, 0, zero, header), fn, reader, err);
}

int rtnl_read(struct rtnl *rtnl, enum rtnl_table table, struct arena *arena, struct rtnl_record **ret, size_t *ret_count, struct err *err)
{
	struct reader reader = {.table = table, .arena = arena};
	int r = dump(rtnl, RTM_GETLINK, sizeof(struct ifinfomsg), read_name, &reader, err);

	if (r >= 0)
		r = dump(rtnl, dumps[table].request, dumps[table].header, read_entry, &reader, err);
	if (r >= 0) {
		*ret = arena_alloc(arena, (reader.records.count + 1) * sizeof(**ret));
		if (reader.records.count)
			memcpy(*ret, reader.records.items, reader.records.count * sizeof(**ret));
		*ret_count = reader.records.count;
	} else {
		err_wrap(err, "cannot read the %s", dumps[table].name);
	}
	array_free(&reader.names);
	array_free(&reader.records);
	array_free(&reader.words);
	return r < 0 ? r : 0;
}
