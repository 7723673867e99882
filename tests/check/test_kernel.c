/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets and sysctls, judged by the kernel; as any user, and where the host refuses. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lab/kernel/netfilter.h"
#include "lab/kernel/netns.h"
#include "lab/kernel/rtnl.h"
#include "lab/kernel/sockdiag.h"
#include "lab/check/check_inside.h"
#include "tests/check/judge.h"
#include "tests/kernel/isolate.h"

#define RULED(rules) "    nftables: |\n      table inet fw {\n        chain out {\n          type filter hook output priority filter\n" rules "        }\n      }\n"

/* Judges; skips where no namespace can be had at all. */
static void ask(struct judged *judged, const char *text)
{
	struct err err = {0};
	int r = judge_with_kernel(judged, text, &err);

	if (r == -EPERM || r == -EACCES || r == -ENOSPC || r == -EUSERS)
		SKIP("no namespace here: %s", err.text);
	CHECK(r >= 0, "%s", err.text);
}

FORKED(kernel, a_ruleset_may_name_every_interface_of_its_node)
{
	struct judged judged;

	ask(&judged, "scenario: names\nnodes:\n  left:\n    interfaces: {eth0.5: {kind: vlan, link: eth0, id: 5}, br5: {kind: bridge, ports: [eth0]}}\n"
		     "    nftables: |\n      table inet fw {\n        chain out {\n          type filter hook output priority 0\n"
		     "          oif lo accept\n          oif eth0 accept\n          oif eth0.5 accept\n          oif br5 accept\n        }\n      }\n"
		     "    sysctl: {net/ipv4/conf/eth0.5/rp_filter: 1}\n"
		     "  sw:\n    kind: bridge\n    nftables: |\n      table inet b {\n        chain i {\n          iif br0 drop\n        }\n      }\n"
		     "links:\n  - {left:eth0: 192.0.2.1/24, sw:p1: }\nsteps:\n  - expect: {at: left:eth0, count: 0}\n");
	CHECK(judged.diags.errors == 0, "%s", text_str(&judged.findings));
}

FORKED(kernel, rulesets_of_steps_build_on_what_was_before)
{
	struct judged judged;

	ask(&judged, TWO_HOSTS_WITH(RULED("          accept\n"),
		"  - set: {in: left, nftables: \"add chain inet fw more\"}\n"
		"  - set: {in: left, nftables: \"add rule inet fw more drop\"}\n"
		"  - {set: {in: left, nftables: \"add rule inet fw nowhere drop\"}, error: ENOENT}\n"
		"  - {set: {in: left, nftables: \"add rule inet fw nowhere drop\"}, when: false}\n"
		"  - set: {in: right, nftables: \"add table ip own\"}\n" SEE));
	CHECK(judged.diags.errors == 0, "%s", text_str(&judged.findings));
	judge_free(&judged);
	ask(&judged, TWO_HOSTS_WITH(RULED("          accept\n"),
		"  - set: {in: right, nftables: \"add rule inet fw out drop\"}\n"
		"  - set: {in: left, nftables: \"add rule inet fw out drop\"}\n" SEE));
	CHECK(judged.diags.errors == 1 && judged.diags.items.items[0].span.line == 16, "%s", text_str(&judged.findings));
}

FORKED(kernel, all_complaints_are_told_in_the_order_of_their_lines)
{
	struct judged judged;

	ask(&judged, TWO_HOSTS_WITH("    sysctl: {net.ipv4.nonsense: 1, net.ipv4.ip_forward: 1}\n" RULED("          tcp dprt 1\n          udp dprt 2\n"),
				    SEND "  - expect: {at: right:eth0, packets: udp dts port 9}\n"));
	CHECK(judged.diags.errors == 4, "%s", text_str(&judged.findings));
	static const enum diag_id order[] = {DIAG_BAD_SYSCTL, DIAG_BAD_RULESET, DIAG_BAD_RULESET, DIAG_BAD_FILTER};
	for (size_t i = 0; i < COUNT_OF(order); i++)
		CHECK(judged.diags.items.items[i].id == order[i], "%s", text_str(&judged.findings));
}

