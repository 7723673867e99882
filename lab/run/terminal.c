/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A person in the lab: a shell in a node, on the person's own terminal. */
#include "lab/run/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>

#include "lab/base/clock.h"
#include "lab/run/program.h"
#include "lab/run/runner.h"

/*
 * Theory: the shell lives in another PID namespace, where our terminal's process
 * groups have no numbers; job control needs a terminal of its own. So we make a
 * pseudoterminal, give its far end to the shell as controlling terminal, put
 * ours into raw mode, and carry bytes both ways; a change of size is passed on.
 */
struct shell_request {
	const char *node;
	const char *const *command;
	int tty; /* the far end of the pseudoterminal, or -1: the standard streams */
};

struct shell_wait {
	bool ended;
	int status;
	pid_t pid;
};

static bool has_ended(void *data)
{
	return ((struct shell_wait *)data)->ended;
}

static int on_shell_ended(void *data, uint32_t events, struct err *err)
{
	struct shell_wait *wait = data;

	(void)events;
	(void)err;
	if (waitpid(wait->pid, &wait->status, 0) == wait->pid)
		wait->ended = true;
	return 0;
}

/* In the runner. The result is the exit status of the runner, and so of the command. */
static int shell_body(struct execution *x, void *data)
{
	const struct shell_request *request = data;
	static const char *const bash[] = {"bash", "--norc", "--noprofile", "-i", NULL};
	static const char *const plain[] = {"/bin/sh", "-i", NULL};
	static const char *const script[] = {"/bin/sh", NULL};
	const char *env[3] = {NULL};
	const char *const *command = request->command;
	struct shell_wait wait = {0};
	struct err err = {0};
	int pidfd = -1;

	x->deadline = CLOCK_NEVER;
	int r = execution_build(x, &err);
	int node = r < 0 ? -1 : execution_node(x, request->node);
	bool has_bash = access("/bin/bash", X_OK) == 0 || access("/usr/bin/bash", X_OK) == 0;
	if (!command)
		command = request->tty < 0 ? script : has_bash ? bash : plain;
	env[0] = has_bash ? arena_printf(x->arena, "PS1=\\[\\e[1;36m\\]%s\\[\\e[0m\\]:\\w\\$ ", request->node) :
			    arena_printf(x->arena, "PS1=%s# ", request->node);
	env[1] = "HISTFILE=/tmp/.history";
	if (r >= 0) {
		/* Nobody reads the observer's tape here; what it has heard so far is enough, and a long session would fill memory. */
		observer_close(x->observer);
		x->observer = NULL;
		r = program_start_terminal(x, node, command, env, request->tty, &wait.pid, &pidfd, &err);
	}
	if (r >= 0)
		r = loop_add_fd(x->loop, pidfd, EPOLLIN, on_shell_ended, &wait, NULL, &err);
	if (r >= 0)
		r = loop_run(x->loop, has_ended, &wait, CLOCK_NEVER, &err);
	if (r < 0) {
		execution_note(x, 2, "%s", err.text);
		return 125;
	}
	return WIFSIGNALED(wait.status) ? 128 + WTERMSIG(wait.status) : WEXITSTATUS(wait.status);
}

static int open_pty(int *ret_near, int *ret_far, struct err *err)
{
	_cleanup_close_ int near = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char name[128];

	if (near < 0 || grantpt(near) < 0 || unlockpt(near) < 0 || ptsname_r(near, name, sizeof(name)) != 0)
		return err_errno(err, -errno, "cannot make a pseudoterminal");
	int far = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (far < 0)
		return err_errno(err, -errno, "cannot open the pseudoterminal %s", name);
	*ret_near = fd_steal(&near);
	*ret_far = far;
	return 0;
}

static void copy_size(int near)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(near, TIOCSWINSZ, &size);
}

static bool write_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		length -= (size_t)n;
	}
	return true;
}

