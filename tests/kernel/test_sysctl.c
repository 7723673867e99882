/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "lab/kernel/netns.h"
#include "lab/kernel/sysctl.h"
#include "tests/kernel/isolate.h"

static void check_value(const char *key, const char *expected)
{
	struct text value = {0};
	struct err err = {0};

	CHECK_OK(sysctl_get(key, &value, &err));
	CHECK(str_eq(text_str(&value), expected), "%s is '%s', not '%s'", key, text_str(&value), expected);
	text_free(&value);
}

ISOLATED(sysctl, keys_have_dots_or_slashes)
{
	struct err err = {0};

	CHECK_OK(sysctl_set("net.ipv4.ip_default_ttl", "33", &err));
	check_value("net/ipv4/ip_default_ttl", "33");
	CHECK_OK(sysctl_set("net/ipv4/ip_default_ttl", "34", &err));
	check_value("net.ipv4.ip_default_ttl", "34");
}

ISOLATED(sysctl, only_what_is_below_net_can_be_reached)
{
	static const char *const keys[] = {"kernel.hostname", "net", "net.", "net/../kernel/hostname", "net/ipv4/..", "net//ipv4", "/net/ipv4/ip_forward"};

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		struct err err = {0};

		CHECK(sysctl_set(keys[i], "1", &err) == -EINVAL, "%s: %s", keys[i], err.text);
	}
}

ISOLATED(sysctl, errors_name_the_key)
{
	struct err err = {0};

	CHECK(sysctl_set("net.ipv4.no_such_key", "1", &err) == -ENOENT, "%s", err.text);
	CHECK(strstr(err.text, "net.ipv4.no_such_key"), "%s", err.text);
	CHECK(sysctl_set("net.ipv4.ip_default_ttl", "much", &err) == -EINVAL, "%s", err.text);
	CHECK(strstr(err.text, "net.ipv4.ip_default_ttl to 'much'"), "%s", err.text);
}

ISOLATED(sysctl, every_table_can_be_set_in_a_new_namespace)
{
	static const struct sysctl_setting *const tables[] = {sysctl_baseline, sysctl_inherited, sysctl_router, sysctl_bridge, sysctl_silent};
	struct err err = {0};

	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		int fd;

		CHECK_OK(netns_create(&fd, &err));
		CHECK_OK(sysctl_set_table(tables[i], &err));
		for (const struct sysctl_setting *at = tables[i]; at->key; at++)
			if (at->key[0] != '?')
				check_value(at->key, at->value);
	}
}

ISOLATED(sysctl, keys_that_the_kernel_lacks_are_passed_over_where_marked)
{
	static const struct sysctl_setting optional[] = {{"?net.ipv4.no_such_key", "1", ""}, {"net.ipv4.ip_default_ttl", "35", ""}, {NULL, NULL, NULL}};
	static const struct sysctl_setting wanted[] = {{"net.ipv4.no_such_key", "1", ""}, {NULL, NULL, NULL}};
	struct err err = {0};

	CHECK_OK(sysctl_set_table(optional, &err));
	check_value("net.ipv4.ip_default_ttl", "35");
	CHECK(sysctl_set_table(wanted, &err) == -ENOENT, "%s", err.text);
}

ISOLATED(sysctl, what_a_host_hands_down_is_found_once_and_set_right_everywhere)
{
	struct sysctl_setting differing[SYSCTL_TABLE_MAX + 1];
	struct err err = {0};
	int fd, tree, count;

	CHECK_OK(netns_create(&fd, &err));
	CHECK_OK(sysctl_open_tree(&tree, false, &err));
	count = sysctl_find_differing(tree, sysctl_inherited, differing, &err);
	CHECK(count >= 0, "%s", err.text);
	CHECK_OK(netns_create(&fd, &err));
	CHECK_OK(sysctl_set_table_at(tree, differing, &err));
	count = sysctl_find_differing(tree, sysctl_inherited, differing, &err);
	CHECK(count == 0, "%s still differs", differing[0].key);
	CHECK_OK(sysctl_set_at(tree, "net.ipv4.conf.all.log_martians", "1", &err));
	CHECK(sysctl_find_differing(tree, sysctl_inherited, differing, &err) >= 1, "a host that logs martians");
	check_value("net.ipv4.conf.all.log_martians", "1");
}

ISOLATED(sysctl, one_tree_serves_many_namespaces)
{
	struct text value = {0};
	struct err err = {0};
	int first, second, tree;

	CHECK_OK(netns_create(&first, &err));
	CHECK_OK(sysctl_open_tree(&tree, false, &err));
	CHECK_OK(sysctl_set_at(tree, "net.ipv4.ip_default_ttl", "41", &err));
	CHECK_OK(netns_create(&second, &err));
	CHECK_OK(sysctl_set_at(tree, "net.ipv4.ip_default_ttl", "42", &err));
	CHECK_OK(netns_enter(first, &err));
	CHECK_OK(sysctl_get_at(tree, "net.ipv4.ip_default_ttl", &value, &err));
	CHECK(str_eq(text_str(&value), "41"), "the first namespace says %s", text_str(&value));
}

FORKED(sysctl, what_the_host_hands_down_is_what_a_new_namespace_shows)
{
	struct sysctl_setting differing[SYSCTL_TABLE_MAX + 1];
	struct sysctl_host host;
	struct err err = {0};
	int tree, count;

	CHECK_OK(sysctl_learn_host(&host, &err));
	if (!host.known)
		SKIP("this is not the initial network namespace");
	if (unshare((geteuid() ? CLONE_NEWUSER : 0) | CLONE_NEWNET) < 0)
		SKIP("this machine refuses namespaces: %s", strerror(errno));
	CHECK_OK(sysctl_open_tree(&tree, true, &err));
	count = sysctl_find_differing(tree, sysctl_inherited, differing, &err);
	CHECK(count >= 0, "%s", err.text);
	for (int i = 0; i <= count; i++)
		CHECK(str_eq(host.differing[i].key, differing[i].key), "%s was learnt, %s is seen", host.differing[i].key, differing[i].key);
	CHECK_OK(sysctl_learn_host(&host, &err));
	CHECK(!host.known, "a namespace that is not the initial one was taken for it");
}
