/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "lab/kernel/netfilter.h"
#include "tests/kernel/isolate.h"

static int apply(const char *ruleset, bool dry_run, unsigned *line, unsigned *column, struct err *err)
{
	int r;

	*line = *column = 0;
	*err = (struct err){0};
	r = nftables_apply(ruleset, dry_run, line, column, err);
	if (r == -ENOPKG)
		SKIP("%s", err->text);
	return r;
}

static const char good[] = "table inet fw {\n"
			   "  chain forward {\n"
			   "    type filter hook forward priority filter; policy drop;\n"
			   "    ct state established,related accept\n"
			   "    tcp dport http accept comment \"include\"\n"
			   "  }\n"
			   "}\n";

ISOLATED(netfilter, a_ruleset_is_applied_in_this_namespace)
{
	const char *const list[] = {"nft", "list", "ruleset", NULL};
	unsigned line, column;
	struct err err;
	char *output;

	CHECK(apply(good, false, &line, &column, &err) == 0, "%s", err.text);
	if (!isolate_has("nft"))
		SKIP("nft is not installed");
	CHECK(isolate_command(list, &output) == 0 && strstr(output, "tcp dport 80 accept"), "%s", output);
}

ISOLATED(netfilter, a_dry_run_changes_nothing)
{
	const char *const list[] = {"nft", "list", "ruleset", NULL};
	unsigned line, column;
	struct err err;
	char *output;

	CHECK(apply(good, true, &line, &column, &err) == 0, "%s", err.text);
	if (!isolate_has("nft"))
		SKIP("nft is not installed");
	CHECK(isolate_command(list, &output) == 0 && !*output, "%s", output);
}

ISOLATED(netfilter, errors_have_line_and_column_and_no_file_name)
{
	unsigned line, column;
	struct err err;

	CHECK(apply("table inet fw {\n  chain c {\n    type filter hook forwrd priority filter;\n  }\n}\n", false, &line, &column, &err) == -EINVAL,
	      "%s", err.text);
	CHECK(line == 3 && column == 22, "%u:%u", line, column);
	CHECK(str_eq(err.text, "unknown chain hook"), "%s", err.text);
	CHECK(apply("table inet fw {\n  chain c {\n    tcp dport accept\n  }\n}\n", false, &line, &column, &err) == -EINVAL && line == 3, "%u: %s", line,
	      err.text);
	CHECK(!strstr(err.text, "/proc/"), "%s", err.text);
}

ISOLATED(netfilter, a_ruleset_is_all_or_nothing)
{
	const char *const list[] = {"nft", "list", "ruleset", NULL};
	unsigned line, column;
	struct err err;
	char *output;

	CHECK(apply("table inet a {\n}\nadd rule inet a nosuch accept\n", false, &line, &column, &err) < 0, "a rule without its chain");
	CHECK(line == 3, "line %u: %s", line, err.text);
	if (!isolate_has("nft"))
		SKIP("nft is not installed");
	CHECK(isolate_command(list, &output) == 0 && !*output, "%s", output);
}

ISOLATED(netfilter, include_is_refused_where_it_is_a_statement)
{
	unsigned line, column;
	struct err err;

	CHECK(apply("# include \"/dev/null\"\ntable inet a {\n}\n  include \"/dev/null\"\n", false, &line, &column, &err) == -EINVAL, "%s", err.text);
	CHECK(line == 4 && column == 3 && strstr(err.text, "'include' is refused"), "%u:%u: %s", line, column, err.text);
	CHECK(apply("table inet a { chain c {\n include \"/dev/null\"\n}}\n", false, &line, &column, &err) == -EINVAL, "%s", err.text);
	CHECK(apply("table inet a {}; include \"/dev/null\"\n", false, &line, &column, &err) == -EINVAL && column == 18, "%u: %s", column, err.text);
	CHECK(apply("# include \"/dev/null\"\ntable inet a { comment \"include me\"; }\n", false, &line, &column, &err) == 0, "%s", err.text);
}

ISOLATED(netfilter, host_names_are_not_looked_up)
{
	unsigned line, column;
	struct err err;

	/* The host's /etc/hosts has it, on any machine. */
	CHECK(apply("table inet a {\n chain c {\n  ip saddr localhost accept\n }\n}\n", false, &line, &column, &err) == -EINVAL, "it was looked up");
	CHECK(line == 3, "line %u: %s", line, err.text);
}

static const char *word(const struct rtnl_record *record, const char *key)
{
	for (size_t i = 0; i < record->count; i++)
		if (str_eq(record->words[i].key, key))
			return record->words[i].value;
	return "";
}

ISOLATED(netfilter, conntrack_entries_have_both_directions_and_can_be_flushed)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct arena *arena = arena_new();
	struct rtnl_record *records;
	struct rtnl *rtnl;
	unsigned line, column;
	struct err err;
	size_t count;

	CHECK(apply("table ip t {\n chain c {\n type filter hook output priority 0;\n ct state new accept\n }\n}\n", false, &line, &column, &err) == 0, "%s", err.text);
	CHECK_OK(rtnl_open(&rtnl, &err));
	CHECK_OK(rtnl_set_link(rtnl, 1, true, &err));
	CHECK_OK(rtnl_commit(rtnl, &err));
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1, "sendto: %s", strerror(errno));
	CHECK_OK(conntrack_read(arena, &records, &count, &err));
	CHECK(count == 1, "%zu entries", count);
	CHECK(str_eq(word(records, "protocol"), "udp"), "protocol %s", word(records, "protocol"));
	CHECK(str_eq(word(records, "orig.dst"), "127.0.0.1"), "orig.dst %s", word(records, "orig.dst"));
	CHECK(str_eq(word(records, "orig.dport"), "9"), "orig.dport %s", word(records, "orig.dport"));
	CHECK(str_eq(word(records, "reply.sport"), "9"), "reply.sport %s", word(records, "reply.sport"));
	CHECK(str_eq(word(records, "seen-reply"), "no"), "seen-reply %s", word(records, "seen-reply"));
	CHECK_OK(conntrack_flush(&err));
	CHECK_OK(conntrack_read(arena, &records, &count, &err));
	CHECK(count == 0, "%zu entries after the flush", count);
}
