/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a program ready? Its ports, its output, or a command that succeeds. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "lab/base/clock.h"
#include "lab/kernel/netns.h"
#include "lab/run/program.h"

/*
 * Theory: the kernel announces no bound port, so `listen` reads the node's
 * tables in /proc/net again and again, on a timer of the loop that begins at 200 µs and doubles up
 * to 10 ms. All conditions that are given must hold at once.
 */
#define POLL_FIRST (200 * NS_PER_US)
#define POLL_LAST (10 * NS_PER_MS)

struct ready {
	struct execution *execution;
	const struct run_node *node;
	void (*ready)(void *data);
	void *data;
	int64_t pause;
	struct loop_source *timer;
	bool listens, printed, succeeded;
	pid_t probe_pid;
	int probe_pidfd;
	struct loop_source *probe_watch;
	regex_t pattern;
	bool has_pattern;
};

static void maybe_ready(struct ready *ready)
{
	if (ready->listens && ready->printed && ready->succeeded)
		ready->ready(ready->data); /* frees `ready` */
}

/* Column 1 of /proc/net/tcp and its like is "ADDRESS:PORT" in hex, column 3 the state; 0A is TCP_LISTEN (proc_net_tcp.rst). */
static bool table_has_port(const char *table, unsigned port, bool stream)
{
	char path[64], line[512];
	bool found = false;

	snprintf(path, sizeof(path), "/proc/thread-self/net/%s", table);
	FILE *file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		unsigned local, state;

		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x", &local, &state) == 2)
			found = local == port && (!stream || state == 0x0a);
	}
	if (file)
		fclose(file);
	return found;
}

/* /proc/net/packet: "sk RefCnt Type Proto Iface R Rmem User Inode"; Iface 0 hears all. */
static bool table_has_packet_socket(int ifindex)
{
	char line[512];
	bool found = false;

	FILE *file = fopen("/proc/thread-self/net/packet", "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		int bound, running;

		/* Our own observer is in this table too, but bound to no interface. */
		if (sscanf(line, "%*x %*d %*d %*x %d %d", &bound, &running) == 2)
			found = bound == ifindex && running;
	}
	if (file)
		fclose(file);
	return found;
}

static bool is_listening(const struct ready *ready)
{
	const char *words = ready->node->ready->listen;
	char kind[16], what[64];
	char table6[16];

	if (sscanf(words, "%15s %63s", kind, what) != 2)
		return false;
	int node = execution_node(ready->execution, ready->node->in);
	if (node < 0 || netns_enter(ready->execution->lab.netns[node], NULL) < 0)
		return false;
	if (strcmp(kind, "packet") == 0) {
		const struct plan_interface *interface = plan_find_interface(&ready->execution->plan->nodes.items[node], what);

		return interface && table_has_packet_socket(interface->index);
	}
	unsigned long port = strtoul(what, NULL, 10);
	snprintf(table6, sizeof(table6), "%.8s6", kind);
	bool stream = strcmp(kind, "tcp") == 0;
	return table_has_port(kind, (unsigned)port, stream) || table_has_port(table6, (unsigned)port, stream);
}

static int on_timer(void *data, struct err *err);

static void poll_later(struct ready *ready)
{
	ready->timer = loop_add_timer(ready->execution->loop, clock_now() + ready->pause, on_timer, ready);
	if (ready->pause < POLL_LAST)
		ready->pause *= 2;
}

static int on_probe_ended(void *data, uint32_t events, struct err *err)
{
	struct ready *ready = data;
	int status = 0;

	(void)events;
	(void)err;
	loop_remove(ready->probe_watch);
	ready->probe_watch = NULL;
	if (waitpid(ready->probe_pid, &status, 0) < 0)
		status = W_EXITCODE(1, 0);
	cleanup_closep(&ready->probe_pidfd);
	ready->probe_pidfd = -1;
	ready->probe_pid = -1;
	ready->succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (!ready->succeeded)
		poll_later(ready);
	else
		maybe_ready(ready);
	return 0;
}

static int start_probe(struct ready *ready, struct err *err)
{
	const struct value_list *words = &ready->node->ready->succeeds;
	const char **command = mem_alloc((words->count + 1) * sizeof(*command));

	for (size_t i = 0; i < words->count; i++)
		command[i] = ((const char *const *)words->values)[i];
	int r = program_start_command(ready->execution, ready->node, command, &ready->probe_pid, &ready->probe_pidfd, err);
	free(command);
	if (r < 0)
		return r;
	return loop_add_fd(ready->execution->loop, ready->probe_pidfd, EPOLLIN, on_probe_ended, ready, &ready->probe_watch, err);
}

static int on_timer(void *data, struct err *err)
{
	struct ready *ready = data;

	ready->timer = NULL;
	if (!ready->listens)
		ready->listens = is_listening(ready);
	if (!ready->listens) {
		poll_later(ready);
		return 0;
	}
	if (!ready->succeeded && ready->probe_pid < 0)
		return start_probe(ready, err);
	maybe_ready(ready);
	return 0;
}

int ready_start(struct execution *x, const struct run_node *node, void (*fn)(void *data), void *data, struct ready **ret,
		struct err *err)
{
	struct ready *ready = mem_new(struct ready);
	const struct ready_node *wanted = node->ready;

	*ready = (struct ready){
		.execution = x, .node = node, .ready = fn, .data = data, .pause = POLL_FIRST, .probe_pid = -1, .probe_pidfd = -1,
		.listens = !wanted->listen, .printed = !wanted->output, .succeeded = !wanted->succeeds.count,
	};
	if (wanted->output) {
		if (regcomp(&ready->pattern, wanted->output, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0) {
			free(ready);
			return err_set(err, -EINVAL, "ready: '%s' is no extended regular expression (regex(7))", wanted->output);
		}
		ready->has_pattern = true;
	}
	*ret = ready;
	if (wanted->listen || wanted->succeeds.count)
		ready->timer = loop_add_timer(x->loop, clock_now(), on_timer, ready);
	return 0;
}

void ready_output(struct ready *ready, const char *output)
{
	if (!ready->has_pattern || ready->printed || regexec(&ready->pattern, output, 0, NULL, 0) != 0)
		return;
	ready->printed = true;
	maybe_ready(ready);
}

void ready_free(struct ready *ready)
{
	if (!ready)
		return;
	loop_remove(ready->timer);
	loop_remove(ready->probe_watch);
	if (ready->probe_pid > 0)
		kill(ready->probe_pid, SIGKILL);
	cleanup_closep(&ready->probe_pidfd);
	if (ready->has_pattern)
		regfree(&ready->pattern);
	free(ready);
}