FORKED(kernel, rulesets_are_judged_beside_errors_of_steps_but_not_where_the_lab_itself_is_broken)
{
	struct judged judged;

	ask(&judged, TWO_HOSTS_WITH(RULED("          oif eth0 acept\n"), "  - send: {in: lfet, with: udp, to: \"192.0.2.2:9\"}\n" SEE));
	CHECK(judged.diags.errors == 2, "%s", text_str(&judged.findings));
	judge_free(&judged);
	/* Its interface is misspelt, so `oif eth0` would be refused for no fault of its own. */
	ask(&judged, "scenario: broken\nnodes:\n  left:\n" RULED("          oif eth0 accept\n") "  right:\nlinks:\n  - left:eth0: 192.0.2.999/24\n"
		     "    rihgt:eth0: 192.0.2.2/24\nsteps:\n" SEE);
	for (size_t i = 0; i < judged.diags.items.count; i++)
		CHECK(judged.diags.items.items[i].id != DIAG_BAD_RULESET, "%s", text_str(&judged.findings));
	CHECK(judged.diags.errors >= 2, "%s", text_str(&judged.findings));
}

/* Every process that is asked for is refused from here on. */
static void forbid_processes(void)
{
	static const int calls[] = {SYS_clone, SYS_clone3};
	struct sock_filter program[2 + 2 * COUNT_OF(calls)];
	size_t length = 0;

	program[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < COUNT_OF(calls); i++) {
		program[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i], 0, 1);
		program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	}
	program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog whole = {.len = (unsigned short)length, .filter = program};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) < 0)
		SKIP("this machine has no system call filters: %s", strerror(errno));
}

FORKED(kernel, no_process_is_made_where_there_is_nothing_to_ask)
{
	struct judged judged;
	struct err err = {0};

	forbid_processes();
	int r = judge_with_kernel(&judged, TWO_HOSTS(SEND SEE), &err);
	CHECK(r == 1 && judged.diags.errors == 0, "%d %s", r, text_str(&judged.findings));
	judge_free(&judged);
	r = judge_with_kernel(&judged, TWO_HOSTS_WITH(RULED("          acept\n"), SEND SEE), &err);
	CHECK(r == -EPERM && *err.text, "%d: a ruleset was judged without a process", r);
	CHECK(judged.diags.errors == 0, "%s", text_str(&judged.findings));
}

static bool write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

/* A user namespace of our own, with limits of its own. */
static void enter_user_namespace(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	if (unshare(CLONE_NEWUSER) < 0)
		SKIP("no user namespace here: %s", strerror(errno));
	if (!write_to("/proc/self/setgroups", "deny"))
		SKIP("setgroups cannot be given up here: %s", strerror(errno));
	snprintf(map, sizeof(map), "0 %u 1", gid);
	CHECK(write_to("/proc/self/gid_map", map), "gid_map: %s", strerror(errno));
	snprintf(map, sizeof(map), "0 %u 1", uid);
	CHECK(write_to("/proc/self/uid_map", map), "uid_map: %s", strerror(errno));
}

/* Where there may be two network namespaces, forty cases with one ruleset need just one. */
FORKED(kernel, cases_share_what_was_judged_for_one)
{
	struct judged judged;
	struct err err = {0};

	enter_user_namespace();
	if (!write_to("/proc/sys/user/max_net_namespaces", "2"))
		SKIP("the number of network namespaces cannot be limited here: %s", strerror(errno));
	int r = judge_with_kernel(&judged,
		"matrix: {a: [1, 2, 3, 4, 5, 6, 7, 8], b: [1, 2, 3, 4, 5]}\n" TWO_HOSTS_WITH(RULED("          acept\n"), SEND SEE), &err);
	CHECK(judged.count == 40, "%zu cases", judged.count);
	CHECK(r == 0, "%s", err.text);
	CHECK(judged.diags.errors == 1, "%s", text_str(&judged.findings));
	CHECK(strstr(text_str(&judged.findings), " and 39 others\n"), "%s", text_str(&judged.findings));
}

