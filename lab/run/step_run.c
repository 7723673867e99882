/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run: a program in a node, its output, its readiness and its end. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "lab/base/clock.h"
#include "lab/run/program.h"
#include "lab/run/verbs.h"

/*
 * Theory: the program's output comes through two pipes, its end through a pidfd,
 * all on the loop. The step is over when the program has ended and both pipes
 * are at their end, or, where a grandchild keeps them open, a moment after. At
 * the end of the scenario a program gets TERM, and KILL a second later; that is
 * no failure.
 */
#define OUTPUT_MAX (16u << 20)
#define GRACE (1 * NS_PER_S)
#define PIPE_LINGER (50 * NS_PER_MS)

struct stream {
	struct step_run *run;
	int number; /* 1 stdout, 2 stderr */
	int fd;
	struct loop_source *watch;
	struct text bytes;
	bool cut;
};

struct run_state {
	pid_t pid;
	int pidfd;
	struct loop_source *pid_watch, *stdin_watch, *kill_timer, *linger_timer;
	struct stream streams[2];
	int stdin_fd;
	struct text stdin_bytes;
	size_t stdin_written;
	struct ready *ready;
	bool exited, told_to_end;
	int status;             /* as waitpid(2) gives it */
	int64_t expected_exit;  /* of `stop`; -1 any */
	bool stopped;
	int signal;             /* that it was sent last */
};

void run_describe(const struct step_node *step, struct text *out)
{
	const struct run_node *run = step->run;

	text_add(out, "run ");
	if (run->shell) {
		size_t line = strcspn(run->shell, "\n");

		text_add_bytes(out, run->shell, line > 60 ? 60 : line);
		text_add(out, line > 60 || run->shell[line] ? "…" : "");
		return;
	}
	for (size_t i = 0; i < run->command.count; i++)
		text_addf(out, "%s%s", i ? " " : "", ((const char *const *)run->command.values)[i]);
}

const char *run_node_name(const struct step_node *step)
{
	return step->run->in;
}

static void stop_watching(struct run_state *state)
{
	loop_remove(state->pid_watch);
	loop_remove(state->stdin_watch);
	loop_remove(state->kill_timer);
	loop_remove(state->linger_timer);
	state->pid_watch = state->stdin_watch = state->kill_timer = state->linger_timer = NULL;
	for (size_t i = 0; i < 2; i++) {
		loop_remove(state->streams[i].watch);
		state->streams[i].watch = NULL;
		cleanup_closep(&state->streams[i].fd);
		state->streams[i].fd = -1;
	}
	cleanup_closep(&state->stdin_fd);
	state->stdin_fd = -1;
	ready_free(state->ready);
	state->ready = NULL;
}

/* --- the end --- */

static void add_status(struct text *out, int status)
{
	if (WIFSIGNALED(status)) {
		const char *name = sigabbrev_np(WTERMSIG(status));

		text_addf(out, "was ended by signal %s", name ? name : "?");
	} else {
		text_addf(out, "exited with status %d", WEXITSTATUS(status));
	}
}

static bool exit_is_expected(const struct step_run *run, const struct run_state *state)
{
	/* Ended by a signal that nobody sent is a crash, also while it was told to end. */
	bool crashed = WIFSIGNALED(state->status) && WTERMSIG(state->status) != state->signal && WTERMSIG(state->status) != SIGKILL;

	if (state->stopped && state->expected_exit >= 0)
		return WIFEXITED(state->status) && WEXITSTATUS(state->status) == state->expected_exit;
	if (state->stopped || state->told_to_end)
		return !crashed;
	return WIFEXITED(state->status) && WEXITSTATUS(state->status) == run->step->run->exit;
}

static bool output_fails(struct step_run *run, const struct output_node *check, const struct stream *stream, const char *name)
{
	_cleanup_text_ struct text why = {0};
	struct err err = {0};

	if (!check)
		return false;
	int r = output_check(check, text_str(&stream->bytes), stream->bytes.length, &why, &err);
	if (r == 1)
		return false;
	step_fail(run, NULL, "%s: %s", name, r < 0 ? err.text : text_str(&why));
	return true;
}

/* The last words of a program that failed: most people need no more. */
static void add_tail(const struct run_state *state, struct text *out)
{
	for (int i = 1; i >= 0; i--) {
		const struct text *bytes = &state->streams[i].bytes;
		size_t end = bytes->length, start;

		while (end && strchr("\r\n ", bytes->data[end - 1]))
			end--;
		if (!end)
			continue;
		for (start = end; start && bytes->data[start - 1] != '\n' && end - start < 160;)
			start--;
		text_addf(out, "; last on %s: ", i ? "stderr" : "stdout");
		text_add_visible(out, bytes->data + start, end - start);
		return;
	}
}

