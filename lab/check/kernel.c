/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets and sysctls, judged by the kernel itself in throwaway namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "lab/base/clock.h"
#include "lab/base/rng.h"
#include "lab/check/check_inside.h"
#include "lab/check/check.h"
#include "lab/check/kernel_inside.h"
#include "lab/kernel/netfilter.h"
#include "lab/kernel/sandbox.h"
#include "lab/scenario/condition.h"

/*
 * Theory of operation
 *
 * One child for all that is to be judged. It gives each node a network namespace
 * with interfaces of the node's names (a rule may say `iif eth0`, a key may name
 * an interface), applies there what the node has, then what its `set` steps
 * have, in their order, and writes an answer for each refusal into a pipe. It
 * also says what it begins: where it dies in the middle, that is what killed it.
 *
 * Steps that `when` leaves out are not applied, nor those with `error`: they may
 * want the refusal. Cases of one matrix mostly share all of this; what was judged
 * for one is not judged again.
 */
#define SILENCE_MAX (60 * NS_PER_S) /* of the child: a large ruleset under valgrind takes its time */

/* --- what there is to judge --- */

static void add_steps(struct subject *subject, const struct node_list *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		const struct step_node *step = (const struct step_node *)steps->items[i];
		const struct set_node *set = step->set;

		if ((step->when && condition_when(step->when, NULL) == 0) || step->error)
			continue;
		if (step->together)
			add_steps(subject, &step->together->steps);
		if (set && str_eq(set->in, subject->node->node.name) && (set->nftables || set->sysctl.count))
			array_push(&subject->trials, (struct trial){&set->node, set->nftables, &set->sysctl});
	}
}

static void add_text(struct text *key, const char *text)
{
	text_add(key, text ? text : "");
	text_add_char(key, '\0');
}

/* All that an answer depends on. */
static uint64_t subject_hash(const struct subject *subject)
{
	_cleanup_text_ struct text key = {0};

	add_text(&key, subject->node->node.name);
	text_addf(&key, "%d", subject->node->role);
	for (size_t i = 0; i < subject->tree->links.count; i++) {
		const struct link_node *link = (const struct link_node *)subject->tree->links.items[i];

		for (size_t k = 0; k < link->ends.count; k++)
			add_text(&key, link->ends.items[k]->name);
	}
	for (size_t i = 0; i < subject->trials.count; i++) {
		const struct trial *trial = &subject->trials.items[i];

		text_addf(&key, "%u", trial->owner->span.offset);
		add_text(&key, trial->owner->span.source ? trial->owner->span.source->path : "");
		add_text(&key, trial->ruleset);
		for (size_t k = 0; k < trial->settings->count; k++) {
			add_text(&key, trial->settings->items[k]->name);
			add_text(&key, ((const struct setting_node *)trial->settings->items[k])->value);
		}
	}
	return hash_text(text_str(&key), key.length);
}

/* The same node with the same rulesets and settings in a case before, or NULL. */
static struct subject *find_twin(struct subjects *subjects, uint64_t hash)
{
	for (size_t i = 0; i < subjects->list.count; i++)
		if (subjects->list.items[i].hash == hash)
			return &subjects->list.items[i];
	return NULL;
}

static void add_subject(struct subjects *subjects, const struct scenario_case *scenario, const struct scenario_tree *tree,
			const struct lab_node *node)
{
	struct subject subject = {.scenario = scenario, .tree = tree, .node = node};
	struct subject *twin;

	if (node->nftables || node->sysctl.count)
		array_push(&subject.trials, (struct trial){&node->node, node->nftables, &node->sysctl});
	add_steps(&subject, &tree->steps);
	if (!subject.trials.count)
		return;
	subject.hash = subject_hash(&subject);
	twin = find_twin(subjects, subject.hash);
	if (!twin) {
		array_push(&subjects->list, subject);
		return;
	}
	twin->others++;
	array_free(&subject.trials);
}

/* Errors elsewhere than in steps may have taken away interfaces that a ruleset speaks of. */
static bool lab_is_whole(const struct scenario_tree *tree, const struct diag_list *diags)
{
	struct span steps = node_field_span(&tree->node, "steps");

	for (size_t i = 0; i < diags->items.count; i++) {
		const struct diag *diag = &diags->items.items[i];

		if (diag_table[diag->id].severity == DIAG_ERROR &&
		    (!node_given(&tree->node, "steps") || diag->span.source != steps.source || diag->span.offset < steps.offset ||
		     diag->span.offset > steps.offset + steps.length))
			return false;
	}
	return true;
}

static void collect(const struct scenario_case *cases, size_t count, const struct diag_list *diags, struct subjects *ret)
{
	for (size_t c = 0; c < count; c++) {
		const struct scenario_tree *tree = cases[c].tree ? cases[c].tree : cases[c].partial;

		if (!tree || (!cases[c].tree && !lab_is_whole(tree, diags)))
			continue;
		for (size_t i = 0; i < tree->nodes.count; i++)
			add_subject(ret, &cases[c], tree, (const struct lab_node *)tree->nodes.items[i]);
	}
}

/* --- what came back --- */

static const struct trial *trial_of(const struct subjects *subjects, const struct answer *answer)
{
	const struct subject *subject = answer->subject < subjects->list.count ? &subjects->list.items[answer->subject] : NULL;

	return subject && answer->trial < subject->trials.count ? &subject->trials.items[answer->trial] : NULL;
}

