/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets and sysctls tried in throwaway namespaces: the child's part. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab/check/kernel_inside.h"
#include "lab/kernel/netfilter.h"
#include "lab/kernel/netns.h"
#include "lab/kernel/rtnl.h"
#include "lab/kernel/sandbox.h"
#include "lab/kernel/sysctl.h"

struct child {
	int fd;
	struct answer answer; /* of the trial under way */
};

static void tell(struct child *child, enum answer_kind kind, const char *text, const char *help)
{
	struct answer *answer = &child->answer;

	answer->kind = kind;
	snprintf(answer->text, sizeof(answer->text), "%s", text);
	snprintf(answer->help, sizeof(answer->help), "%s", help);
	while (write(child->fd, answer, sizeof(*answer)) < 0 && errno == EINTR)
		;
}

/* --- a namespace like the node's --- */

typedef ARRAY(const char *) name_list;

static void collect_names(const struct subject *subject, name_list *ret)
{
	const struct lab_node *node = subject->node;
	bool has_bridge = false;

	for (size_t i = 0; i < subject->tree->links.count; i++) {
		const struct link_node *link = (const struct link_node *)subject->tree->links.items[i];

		for (size_t k = 0; k < link->ends.count; k++) {
			const struct end_node *end = (const struct end_node *)link->ends.items[k];

			if (str_eq(end->lab_node, node->node.name))
				array_push(ret, end->interface);
		}
	}
	for (size_t i = 0; i < node->interfaces.count; i++) {
		const struct interface_node *interface = (const struct interface_node *)node->interfaces.items[i];

		if (!str_eq(interface->node.name, "lo"))
			array_push(ret, interface->node.name);
		has_bridge |= interface->type == INTERFACE_BRIDGE;
	}
	if (node->role == ROLE_BRIDGE && !has_bridge)
		array_push(ret, "br0");
	if (ret->count % 2)
		array_push(ret, "nslab-spare");
}

/* Of whatever kind the node's interfaces are, a rule or a key speaks of their names only: pairs of veth will do. */
static int add_interfaces(const struct subject *subject, int netns, struct err *err)
{
	name_list names = {0};
	struct rtnl *rtnl = NULL;

	collect_names(subject, &names);
	int r = names.count ? rtnl_open(&rtnl, err) : 0;
	for (size_t i = 0; r >= 0 && i + 1 < names.count; i += 2) {
		struct rtnl_veth_end a = {.netns = netns, .name = names.items[i], .index = (int)i + 2};
		struct rtnl_veth_end b = {.netns = netns, .name = names.items[i + 1], .index = (int)i + 3};

		a.mac = mac_addr_derive("check", a.name);
		b.mac = mac_addr_derive("check", b.name);
		r = rtnl_add_veth(rtnl, &a, &b, err);
	}
	if (r >= 0 && names.count)
		r = rtnl_commit(rtnl, err);
	rtnl_close(rtnl);
	array_free(&names);
	return r;
}

/* --- sysctls --- */

static const char *nearest_entry(const char *directory, const char *name, struct arena *arena)
{
	ARRAY(const char *) names = {0};
	DIR *open = opendir(directory);

	for (struct dirent *entry; open && (entry = readdir(open));)
		if (entry->d_name[0] != '.')
			array_push(&names, arena_strdup(arena, entry->d_name));
	if (open)
		closedir(open);
	const char *near = str_nearest(name, names.items, names.count);
	array_free(&names);
	return near;
}

/* "did you mean 'net.ipv4.ip_default_ttl'?", from the first part of the key that is not there. */
static void suggest_key(const char *key, struct text *ret)
{
	struct arena *arena = arena_new();
	char separator = strchr(key, '/') ? '/' : '.';
	_cleanup_text_ struct text directory = {0};

	text_add(&directory, "/proc/sys");
	for (const char *at = key; *at;) {
		size_t length = strcspn(at, separator == '/' ? "/" : ".");
		const char *part = arena_strndup(arena, at, length);
		const char *path = arena_printf(arena, "%s/%s", text_str(&directory), part);

		if (access(path, F_OK) < 0) {
			const char *near = nearest_entry(text_str(&directory), part, arena);

			if (near)
				text_addf(ret, "did you mean '%.*s%s%s'?", (int)(at - key), key, near, at + length);
			break;
		}
		text_addf(&directory, "/%s", part);
		at += length;
		at += *at == separator;
	}
	arena_free(arena);
}

