/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of a scenario: environment, view of the file system, spawning. */
#include "lab/run/program.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "lab/kernel/sandbox.h"

/*
 * Theory: programs see the host's files read-only, a /run, /tmp and /var of
 * their node's own, and the lab's names in /etc/hosts. That view is a mount
 * namespace made once per node, when its first program starts. Their environment
 * is made here, so that nothing of the caller's leaks in but PATH, TERM, and
 * what a locale needs.
 */
static const char *const kept_variables[] = {"PATH", "TERM", "LANG", "LC_ALL", "LC_CTYPE", "TZ", NULL};

typedef ARRAY(const char *) word_list;

static void add_variable(struct execution *x, word_list *env, const char *name, const char *value)
{
	size_t length = strlen(name);
	const char *word = arena_printf(x->arena, "%s=%s", name, value);

	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->items[i], name, length) == 0 && env->items[i][length] == '=') {
			env->items[i] = word;
			return;
		}
	array_push(env, word);
}

static void add_environment(struct execution *x, const struct run_node *run, const char *node, word_list *env)
{
	for (size_t i = 0; kept_variables[i]; i++) {
		const char *value = getenv(kept_variables[i]);

		if (value)
			add_variable(x, env, kept_variables[i], value);
	}
	if (!getenv("PATH"))
		add_variable(x, env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	add_variable(x, env, "HOME", "/tmp");
	add_variable(x, env, "USER", "root");
	add_variable(x, env, "NSLAB_NODE", node);
	/* Params and matrix values are the shell's variables; commands get them by $(name). */
	for (size_t i = 0; run && i < x->scenario->value_count; i++)
		add_variable(x, env, x->scenario->values[i].name, x->scenario->values[i].value);
	for (size_t i = 0; run && i < run->env.count; i++)
		add_variable(x, env, run->env.items[i]->name, ((const struct setting_node *)run->env.items[i])->value);
}

/* Every node by its name: all addresses of its wire ends and loopbacks. */
static const char *hosts_file(struct execution *x)
{
	struct text out = {0};

	text_add(&out, "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
	for (size_t n = 0; n < x->plan->nodes.count; n++) {
		const struct plan_node *node = &x->plan->nodes.items[n];

		for (size_t i = 0; i < node->interfaces.count; i++)
			for (size_t k = 0; k < node->interfaces.items[i].address_count; k++) {
				const struct ip_addr *addr = &node->interfaces.items[i].addresses[k].addr;

				if (node->hidden || (addr->family == AF_INET && addr->bytes[0] == 127))
					continue;
				ip_addr_print(addr, &out);
				text_addf(&out, " %s\n", node->name);
			}
	}
	const char *kept = arena_strdup(x->arena, text_str(&out));
	text_free(&out);
	return kept;
}

static const char *working_directory(struct execution *x, const char *cwd);

/*
 * Where the node's programs start, as far as it is known beforehand: a tree below /tmp or /var would else be hidden by the
 * node's own. NULL-terminated; what does not exist is left out.
 */
#define KEEP_MAX 8

static const char *const *kept_directories(struct execution *x, int node)
{
	const char **keep = arena_alloc(x->arena, (KEEP_MAX + 1) * sizeof(*keep));
	size_t count = 0;

	for (size_t i = 0; i < x->tree->steps.count && count < KEEP_MAX; i++) {
		const struct run_node *run = ((const struct step_node *)x->tree->steps.items[i])->run;
		_cleanup_free_ char *real = NULL;

		if (!run || !run->cwd || execution_node(x, run->in) != node)
			continue;
		real = realpath(working_directory(x, run->cwd), NULL);
		if (real)
			keep[count++] = arena_strdup(x->arena, real);
	}
	return keep;
}

static int view_of(struct execution *x, int node, struct program *program, struct err *err)
{
	const struct lab_node *tree = x->plan->nodes.items[node].tree;
	struct program_file *files = NULL;

	if (!x->views) {
		x->views = arena_alloc(x->arena, x->plan->nodes.count * sizeof(int));
		for (size_t i = 0; i < x->plan->nodes.count; i++)
			x->views[i] = -1;
	}
	if (x->views[node] < 0) {
		if (tree && tree->files.count) {
			files = arena_alloc(x->arena, tree->files.count * sizeof(*files));
			for (size_t i = 0; i < tree->files.count; i++) {
				const struct file_node *file = (const struct file_node *)tree->files.items[i];

				files[i] = (struct program_file){file->node.name, file->content, (unsigned)file->mode};
			}
			program->files = files;
			program->file_count = tree->files.count;
		}
		program->hosts = hosts_file(x);
		program->keep = kept_directories(x, node);
		int r = program_view(program, &x->views[node], err);
		if (r < 0)
			return r;
	}
	program->view_fd = x->views[node];
	return 0;
}

static int start(struct execution *x, int node, const char *const *argv, const char *const *env, const char *cwd, const int fds[3],
		 bool terminal, pid_t *ret_pid, int *ret_pidfd, struct err *err)
{
	struct program program = {
		.argv = argv, .env = env, .cwd = cwd, .netns = x->lab.netns[node], .stdin_fd = fds[0], .stdout_fd = fds[1], .stderr_fd = fds[2],
		.hostname = x->plan->nodes.items[node].name, .view_fd = -1, .terminal = terminal,
	};
	int r = view_of(x, node, &program, err);

	if (r < 0)
		return err_wrap(err, "files of node %s", program.hostname);
	return program_spawn(&program, ret_pid, ret_pidfd, err);
}

/* --wrap goes before a program under test: one whose command begins with a $(param). */
static bool is_under_test(const struct run_node *run)
{
	const struct yaml *command = run->node.yaml && run->node.yaml->kind == YAML_MAP ? yaml_get(run->node.yaml, "command") : NULL;

	if (command && command->kind == YAML_LIST)
		command = command->count ? command->items[0] : NULL;
	return command && command->kind == YAML_SCALAR && str_starts(command->text, "$(");
}

static void command_words(struct execution *x, const struct run_node *run, word_list *argv)
{
	if (run->shell) {
		array_push(argv, "/bin/sh");
		array_push(argv, "-ec");
		array_push(argv, run->shell);
	} else {
		for (const char *const *word = x->settings->wrap; word && *word && is_under_test(run); word++)
			array_push(argv, *word);
		for (size_t i = 0; i < run->command.count; i++)
			array_push(argv, ((const char *const *)run->command.values)[i]);
	}
	array_push(argv, NULL);
}

/* Absolute: a program starts in a mount namespace of its own, and entering it forgets where we were. */
static const char *working_directory(struct execution *x, const char *cwd)
{
	_cleanup_free_ char *here = getcwd(NULL, 0);
	const char *path = !cwd ? x->scenario->directory :
			   cwd[0] == '/' ? cwd :
					   arena_printf(x->arena, "%s/%s", x->scenario->directory, cwd);

	if (path[0] == '/' || !here)
		return path;
	return strcmp(path, ".") == 0 ? arena_strdup(x->arena, here) : arena_printf(x->arena, "%s/%s", here, path);
}

int program_start(struct execution *x, const struct program_request *request, pid_t *ret_pid, int *ret_pidfd, struct err *err)
{
	const struct run_node *run = request->node;
	int node = execution_node(x, run->in);
	const int fds[3] = {request->stdin_fd, request->stdout_fd, request->stderr_fd};
	word_list argv = {0}, env = {0};

	if (node < 0)
		return err_set(err, -EINVAL, "no node '%s'", run->in ? run->in : "");
	command_words(x, run, &argv);
	add_environment(x, run, run->in, &env);
	array_push(&env, NULL);
	int r = start(x, node, argv.items, env.items, working_directory(x, run->cwd), fds, false, ret_pid, ret_pidfd, err);
	array_free(&argv);
	array_free(&env);
	return r;
}

int program_start_command(struct execution *x, const struct run_node *run, const char *const *command, pid_t *ret_pid, int *ret_pidfd,
			  struct err *err)
{
	const int fds[3] = {-1, -1, -1};
	word_list env = {0};

	add_environment(x, run, run->in, &env);
	array_push(&env, NULL);
	int r = start(x, execution_node(x, run->in), command, env.items, working_directory(x, run->cwd), fds, false, ret_pid, ret_pidfd, err);
	array_free(&env);
	return r;
}

int program_start_terminal(struct execution *x, int node, const char *const *command, const char *const *extra, int tty, pid_t *ret_pid,
			   int *ret_pidfd, struct err *err)
{
	const int own[3] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}, given[3] = {tty, tty, tty};
	word_list env = {0};

	add_environment(x, NULL, x->plan->nodes.items[node].name, &env);
	for (; extra && *extra; extra++)
		array_push(&env, *extra);
	array_push(&env, NULL);
	_cleanup_free_ char *here = getcwd(NULL, 0);
	int r = start(x, node, command, env.items, here, tty < 0 ? own : given, tty >= 0, ret_pid, ret_pidfd, err);
	array_free(&env);
	return r;
}

/* --- output --- */

static void add_excerpt(struct text *out, const char *bytes, size_t length)
{
	text_add_char(out, '\'');
	text_add_visible(out, bytes, length > 200 ? 200 : length);
	text_add(out, length > 200 ? "…'" : "'");
}

int output_check(const struct output_node *check, const char *output, size_t length, struct text *ret_why, struct err *err)
{
	if (check->equals && (strlen(check->equals) != length || memcmp(check->equals, output, length) != 0)) {
		text_add(ret_why, "expected ");
		add_excerpt(ret_why, check->equals, strlen(check->equals));
	} else if (check->contains && !memmem(output, length, check->contains, strlen(check->contains))) {
		text_add(ret_why, "expected to contain ");
		add_excerpt(ret_why, check->contains, strlen(check->contains));
	} else if (check->matches) {
		regex_t pattern;

		if (regcomp(&pattern, check->matches, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
			return err_set(err, -EINVAL, "'%s' is no extended regular expression (regex(7))", check->matches);
		bool found = regexec(&pattern, output, 0, NULL, 0) == 0;
		regfree(&pattern);
		if (found)
			return 1;
		text_add(ret_why, "expected to match ");
		add_excerpt(ret_why, check->matches, strlen(check->matches));
	} else {
		return 1;
	}
	text_add(ret_why, ", got ");
	add_excerpt(ret_why, output, length);
	return 0;
}