FORKED(kernel, the_host_keeps_its_settings)
{
	struct judged judged;
	char before[16] = "", after[16] = "";
	const char *path = "/proc/sys/net/ipv4/ip_default_ttl";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0 && read(fd, before, sizeof(before) - 1) > 0, "%s: %s", path, strerror(errno));
	close(fd);
	ask(&judged, TWO_HOSTS_WITH("    sysctl: {net.ipv4.ip_default_ttl: 17}\n", SEND SEE));
	CHECK(judged.diags.errors == 0, "%s", text_str(&judged.findings));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(read(fd, after, sizeof(after) - 1) > 0, "%s", path);
	close(fd);
	CHECK(strcmp(before, after) == 0, "ip_default_ttl of the host is now %s", after);
}

/* --- words of state, held against what the kernel's tables have --- */

static void check_words(const char *table, const struct rtnl_record *records, size_t count)
{
	const char *const *words = check_state_table(table);

	CHECK(words != NULL, "%s", table);
	CHECK(count > 0, "'%s' is empty, so nothing was compared", table);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < records[i].count; k++) {
			bool known = false;

			for (size_t w = 0; words[w]; w++)
				known |= strcmp(words[w], records[i].words[k].key) == 0;
			CHECK(known, "an entry of '%s' has '%s', which no expectation may name", table, records[i].words[k].key);
		}
}

ISOLATED(kernel, every_word_of_the_kernels_tables_can_be_asked_for)
{
	static const struct {
		enum rtnl_table table;
		const char *name;
	} tables[] = {{RTNL_ROUTES, "route"}, {RTNL_ADDRESSES, "address"}, {RTNL_NEIGHBOURS, "neighbour"}};
	struct rtnl_veth_end a = {.name = "a0", .index = 2, .mac = {{2, 0, 0, 0, 0, 1}}};
	struct rtnl_veth_end b = {.name = "b0", .index = 3, .mac = {{2, 0, 0, 0, 0, 2}}};
	struct arena *arena = arena_new();
	struct rtnl_record *records = NULL;
	struct ip_prefix prefix;
	struct neighbour_spec neighbour = {.has_mac = true, .mac = {{2, 0, 0, 0, 0, 9}}, .dev = "a0", .state = 0x80};
	struct rtnl *rtnl = NULL;
	struct err err = {0};
	size_t count = 0;

	CHECK_OK(netns_current(&a.netns, &err));
	b.netns = a.netns;
	CHECK_OK(rtnl_open(&rtnl, &err));
	CHECK_OK(rtnl_add_veth(rtnl, &a, &b, &err));
	CHECK_OK(rtnl_set_link(rtnl, 2, true, &err));
	CHECK_OK(rtnl_set_link(rtnl, 3, true, &err));
	CHECK_OK(rtnl_set_link(rtnl, 1, true, &err));
	CHECK_OK(ip_prefix_parse("192.0.2.1/24", &prefix, &err));
	CHECK_OK(rtnl_add_address(rtnl, 2, &prefix, &err));
	CHECK_OK(ip_addr_parse("192.0.2.9", &neighbour.addr, &err));
	CHECK_OK(rtnl_add_neighbour(rtnl, &neighbour, 2, &err));
	CHECK_OK(rtnl_commit(rtnl, &err));
	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		CHECK_OK(rtnl_read(rtnl, tables[i].table, arena, &records, &count, &err));
		check_words(tables[i].name, records, count);
	}
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage address;
	struct ip_addr here;
	CHECK_OK(ip_addr_parse("127.0.0.1", &here, &err));
	CHECK(bind(fd, (struct sockaddr *)&address, ip_addr_to_sockaddr(&here, 9, &address)) == 0, "bind: %s", strerror(errno));
	CHECK_OK(sockdiag_read(arena, &records, &count, &err));
	check_words("socket", records, count);

	/* Conntrack begins with the first ruleset that asks for it. */
	unsigned line, column;
	CHECK_OK(nftables_apply("table inet t { chain c { type filter hook output priority 0; ct state new accept; }; }", false, &line, &column, &err));
	CHECK(sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(struct sockaddr_in)) == 1, "sendto: %s", strerror(errno));
	CHECK_OK(conntrack_read(arena, &records, &count, &err));
	check_words("conntrack", records, count);
}
