/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One plan, carried out by nslab and by its shell script: the tools must see the same lab. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/kernel/netns.h"
#include "tests/kernel/isolate.h"
#include "tests/run/plan_help.h"

/* A command's output inside a namespace. */
static char *output_in(int netns, const char *const *argv)
{
	struct err err = {0};
	char *output;

	CHECK_OK(netns_enter(netns, &err));
	CHECK(isolate_command(argv, &output) == 0, "%s: %s", argv[0], output);
	return output;
}

/*
 * Takes `"key":value,` out of JSON without spaces: what counts, ages or is numbered as it comes. No such value holds
 * a comma or a bracket.
 */
static void strip(char *json, const char *key)
{
	char quoted[64];
	size_t length;

	length = (size_t)snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	for (char *at = json; (at = strstr(at, quoted));) {
		char *end = at + length + strcspn(at + length, ",}]");

		if (*end == ',')
			end++;
		memmove(at, end, strlen(end) + 1);
	}
}

static char *normalise(char *json)
{
	static const char *const volatile_keys[] = {"link_netnsid", "hello_timer", "tcn_timer", "topology_change_timer", "gc_timer", "hold_timer",
						    "message_age_timer", "forward_delay_timer", "valid_life_time", "preferred_life_time", "handle",
						    "topology_change", "topology_change_detected", "id", "no", "packets", "bytes"};

	for (size_t i = 0; i < COUNT_OF(volatile_keys); i++)
		strip(json, volatile_keys[i]);
	return json;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Routes of the same prefix stand in the order in which their links came up: sorts the entries of a list of flat objects. */
static char *sort_entries(char *json)
{
	const char *entries[256];
	struct text out = {0};
	size_t count = 0;

	for (char *at = json; at && *at && count < COUNT_OF(entries); count++) {
		char *next = strstr(at, "},{");

		entries[count] = at + strspn(at, "[{");
		if (next)
			*next = '\0';
		else
			at[strcspn(at, "\n")] = '\0';
		at = next ? next + 3 : NULL;
		if (!next && str_ends(entries[count], "}]"))
			((char *)(uintptr_t)entries[count])[strlen(entries[count]) - 2] = '\0';
	}
	qsort(entries, count, sizeof(entries[0]), by_text);
	for (size_t i = 0; i < count; i++)
		text_addf(&out, "%s\n", entries[i]);
	free(json);
	return text_steal(&out);
}

static void compare(const char *node, int ours, int theirs, const char *const *argv)
{
	char *one = normalise(output_in(ours, argv)), *other = normalise(output_in(theirs, argv));
	size_t at = 0;

	for (size_t i = 0; argv[i]; i++)
		if (str_eq(argv[i], "route")) {
			one = sort_entries(one);
			other = sort_entries(other);
		}
	while (one[at] && one[at] == other[at])
		at++;
	size_t from = at > 100 ? at - 100 : 0;
	CHECK(str_eq(one, other), "node %s: '%s %s %s %s' differs:\n  nslab:  …%.300s\n  script: …%.300s", node, argv[0], argv[1], argv[2],
	      argv[3] ? argv[3] : "", one + from, other + from);
	free(one);
	free(other);
}

/* Runs the script in here, with names below a /run of its own. */
static void run_script(const struct plan *plan)
{
	const char *const argv[] = {"sh", "/run/lab.sh", NULL};
	struct text script = {0};
	char *output;

	plan_print_shell(plan, &script);
	CHECK(mount("tmpfs", "/run", "tmpfs", 0, NULL) == 0, "mount: %s", strerror(errno));
	int fd = open("/run/lab.sh", O_WRONLY | O_CREAT, 0600);
	CHECK(write(fd, script.data, script.length) == (ssize_t)script.length, "write: %s", strerror(errno));
	close(fd);
	CHECK(isolate_command(argv, &output) == 0, "the script failed: %s", output);
	CHECK(!*output, "the script said: %s", output);
	text_free(&script);
}

static const char *const questions[][8] = {
	{"ip", "-j", "-d", "link", NULL},
	{"ip", "-j", "-d", "address", NULL},
	{"ip", "-j", "-d", "route", "show", "table", "all", NULL},
	{"ip", "-6", "-j", "-d", "route", "show", "table", "all"},
	{"ip", "-j", "-d", "rule", NULL},
	{"ip", "-6", "-j", "-d", "rule", NULL},
	{"ip", "-j", "neighbour", "show", "nud", "permanent", NULL},
	{"tc", "-j", "qdisc", NULL},
	{"nft", "-j", "list", "ruleset", NULL},
	{"sysctl", "-a", "--pattern", "^net.ipv[46].(conf|ip_|icmp|tcp_[rw]mem|tcp_cong)", NULL},
};

ISOLATED(plan_build, the_shell_script_builds_the_same_lab)
{
	static const char *const needed[] = {"ip", "tc", "nft", "ethtool", "sysctl", "sh"};
	const struct plan *plan = plan_of(plan_everything);
	struct lab_ns lab;
	struct err err = {0};

	for (size_t i = 0; i < COUNT_OF(needed); i++)
		if (!isolate_has(needed[i]))
			SKIP("%s is not installed", needed[i]);
	run_script(plan);
	CHECK_OK(plan_build(plan, &lab, &err));
	for (size_t n = 0; n < plan->nodes.count; n++) {
		const char *name = plan->nodes.items[n].name;
		char path[128];

		snprintf(path, sizeof(path), "/run/netns/%s", name);
		int theirs = open(path, O_RDONLY | O_CLOEXEC);
		CHECK(theirs >= 0, "%s: %s", path, strerror(errno));
		for (size_t q = 0; q < COUNT_OF(questions); q++) {
			const char *argv[9] = {NULL};

			memcpy(argv, questions[q], sizeof(questions[q]));
			compare(name, lab.netns[n], theirs, argv);
		}
		for (size_t i = 1; i < plan->nodes.items[n].interfaces.count; i++) {
			const char *const argv[] = {"ethtool", "-k", plan->nodes.items[n].interfaces.items[i].name, NULL};

			compare(name, lab.netns[n], theirs, argv);
		}
		close(theirs);
	}
	lab_ns_close(&lab);
}

ISOLATED(plan_build, what_the_kernel_refuses_is_told_with_node_and_line)
{
	const struct plan *plan = plan_of("scenario: no way\n"
					  "nodes:\n"
					  "  a:\n"
					  "    routes:\n"
					  "      - 198.51.100.0/24 via 192.0.2.9\n"
					  "      - 203.0.113.0/24 via 198.51.100.77\n"
					  "  b: {}\n"
					  "links:\n"
					  "  - {\"a:eth0\": 203.0.113.1/24, \"b:eth0\": 203.0.113.2/24}\n");
	struct lab_ns lab;
	struct err err = {0};

	CHECK(plan_build(plan, &lab, &err) == -ENETUNREACH, "%s", err.text);
	CHECK(str_starts(err.text, "plan.nslab.yaml:5: node a: cannot add route '198.51.100.0/24 via 192.0.2.9': Network is unreachable"), "%s", err.text);
}

ISOLATED(plan_build, a_ruleset_that_nft_refuses_is_told_with_its_own_line)
{
	const struct plan *plan = plan_of("scenario: no way\n"
					  "nodes:\n"
					  "  a:\n"
					  "    nftables: |\n"
					  "      table inet t {\n"
					  "        chain c { nonsense }\n"
					  "      }\n");
	struct lab_ns lab;
	struct err err = {0};
	int r = plan_build(plan, &lab, &err);

	if (r == -ENOPKG)
		SKIP("%s", err.text);
	CHECK(r < 0 && strstr(err.text, "node a: nftables line 2, column"), "%s", err.text);
}

/* Descriptors of this process. */
static int count_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

ISOLATED(plan_build, a_lab_is_held_by_its_descriptors_alone)
{
	const struct plan *good = plan_of(plan_everything);
	const struct plan *bad = plan_of("scenario: no way\nnodes: {a: {routes: [default via 192.0.2.9]}}\n");
	int before = count_descriptors();
	struct lab_ns lab;
	struct err err = {0};

	CHECK_OK(plan_build(good, &lab, &err));
	CHECK(count_descriptors() == before + 2 * (int)good->nodes.count, "%d descriptors", count_descriptors() - before);
	lab_ns_close(&lab);
	CHECK(count_descriptors() == before, "%d descriptors are left of a lab", count_descriptors() - before);
	CHECK(plan_build(bad, &lab, &err) < 0, "it was built");
	CHECK(count_descriptors() == before, "%d descriptors are left of a failure", count_descriptors() - before);
}
