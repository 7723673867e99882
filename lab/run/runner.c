/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runner: the process that carries one case out, PID 1 of its own world. */
#include "lab/run/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "lab/base/clock.h"
#include "lab/kernel/netns.h"
#include "lab/kernel/sysctl.h"

/*
 * Theory: the runner is forked from the supervisor with everything read and
 * checked in memory, so it opens no file of its own. Its events go into a buffer
 * and from there into a pipe: at once where somebody watches, else when there is
 * much or the case is over, so that telling costs the measured part nothing. It
 * ends by _exit(): what it held is let go behind the verdict.
 */
#define PENDING_MAX (64u << 10)

struct pipe_sink {
	struct event_sink sink;
	int fd;
	bool live, broken;
	struct text pending;
};

static void flush(struct pipe_sink *pipe_sink)
{
	size_t written = 0;

	while (written < pipe_sink->pending.length && !pipe_sink->broken) {
		ssize_t n = write(pipe_sink->fd, pipe_sink->pending.data + written, pipe_sink->pending.length - written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			pipe_sink->broken = true; /* the supervisor is gone, and with it the reason to go on */
		else
			written += (size_t)n;
	}
	text_clear(&pipe_sink->pending);
}

static int pipe_emit(struct event_sink *sink, const struct event *event, struct err *err)
{
	struct pipe_sink *pipe_sink = (struct pipe_sink *)sink;

	(void)err;
	event_encode(event, &pipe_sink->pending);
	if (pipe_sink->live || pipe_sink->pending.length > PENDING_MAX)
		flush(pipe_sink);
	return 0;
}

static void emit_error(struct execution *x, const struct err *err)
{
	struct event event = {.type = EVENT_CASE_END};

	event.case_end = (struct event_case_end){.verdict = VERDICT_ERROR, .reason = err->text, .artifacts = ""};
	execution_emit(x, &event);
}

/* The supervisor's masks and handlers are not the runner's; a broken pipe is an error, not a death. */
static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	/* A Ctrl-C is for the supervisor: it ends us. */
	setpgid(0, 0);
}

/*
 * Behind the verdict. Our streams end by RST; what programs leave as orphans, to a peer that does not answer any more,
 * would hold its namespace for over a minute of retransmissions (tcp(7), tcp_orphan_retries), so that is cut short now,
 * when nothing is measured any more. Packet sockets close side by side and not, as in _exit(), one after another.
 */
static void let_go(struct execution *x)
{
	sockets_free(x);
	for (size_t i = 0; i < x->lab.count; i++)
		if (netns_enter(x->lab.netns[i], NULL) >= 0) {
			sysctl_set("net.ipv4.tcp_orphan_retries", "1", NULL);
			sysctl_set("net.ipv4.tcp_fin_timeout", "1", NULL);
		}
	observer_close(x->observer);
}

static __attribute__((noreturn)) void runner_main(const struct runner_request *request, int fd)
{
	struct pipe_sink pipe_sink = {.sink = {.emit = pipe_emit}, .fd = fd, .live = request->settings->live};
	struct execution x = {
		.scenario = request->scenario, .tree = request->scenario->tree, .settings = request->settings, .case_index = request->case_index,
		.seed = request->settings->seed, .sink = &pipe_sink.sink, .arena = arena_new(), .plan = request->plan,
		.verdict = VERDICT_PASS,
		.observer_mode = request->observer == OBSERVE_RINGS ? OBSERVER_RINGS : OBSERVER_SOCKETS,
	};
	struct err err = {0};
	int status = 0;

	reset_signals();
	if (sandbox_setup(&err) < 0)
		emit_error(&x, &err);
	else if (request->body)
		status = request->body(&x, request->data);
	else
		execution_run(&x);
	flush(&pipe_sink);
	close(fd);
	let_go(&x);
	_exit(status);
}

int runner_start(const struct runner_request *request, struct runner *ret, struct err *err)
{
	int fds[2];
	struct runner runner = {.events = -1};

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, -errno, "cannot create a pipe");
	int r = sandbox_fork(&runner.sandbox, err);
	if (r == 1) {
		close(fds[0]);
		runner_main(request, fds[1]);
	}
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		return r;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	/* Room for a small case's whole stream: then the runner never waits for us. */
	fcntl(fds[0], F_SETPIPE_SZ, 256 << 10);
	runner.events = fds[0];
	*ret = runner;
	return 0;
}
