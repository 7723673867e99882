/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets and sysctl keys, judged by the kernel itself in a throwaway namespace. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "lab/base/rng.h"
#include "lab/check/check.h"
#include "lab/kernel/netfilter.h"
#include "lab/kernel/netns.h"
#include "lab/kernel/rtnl.h"
#include "lab/kernel/sandbox.h"
#include "lab/kernel/sysctl.h"

/*
 * Theory: one child for all that is to be judged. It gives each node a network
 * namespace with interfaces of the node's names (a rule may say `iif eth0`,
 * a sysctl may name an interface), applies the node's ruleset there, then those
 * of its `set` steps in order, and writes a verdict for each refusal into a pipe.
 */
struct subject {
	const struct scenario_case *scenario;
	const struct lab_node *node;
};

struct finding {
	uint32_t subject;
	uint32_t step;   /* index of the set step, or UINT32_MAX for the node's own */
	uint32_t setting; /* index of the sysctl, or UINT32_MAX for the ruleset */
	uint32_t line, column;
	char text[256];
};

typedef ARRAY(struct subject) subject_list;
typedef ARRAY(uint64_t) hash_list;

static uint64_t hash_more(uint64_t hash, const char *text)
{
	return text ? hash * 31 + hash_text(text, strlen(text)) : hash * 31;
}

/* Cases of one matrix mostly share their rulesets: each different one is judged once. */
static bool seen_before(hash_list *hashes, const struct scenario_tree *tree, const struct lab_node *node)
{
	uint64_t hash = hash_more(hash_more(hash_text(node->node.name, strlen(node->node.name)), node->nftables),
				  node->node.span.source ? node->node.span.source->path : "");
	bool wanted = node->nftables || node->sysctl.count;

	for (size_t i = 0; i < node->sysctl.count; i++)
		hash = hash_more(hash, node->sysctl.items[i]->name);
	for (size_t i = 0; i < tree->steps.count; i++) {
		const struct set_node *set = ((const struct step_node *)tree->steps.items[i])->set;

		if (!set || !str_eq(set->in, node->node.name) || set->node.runtime)
			continue;
		wanted |= set->nftables || set->sysctl.count;
		hash = hash_more(hash, set->nftables);
		for (size_t k = 0; k < set->sysctl.count; k++)
			hash = hash_more(hash, set->sysctl.items[k]->name);
	}
	if (!wanted)
		return true;
	for (size_t i = 0; i < hashes->count; i++)
		if (hashes->items[i] == hash)
			return true;
	array_push(hashes, hash);
	return false;
}

static void collect(const struct scenario_case *cases, size_t count, subject_list *ret)
{
	hash_list hashes = {0};

	for (size_t c = 0; c < count; c++) {
		const struct scenario_tree *tree = cases[c].tree;

		for (size_t i = 0; tree && i < tree->nodes.count; i++) {
			const struct lab_node *node = (const struct lab_node *)tree->nodes.items[i];

			if (!seen_before(&hashes, tree, node))
				array_push(ret, (struct subject){&cases[c], node});
		}
	}
	array_free(&hashes);
}

/* --- in the child --- */