static void conclude(struct step_run *run)
{
	struct run_state *state = run->state;
	const struct run_node *node = run->step->run;
	_cleanup_text_ struct text text = {0};

	stop_watching(state);
	if (!exit_is_expected(run, state)) {
		int64_t wanted = state->stopped ? state->expected_exit : node->exit;

		add_status(&text, state->status);
		text_addf(&text, ", expected was %s%" PRId64, WIFSIGNALED(state->status) ? "status " : "", wanted);
		add_tail(state, &text);
		step_fail(run, NULL, "%s %s", node->shell ? "the shell" : ((const char *const *)node->command.values)[0], text_str(&text));
		return;
	}
	if (output_fails(run, node->stdout_check, &state->streams[0], "stdout") ||
	    output_fails(run, node->stderr_check, &state->streams[1], "stderr"))
		return;
	if (!run->ready && run->background && node->ready && !state->told_to_end) {
		add_tail(state, &text);
		step_fail(run, NULL, "ended before it was ready%s", text_str(&text));
		return;
	}
	step_done(run);
}

static int on_linger_over(void *data, struct err *err)
{
	struct step_run *run = data;

	(void)err;
	((struct run_state *)run->state)->linger_timer = NULL;
	conclude(run);
	return 0;
}

static void maybe_conclude(struct step_run *run)
{
	struct run_state *state = run->state;

	if (run->finished || !state->exited)
		return;
	if (!state->streams[0].watch && !state->streams[1].watch)
		conclude(run);
	else if (!state->linger_timer)
		state->linger_timer = loop_add_timer(run->execution->loop, clock_now() + PIPE_LINGER, on_linger_over, run);
}

static int on_exit_seen(void *data, uint32_t events, struct err *err)
{
	struct step_run *run = data;
	struct run_state *state = run->state;

	(void)events;
	(void)err;
	loop_remove(state->pid_watch);
	state->pid_watch = NULL;
	if (waitpid(state->pid, &state->status, 0) < 0)
		state->status = W_EXITCODE(127, 0);
	state->exited = true;
	maybe_conclude(run);
	return 0;
}

/* --- output and input --- */

static void tell_output(struct step_run *run, int number, const void *data, size_t length)
{
	struct event event = {.type = EVENT_OUTPUT};

	event.output = (struct event_output){.step = run->index, .stream = number, .data = data, .data_length = length};
	execution_emit(run->execution, &event);
}

static int on_output(void *data, uint32_t events, struct err *err)
{
	struct stream *stream = data;
	struct step_run *run = stream->run;
	struct run_state *state = run->state;
	char chunk[16384];
	ssize_t n = read(stream->fd, chunk, sizeof(chunk));

	(void)events;
	(void)err;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0) {
		loop_remove(stream->watch);
		stream->watch = NULL;
		maybe_conclude(run);
		return 0;
	}
	tell_output(run, stream->number, chunk, (size_t)n);
	if (stream->bytes.length + (size_t)n <= OUTPUT_MAX) {
		text_add_bytes(&stream->bytes, chunk, (size_t)n);
	} else if (!stream->cut) {
		stream->cut = true;
		execution_note(run->execution, 1, "%s of step %" PRId64 " is longer than 16 MiB; the rest is not kept",
			       stream->number == 1 ? "stdout" : "stderr", run->index);
	}
	if (state->ready)
		ready_output(state->ready, text_str(&stream->bytes));
	return 0;
}

static int on_stdin(void *data, uint32_t events, struct err *err)
{
	struct step_run *run = data;
	struct run_state *state = run->state;
	const struct text *bytes = &state->stdin_bytes;
	ssize_t n = write(state->stdin_fd, text_str(bytes) + state->stdin_written, bytes->length - state->stdin_written);

	(void)events;
	(void)err;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n > 0)
		state->stdin_written += (size_t)n;
	if (n < 0 || state->stdin_written == bytes->length) { /* written, or the program reads no more */
		loop_remove(state->stdin_watch);
		state->stdin_watch = NULL;
		cleanup_closep(&state->stdin_fd);
		state->stdin_fd = -1;
	}
	return 0;
}

/* --- the beginning --- */

static void on_ready(void *data)
{
	struct step_run *run = data;
	struct run_state *state = run->state;

	ready_free(state->ready);
	state->ready = NULL;
	step_ready(run);
}

static int watch_program(struct step_run *run, struct run_state *state, struct err *err)
{
	struct loop *loop = run->execution->loop;
	int r = loop_add_fd(loop, state->pidfd, EPOLLIN, on_exit_seen, run, &state->pid_watch, err);

	for (size_t i = 0; i < 2 && r >= 0; i++)
		r = loop_add_fd(loop, state->streams[i].fd, EPOLLIN, on_output, &state->streams[i], &state->streams[i].watch, err);
	if (r >= 0 && state->stdin_fd >= 0)
		r = loop_add_fd(loop, state->stdin_fd, EPOLLOUT, on_stdin, run, &state->stdin_watch, err);
	return r;
}