static void tell_setting(struct child *child, const struct setting_node *setting, int code, const struct err *err)
{
	const char *key = setting->node.name;
	_cleanup_text_ struct text text = {0}, help = {0};

	child->answer.code = code;
	switch (code) {
	case -ENOENT:
		text_addf(&text, "the network namespace of a lab has no sysctl '%s'", key);
		if (str_starts(key, "net.netfilter.") || str_starts(key, "net/netfilter/"))
			text_add(&help, "conntrack's are there once the node's ruleset asks for it, as in  ct state established accept");
		else
			suggest_key(key, &help);
		break;
	case -EACCES:
	case -EPERM:
		text_addf(&text, "sysctl '%s' cannot be written in a lab", key);
		text_add(&help, "the kernel has one value for all network namespaces, or lets nobody set it");
		break;
	case -EINVAL:
	case -ERANGE:
		if (str_starts(key, "net.") || str_starts(key, "net/")) {
			text_addf(&text, "the kernel refuses the value '%s' for %s", setting->value ? setting->value : "", key);
			break;
		}
		text_addf(&text, "'%s' is not a key below net", key);
		text_add(&help, "a lab has its own network; all other settings are the host's");
		break;
	default:
		text_add(&text, err->text);
	}
	tell(child, ANSWER_SETTING, text_str(&text), text_str(&help));
}

static void try_settings(struct child *child, const struct node_list *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		const struct setting_node *setting = (const struct setting_node *)settings->items[i];
		_cleanup_text_ struct text now = {0};
		struct err err = {0};
		/* A value that only the run knows: then there is the key to judge. */
		int r = setting->value ? sysctl_set(setting->node.name, setting->value, &err) : sysctl_get(setting->node.name, &now, &err);

		/* A container that mounts /proc/sys read-only is nothing that the scenario could be blamed for. */
		if (r >= 0 || r == -EROFS)
			continue;
		child->answer.setting = (uint32_t)i;
		tell_setting(child, setting, r, &err);
	}
}

/* --- rulesets --- */

static void on_complaint(void *data, unsigned line, unsigned column, const char *words)
{
	struct child *child = data;
	bool no_file = strstr(words, "No such file or directory") != NULL;

	child->answer.line = line;
	child->answer.column = column;
	tell(child, ANSWER_RULESET, words, no_file ? "something that this refers to is not there: a table, a chain, a set" : "");
}

/* Of one subject, in the order of the run. Rulesets build on each other: behind one that was refused, none is tried. */
static int try_subject(struct child *child, const struct subject *subject, struct err *err)
{
	_cleanup_close_ int netns = -1;
	bool refused = false;
	int r = netns_create(&netns, err);

	if (r >= 0)
		r = add_interfaces(subject, netns, err);
	for (size_t i = 0; r >= 0 && i < subject->trials.count; i++) {
		const struct trial *trial = &subject->trials.items[i];
		struct err own = {0};

		child->answer.trial = (uint32_t)i;
		tell(child, ANSWER_BEGIN, "", "");
		if (trial->ruleset && !refused) {
			int applied = nftables_apply_all(trial->ruleset, on_complaint, child, &own);

			refused = applied < 0;
			if (applied < 0 && applied != -EINVAL)
				r = err_set(err, applied, "%s", own.text);
		}
		/* After the ruleset: some of them come with it. */
		try_settings(child, trial->settings);
	}
	return r;
}

void kernel_child_run(const struct subjects *subjects, int fd)
{
	struct child child = {.fd = fd};
	struct err err = {0};
	int r = sandbox_setup(&err);

	for (size_t i = 0; r >= 0 && i < subjects->list.count; i++) {
		child.answer.subject = (uint32_t)i;
		r = try_subject(&child, &subjects->list.items[i], &err);
	}
	child.answer.code = r;
	if (r < 0)
		tell(&child, ANSWER_UNABLE, err.text, "");
	else
		tell(&child, ANSWER_DONE, "", "");
}