/* Interfaces of the node's names, in pairs, so that rules and keys may name them. */
static int add_interfaces(const struct subject *subject, int netns, struct err *err)
{
	const struct scenario_tree *tree = subject->scenario->tree;
	ARRAY(const char *) names = {0};
	struct rtnl *rtnl = NULL;
	int r;

	for (size_t i = 0; i < tree->links.count; i++) {
		const struct link_node *link = (const struct link_node *)tree->links.items[i];

		for (size_t k = 0; k < link->ends.count; k++) {
			const struct end_node *end = (const struct end_node *)link->ends.items[k];

			if (str_eq(end->lab_node, subject->node->node.name))
				array_push(&names, end->interface);
		}
	}
	for (size_t i = 0; i < subject->node->interfaces.count; i++)
		if (!str_eq(subject->node->interfaces.items[i]->name, "lo"))
			array_push(&names, subject->node->interfaces.items[i]->name);
	if (names.count % 2)
		array_push(&names, "nslab-spare");
	r = rtnl_open(&rtnl, err);
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

static void tell(int fd, struct finding *finding, const struct err *err)
{
	snprintf(finding->text, sizeof(finding->text), "%.255s", err->text);
	while (write(fd, finding, sizeof(*finding)) < 0 && errno == EINTR)
		;
}

static bool judge_settings(const struct node_list *settings, struct finding finding, int fd)
{
	bool good = true;

	for (size_t i = 0; i < settings->count; i++) {
		struct text value = {0};
		struct err err = {0};

		if (sysctl_get(settings->items[i]->name, &value, &err) < 0) {
			finding.setting = (uint32_t)i;
			tell(fd, &finding, &err);
			good = false;
		}
		text_free(&value);
	}
	return good;
}

static bool judge_ruleset(const char *ruleset, struct finding finding, int fd)
{
	unsigned line = 0, column = 0;
	struct err err = {0};

	finding.setting = UINT32_MAX;
	if (!ruleset || nftables_apply(ruleset, false, &line, &column, &err) >= 0)
		return true;
	finding.line = line;
	finding.column = column;
	tell(fd, &finding, &err);
	return false;
}

static void judge_subject(const struct subject *subject, uint32_t index, int fd)
{
	const struct scenario_tree *tree = subject->scenario->tree;
	struct finding finding = {.subject = index, .step = UINT32_MAX, .setting = UINT32_MAX};
	_cleanup_close_ int netns = -1;
	struct err err = {0};

	if (netns_create(&netns, &err) < 0 || add_interfaces(subject, netns, &err) < 0) {
		finding.line = UINT32_MAX;
		tell(fd, &finding, &err);
		return;
	}
	judge_settings(&subject->node->sysctl, finding, fd);
	if (!judge_ruleset(subject->node->nftables, finding, fd))
		return;
	for (size_t i = 0; i < tree->steps.count; i++) {
		const struct set_node *set = ((const struct step_node *)tree->steps.items[i])->set;

		if (!set || !str_eq(set->in, subject->node->node.name) || set->node.runtime)
			continue;
		finding.step = (uint32_t)i;
		judge_settings(&set->sysctl, finding, fd);
		if (!judge_ruleset(set->nftables, finding, fd))
			return;
	}
}

/* --- in the parent --- */

/* Offset of the line that stands `lines` below the one that holds `offset`; the source's length where it has none. */
static size_t line_below(const struct source *source, size_t offset, uint32_t lines)
{
	for (; lines && offset < source->length; lines--) {
		const char *end = memchr(source->text + offset, '\n', source->length - offset);

		offset = end ? (size_t)(end + 1 - source->text) : source->length;
	}
	return offset;
}

/* Where line and column of a ruleset stand in the file: a block scalar's text begins on the line after its key, indented. */
static struct span ruleset_span(const struct node *node, uint32_t line, uint32_t column)
{
	struct span whole = node_field_span(node, "nftables");
	const struct yaml *key = NULL;

	for (size_t i = 0; node->yaml && node->yaml->kind == YAML_MAP && i < node->yaml->count; i++)
		if (str_eq(node->yaml->pairs[i].key->text, "nftables") && node->yaml->pairs[i].value->block)
			key = node->yaml->pairs[i].key;
	if (!key || !line || !key->span.source)
		return whole;

	const struct source *source = key->span.source;
	size_t first = line_below(source, key->span.offset, 1);
	size_t at = line_below(source, first, line - 1);
	size_t indent = strspn(source->text + first, " ");
	size_t length = strcspn(source->text + at, "\r\n");
	size_t into = indent + (column ? column - 1 : 0);

	if (into >= length)
		into = length ? length - 1 : 0;
	return (struct span){
		.source = source, .offset = (uint32_t)(at + into), .length = 1, .line = key->span.line + line, .column = (uint32_t)into + 1,
	};
}

static int report(const subject_list *subjects, const struct finding *finding, struct diag_list *diags, struct err *err)
{
	if (finding->subject >= subjects->count)
		return 0;
	const struct subject *subject = &subjects->items[finding->subject];
	const struct scenario_tree *tree = subject->scenario->tree;
	const struct node *owner = &subject->node->node;
	const struct node_list *settings = &subject->node->sysctl;

	if (finding->line == UINT32_MAX)
		return err_set(err, -EPERM, "cannot judge the rulesets: %.*s", (int)sizeof(finding->text), finding->text);
	if (finding->step != UINT32_MAX) {
		const struct set_node *set = ((const struct step_node *)tree->steps.items[finding->step])->set;

		owner = &set->node;
		settings = &set->sysctl;
	}
	if (finding->setting == UINT32_MAX)
		diag_add(diags, DIAG_BAD_RULESET, ruleset_span(owner, finding->line, finding->column), "nft: %s", finding->text);
	else if (finding->setting < settings->count)
		diag_add(diags, DIAG_BAD_SYSCTL, settings->items[finding->setting]->name_span, "%s", finding->text);
	return 0;
}

int check_kernel(const struct scenario_case *cases, size_t count, struct diag_list *diags, struct err *err)
{
	subject_list subjects = {0};
	struct sandbox sandbox = {.pid = -1, .pidfd = -1};
	int pipe_fds[2] = {-1, -1};
	struct finding finding;
	int r = 0;

	collect(cases, count, &subjects);
	if (!subjects.count)
		return 1;
	if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
		r = err_errno(err, -errno, "cannot create a pipe");
		goto out;
	}
	r = sandbox_fork(&sandbox, err);
	if (r < 0)
		goto out;
	if (r == 1) {
		struct err inner = {0};

		close(pipe_fds[0]);
		finding = (struct finding){.line = UINT32_MAX};
		if (sandbox_setup(&inner) < 0)
			tell(pipe_fds[1], &finding, &inner);
		else
			for (size_t i = 0; i < subjects.count; i++)
				judge_subject(&subjects.items[i], (uint32_t)i, pipe_fds[1]);
		_exit(0);
	}
	close(fd_steal(&pipe_fds[1]));
	for (;;) {
		ssize_t n = read(pipe_fds[0], &finding, sizeof(finding)); /* at most PIPE_BUF: whole records */

		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(finding))
			break;
		finding.text[sizeof(finding.text) - 1] = '\0';
		if (r >= 0)
			r = report(&subjects, &finding, diags, err);
	}
	waitpid(sandbox.pid, NULL, 0);
out:
	cleanup_closep(&pipe_fds[0]);
	cleanup_closep(&pipe_fds[1]);
	cleanup_closep(&sandbox.pidfd);
	array_free(&subjects);
	return r;
}