static int spawn(struct step_run *run, struct run_state *state, struct err *err)
{
	const struct run_node *node = run->step->run;
	int in[2] = {-1, -1}, out[2] = {-1, -1}, error[2] = {-1, -1};
	int r = node->stdin_data ? bytes_of(run->execution, node->stdin_data, &state->stdin_bytes, err) : 0;

	if (r < 0)
		return r;
	if ((state->stdin_bytes.length && pipe2(in, O_CLOEXEC) < 0) || pipe2(out, O_CLOEXEC) < 0 || pipe2(error, O_CLOEXEC) < 0) {
		r = err_errno(err, -errno, "cannot create a pipe");
	} else {
		struct program_request request = {.node = node, .step = run->step, .stdin_fd = in[0], .stdout_fd = out[1], .stderr_fd = error[1]};

		r = program_start(run->execution, &request, &state->pid, &state->pidfd, err);
	}
	if (r >= 0) {
		state->stdin_fd = fd_steal(&in[1]);
		state->streams[0].fd = fd_steal(&out[0]);
		state->streams[1].fd = fd_steal(&error[0]);
		for (size_t i = 0; i < 2; i++)
			fcntl(state->streams[i].fd, F_SETFL, O_NONBLOCK);
		if (state->stdin_fd >= 0)
			fcntl(state->stdin_fd, F_SETFL, O_NONBLOCK);
	}
	for (size_t i = 0; i < 2; i++) {
		cleanup_closep(&in[i]);
		cleanup_closep(&out[i]);
		cleanup_closep(&error[i]);
	}
	return r;
}

int run_start(struct step_run *run, struct err *err)
{
	const struct run_node *node = run->step->run;
	struct run_state *state = mem_new(struct run_state);
	struct err inner = {0};

	*state = (struct run_state){.pid = -1, .pidfd = -1, .stdin_fd = -1, .expected_exit = -1};
	for (int i = 0; i < 2; i++)
		state->streams[i] = (struct stream){.run = run, .number = i + 1, .fd = -1};
	run->state = state;
	run->background = node->background;
	int r = spawn(run, state, &inner);
	if (r < 0) {
		struct driver_failure failure = {.call = "execve", .errno_value = -r};

		step_fail(run, &failure, "%s", inner.text);
		return 0;
	}
	r = watch_program(run, state, err);
	if (r < 0)
		return r;
	if (!node->ready) {
		step_ready(run);
		return 0;
	}
	return ready_start(run->execution, node, on_ready, run, &state->ready, err);
}

static int on_grace_over(void *data, struct err *err)
{
	struct step_run *run = data;
	struct run_state *state = run->state;

	(void)err;
	state->kill_timer = NULL;
	if (!state->exited)
		kill(state->pid, SIGKILL);
	return 0;
}

int run_signal(struct step_run *run, int signal, int64_t expected_exit)
{
	struct run_state *state = run->state;

	if (run->finished || !state || state->exited || state->pid <= 0)
		return -ESRCH;
	state->stopped = true;
	state->signal = signal;
	state->expected_exit = expected_exit;
	return kill(state->pid, signal) < 0 ? -errno : 0;
}

void run_expire(struct step_run *run)
{
	struct run_state *state = run->state;
	siginfo_t ended = {0};

	if (!state || state->pid <= 0)
		return;
	if (!run->background || !run->ready) {
		/* Its time is up: nothing it still does can make the step pass. */
		kill(state->pid, SIGKILL);
		stop_watching(state);
		step_fail(run, NULL, "%s%s", run->message.length ? text_str(&run->message) :
			  run->cut_short ? "was still running when the scenario's time was over" : "was still running when the scenario ended",
			  run->ready || !run->step->run->ready ? "" : ", and never became ready");
		return;
	}
	/* What has ended by itself already is judged as such, though its end was not noticed yet. */
	if (waitid(P_PID, (id_t)state->pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == state->pid)
		return;
	state->told_to_end = true;
	state->signal = SIGTERM;
	kill(state->pid, SIGTERM);
	if (!state->kill_timer)
		state->kill_timer = loop_add_timer(run->execution->loop, clock_now() + GRACE, on_grace_over, run);
}

void run_release(struct step_run *run)
{
	struct run_state *state = run->state;

	if (!state)
		return;
	stop_watching(state);
	cleanup_closep(&state->pidfd);
	for (size_t i = 0; i < 2; i++)
		text_free(&state->streams[i].bytes);
	text_free(&state->stdin_bytes);
	free(state);
}