static void report_setting(const struct trial *trial, const struct answer *answer, struct diag_list *diags)
{
	const struct setting_node *setting = (const struct setting_node *)trial->settings->items[answer->setting];
	_cleanup_text_ struct text path = {0};
	bool value = (answer->code == -EINVAL || answer->code == -ERANGE) &&
		     (str_starts(setting->node.name, "net.") || str_starts(setting->node.name, "net/"));

	diag_add(diags, DIAG_BAD_SYSCTL, value ? node_field_span(&setting->node, "value") : setting->node.name_span, "%s", answer->text);
	if (answer->help[0]) {
		diag_help(diags, "%s", answer->help);
		return;
	}
	/* Nothing like it in the lab: perhaps on the host. */
	text_addf(&path, "/proc/sys/%s", setting->node.name);
	for (char *c = path.data; !strchr(setting->node.name, '/') && *c; c++)
		if (*c == '.')
			*c = '/';
	if (answer->code == -ENOENT && access(text_str(&path), F_OK) == 0)
		diag_help(diags, "the host has it, with one value for all network namespaces: a lab cannot set it");
}

static void report(const struct subjects *subjects, const struct answer *answer, struct diag_list *diags)
{
	const struct trial *trial = trial_of(subjects, answer);
	const char *outer = diags->context;
	size_t before = diags->items.count;

	if (!trial)
		return;
	const struct subject *subject = &subjects->list.items[answer->subject];
	const struct scenario_case *scenario = subject->scenario;
	diags->context = strcmp(scenario->id, scenario->path) != 0 ? scenario->id : outer;
	if (answer->kind == ANSWER_RULESET && trial->ruleset) {
		diag_add(diags, DIAG_BAD_RULESET,
			 place_of_line(node_field_span(trial->owner, "nftables"), trial->ruleset, answer->line, answer->column), "nft: %s",
			 answer->text);
		if (answer->help[0])
			diag_help(diags, "%s", answer->help);
	} else if (answer->kind == ANSWER_SETTING && answer->setting < trial->settings->count) {
		report_setting(trial, answer, diags);
	}
	if (diags->context && diags->items.count > before)
		diags->items.items[diags->last].others += subject->others;
	diags->context = outer;
}

/* One answer: 1, 0 the child has nothing more to say, -ETIMEDOUT. */
static int read_answer(int fd, struct answer *ret)
{
	int64_t deadline = clock_after(clock_now(), SILENCE_MAX);

	for (;;) {
		int64_t left = (deadline - clock_now()) / NS_PER_MS;
		struct pollfd readable = {.fd = fd, .events = POLLIN};
		int r = poll(&readable, 1, left > 0 ? (int)left : 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r == 0)
			return -ETIMEDOUT;
		ssize_t n = read(fd, ret, sizeof(*ret));
		if (n < 0 && errno == EINTR)
			continue;
		ret->text[sizeof(ret->text) - 1] = ret->help[sizeof(ret->help) - 1] = '\0';
		return n == (ssize_t)sizeof(*ret);
	}
}

/* The child is gone, or silent, in the middle of something: libnftables was known to do that. */
static int report_death(const struct subjects *subjects, const struct answer *last, int r, int status, struct diag_list *diags, struct err *err)
{
	const struct trial *trial = trial_of(subjects, last);
	const char *how = r == -ETIMEDOUT ? "does not come to an end" : "ends in a crash";

	if (!trial || !trial->ruleset || last->kind != ANSWER_BEGIN)
		return err_set(err, -EIO, "the process that tries rulesets and sysctls ended with status %d, before it was done", status);
	diag_add(diags, DIAG_BAD_RULESET, node_field_span(trial->owner, "nftables"), "reading this ruleset %s: a fault of libnftables", how);
	diag_help(diags, "nft -c -f FILE does the same; take parts away until it does not");
	return 0;
}

static int hear(const struct subjects *subjects, const struct sandbox *sandbox, int fd, struct diag_list *diags, struct err *err)
{
	struct answer answer = {.subject = UINT32_MAX}, last = answer;
	int status = 0, r;

	while ((r = read_answer(fd, &answer)) == 1 && answer.kind != ANSWER_DONE && answer.kind != ANSWER_UNABLE) {
		report(subjects, &answer, diags);
		last = answer;
	}
	if (r == -ETIMEDOUT)
		kill(sandbox->pid, SIGKILL);
	while (waitpid(sandbox->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 1 && answer.kind == ANSWER_UNABLE)
		return err_set(err, answer.code < 0 ? answer.code : -EIO, "%s", answer.text);
	return r == 1 ? 0 : report_death(subjects, &last, r, status, diags, err);
}

static bool has_ruleset(const struct subjects *subjects)
{
	for (size_t i = 0; i < subjects->list.count; i++)
		for (size_t k = 0; k < subjects->list.items[i].trials.count; k++)
			if (subjects->list.items[i].trials.items[k].ruleset)
				return true;
	return false;
}

static int ask(const struct subjects *subjects, struct diag_list *diags, struct err *err)
{
	struct sandbox sandbox = {.pid = -1, .pidfd = -1};
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, -errno, "cannot make a pipe");
	/* Where it cannot be loaded, the child says so. */
	if (has_ruleset(subjects))
		nftables_load(NULL);
	int r = sandbox_fork(&sandbox, err);
	if (r == 1) {
		kernel_child_run(subjects, fds[1]);
		_exit(0);
	}
	close(fds[1]);
	if (r == 0)
		r = hear(subjects, &sandbox, fds[0], diags, err);
	close(fds[0]);
	cleanup_closep(&sandbox.pidfd);
	return r;
}

int check_kernel(const struct scenario_case *cases, size_t count, struct diag_list *diags, struct err *err)
{
	struct subjects subjects = {0};
	int r = 1;

	collect(cases, count, diags, &subjects);
	if (subjects.list.count)
		r = ask(&subjects, diags, err);
	for (size_t i = 0; i < subjects.list.count; i++)
		array_free(&subjects.list.items[i].trials);
	array_free(&subjects.list);
	return r;
}