/* One read and its write. False: that side is at its end. */
static bool carry(int from, int to)
{
	char chunk[4096];
	ssize_t n = read(from, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	return n > 0 && write_all(to, chunk, (size_t)n);
}

/* Until the runner ends. */
static void carry_all(int near, int signals, int pidfd)
{
	struct pollfd fds[] = {{near, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}, {signals, POLLIN, 0}, {pidfd, POLLIN, 0}};

	for (;;) {
		struct signalfd_siginfo info;

		if (poll(fds, COUNT_OF(fds), -1) < 0 && errno != EINTR)
			return;
		if (fds[0].revents && !carry(near, STDOUT_FILENO))
			fds[0].fd = -1;
		if (fds[1].revents && !carry(STDIN_FILENO, near))
			fds[1].fd = -1;
		if (fds[2].revents)
			while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
				if (info.ssi_signo != SIGWINCH)
					return; /* told to end: the runner, and all in it, ends with us */
				copy_size(near);
			}
		if (fds[3].revents) {
			while (poll(fds, 1, 0) > 0 && fds[0].fd >= 0 && (fds[0].revents & POLLIN) && carry(near, STDOUT_FILENO))
				;
			return;
		}
	}
}

/* What the runner has to say: it only speaks when something went wrong. */
static int read_notes(int fd, struct err *err)
{
	struct arena *arena = arena_new();
	_cleanup_text_ struct text bytes = {0};
	char chunk[4096];
	struct event event;
	ssize_t n;
	int r = 0;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		text_add_bytes(&bytes, chunk, (size_t)n);
	for (size_t at = 0; at < bytes.length && r == 0;) {
		long used = event_decode((const uint8_t *)bytes.data + at, bytes.length - at, arena, &event, NULL);

		if (used <= 0)
			break;
		at += (size_t)used;
		if (event.type == EVENT_NOTE && event.note.severity == 2)
			r = err_set(err, -EIO, "%s", event.note.text);
		else if (event.type == EVENT_CASE_END && event.case_end.verdict == VERDICT_ERROR)
			r = err_set(err, -EIO, "%s", event.case_end.reason);
	}
	arena_free(arena);
	return r;
}

static int run_on_terminal(const struct runner_request *runner_request, struct shell_request *shell, struct runner *runner, int near,
			   struct err *err)
{
	struct termios before, raw;
	sigset_t wanted, old;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGWINCH);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGHUP);
	sigprocmask(SIG_BLOCK, &wanted, &old);
	_cleanup_close_ int signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	copy_size(near);
	int r = signals < 0 ? err_errno(err, -errno, "cannot watch signals") : runner_start(runner_request, runner, err);
	if (r >= 0) {
		close(fd_steal(&shell->tty));
		tcgetattr(STDIN_FILENO, &before);
		raw = before;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
		carry_all(near, signals, runner->sandbox.pidfd);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

int terminal_shell(const struct scenario_case *scenario, const struct run_settings *settings, const char *node,
		   const char *const *command, int *ret_status, struct err *err)
{
	struct arena *arena = arena_new();
	struct shell_request shell = {.node = node, .command = command, .tty = -1};
	struct runner_request request = {
		.scenario = scenario, .settings = settings, .observer = OBSERVE_SOCKETS, .body = shell_body, .data = &shell,
	};
	struct runner runner = {.sandbox = {.pid = -1, .pidfd = -1}, .events = -1};
	_cleanup_close_ int near = -1;
	int status = 0, r = 0;

	request.plan = plan_make(scenario->tree, arena);
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
		r = open_pty(&near, &shell.tty, err);
		if (r >= 0)
			r = run_on_terminal(&request, &shell, &runner, near, err);
	} else {
		r = runner_start(&request, &runner, err);
	}
	if (r >= 0) {
		if (near >= 0 && poll(&(struct pollfd){runner.sandbox.pidfd, POLLIN, 0}, 1, 0) == 0)
			kill(runner.sandbox.pid, SIGKILL); /* our terminal went away, or we were told to end */
		if (waitpid(runner.sandbox.pid, &status, 0) < 0)
			status = 0;
		r = read_notes(runner.events, err);
		*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	cleanup_closep(&shell.tty);
	cleanup_closep(&runner.events);
	cleanup_closep(&runner.sandbox.pidfd);
	arena_free(arena);
	return r;
}
