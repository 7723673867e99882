/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The supervisor: runs cases, several at once, and gathers what they say into one event stream. */
#include "lab/run/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "lab/base/clock.h"
#include "lab/base/loop.h"
#include "lab/kernel/sysctl.h"
#include "lab/run/artifacts.h"
#include "lab/run/requirement.h"
#include "lab/run/runner.h"

/*
 * Theory: a job is a case being run. Its events are decoded as they come and
 * kept until its case-end, then handed on in one go, after the capture file was
 * written from them; with `live` they are handed on at once as well. A job whose
 * case-end is in has given its place to the next case; its process goes on
 * closing sockets and namespaces behind that (packet sockets wait for RCU), and
 * is waited for at the end of the run. The number of those is bounded.
 */
#define CLOSING_MAX 64
#define GUARD (10 * NS_PER_S)     /* what a runner gets beyond its scenario's own time limit */
#define TICK (100 * NS_PER_MS)
#define EVENTS_MAX (256u << 20)   /* bytes of events of one case */

struct supervisor;

struct job {
	struct supervisor *supervisor;
	const struct scenario_case *scenario;
	int64_t index;
	struct arena *arena;
	struct plan *plan;
	struct runner runner;
	bool running;           /* has a process */
	bool told;              /* its case-end is in and was handed on */
	bool rings, rerun;
	struct text bytes;      /* not decoded yet */
	size_t received;
	ARRAY(struct event) events;
	struct loop_source *events_watch, *pid_watch, *guard;
	struct job *next;
};

struct supervisor {
	const struct supervision *request;
	struct loop *loop;
	struct job *jobs;        /* all that are not freed yet */
	size_t next;             /* case to start */
	size_t total;
	size_t running;          /* jobs whose case-end is awaited */
	bool stopped, interrupted;
	struct requirement_cache requirements;
	struct event_run_end summary;
	struct loop_source *signal_watch;
	int signal_fd;
	int stamps_fd;           /* observer_hold_stamps() */
	struct sysctl_host host; /* learnt once for all labs */
};

static int begin_case(struct job *job, struct err *err);

static void hand_on(struct supervisor *supervisor, const struct event *event)
{
	event_emit(supervisor->request->sink, event, NULL);
}

static void count_verdict(struct event_run_end *summary, int64_t verdict)
{
	switch (verdict) {
	case VERDICT_PASS:
		summary->passed++;
		break;
	case VERDICT_FAIL:
		summary->failed++;
		break;
	case VERDICT_SKIP:
		summary->skipped++;
		break;
	case VERDICT_XFAIL:
		summary->xfailed++;
		break;
	case VERDICT_FLAKY:
		summary->flaky++;
		break;
	default:
		summary->errors++;
	}
}

static void unwatch(struct job *job)
{
	loop_remove(job->events_watch);
	loop_remove(job->guard);
	job->events_watch = job->guard = NULL;
	cleanup_closep(&job->runner.events);
	job->runner.events = -1;
}

static void free_job(struct job *job)
{
	struct job **at = &job->supervisor->jobs;

	while (*at && *at != job)
		at = &(*at)->next;
	if (*at)
		*at = job->next;
	unwatch(job);
	loop_remove(job->pid_watch);
	cleanup_closep(&job->runner.sandbox.pidfd);
	text_free(&job->bytes);
	array_free(&job->events);
	arena_free(job->arena);
	free(job);
}

static struct event *add_event(struct job *job, enum event_type type)
{
	return array_push(&job->events, (struct event){.type = type, .case_index = job->index, .stamp = clock_tape()});
}

/* The case is over: everything it said goes to the reporters. */
static void end_case(struct job *job)
{
	struct supervisor *supervisor = job->supervisor;
	const struct run_settings *settings = supervisor->request->settings;
	struct event *end = &job->events.items[job->events.count - 1];
	_cleanup_text_ struct text path = {0};
	struct err err = {0};

	if (supervisor->request->artifacts && end->case_end.verdict != VERDICT_SKIP) {
		if (artifacts_write(supervisor->request->artifacts, job->events.items, job->events.count, &path, &err) < 0) {
			end->case_end.verdict = VERDICT_ERROR;
			end->case_end.reason = err.text;
		} else {
			end->case_end.artifacts = text_str(&path);
		}
	}
	for (size_t i = settings->live ? job->events.count - 1 : 1; i < job->events.count; i++)
		hand_on(supervisor, &job->events.items[i]);
	count_verdict(&supervisor->summary, end->case_end.verdict);
	if (settings->stop_first && (end->case_end.verdict == VERDICT_FAIL || end->case_end.verdict == VERDICT_ERROR))
		supervisor->stopped = true;
	job->told = true;
	supervisor->running--;
	loop_remove(job->guard);
	job->guard = NULL;
	array_free(&job->events);
}

static void end_with(struct job *job, enum verdict verdict, const char *reason)
{
	struct event *event = add_event(job, EVENT_CASE_END);

	event->case_end = (struct event_case_end){.verdict = verdict, .reason = arena_strdup(job->arena, reason), .artifacts = ""};
	end_case(job);
}

/* --- the process --- */

static void describe_death(int status, struct text *out)
{
	if (WIFSIGNALED(status)) {
		const char *name = sigabbrev_np(WTERMSIG(status));

		text_addf(out, "the runner was ended by signal %s before it told a verdict", name ? name : "?");
	} else {
		text_addf(out, "the runner ended with status %d before it told a verdict", WEXITSTATUS(status));
	}
}

/* A tape with holes proves nothing; rings hold more than plain sockets, so the case runs once more with them. */
static bool wants_rerun(const struct job *job, const struct event *end)
{
	const struct run_settings *settings = job->supervisor->request->settings;

	return end->case_end.lost > 0 && !job->rings && !job->rerun && settings->observer == OBSERVE_AUTO && !settings->live &&
	       !job->supervisor->interrupted;
}

static void take_event(struct job *job, const struct event *event)
{
	struct supervisor *supervisor = job->supervisor;

	if (event->type == EVENT_CASE_END && wants_rerun(job, event)) {
		job->rerun = true;
		return;
	}
	array_push(&job->events, *event);
	if (event->type == EVENT_CASE_END)
		end_case(job);
	else if (supervisor->request->settings->live)
		hand_on(supervisor, event);
}

static int decode(struct job *job, struct err *err)
{
	size_t at = 0;
	long used = 0;

	while (!job->told && (!job->rerun || job->rings)) { /* what is left of the first attempt is not wanted */
		struct event event;

		used = event_decode((const uint8_t *)text_str(&job->bytes) + at, job->bytes.length - at, job->arena, &event, err);
		if (used <= 0)
			break;
		event.case_index = job->index;
		at += (size_t)used;
		take_event(job, &event);
	}
	if (at) {
		memmove(job->bytes.data, job->bytes.data + at, job->bytes.length - at);
		job->bytes.length -= at;
	}
	return used < 0 ? (int)used : 0;
}

static void kill_job(struct job *job)
{
	if (job->running)
		kill(job->runner.sandbox.pid, SIGKILL);
}

/* Reads what there is. False: the stream is at its end or broken. */
static bool read_events(struct job *job)
{
	struct err err = {0};
	char chunk[65536];

	for (;;) {
		ssize_t n = read(job->runner.events, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0)
			return false;
		job->received += (size_t)n;
		if (job->received > EVENTS_MAX) {
			end_with(job, VERDICT_ERROR, "the case said more than 256 MiB of events; was it meant to send so many packets?");
			kill_job(job);
			return false;
		}
		text_add_bytes(&job->bytes, chunk, (size_t)n);
		if (decode(job, &err) < 0) {
			end_with(job, VERDICT_ERROR, err.text);
			kill_job(job);
			return false;
		}
	}
}

static int on_events(void *data, uint32_t events, struct err *err)
{
	struct job *job = data;

	(void)events;
	(void)err;
	if (!read_events(job)) {
		loop_remove(job->events_watch);
		job->events_watch = NULL;
	}
	return 0;
}

static int rerun(struct job *job, struct err *err)
{
	unwatch(job);
	text_clear(&job->bytes);
	job->received = 0;
	job->events.count = 0;
	job->rings = true;
	return begin_case(job, err);
}

static int on_ended(void *data, uint32_t events, struct err *err)
{
	struct job *job = data;
	struct supervisor *supervisor = job->supervisor;
	_cleanup_text_ struct text reason = {0};
	int status = 0;

	(void)events;
	if (job->events_watch)
		read_events(job);
	loop_remove(job->pid_watch);
	job->pid_watch = NULL;
	if (waitpid(job->runner.sandbox.pid, &status, 0) < 0)
		status = W_EXITCODE(1, 0);
	cleanup_closep(&job->runner.sandbox.pidfd);
	job->runner.sandbox.pidfd = -1;
	job->running = false;
	if (job->rerun && !job->rings && !supervisor->interrupted)
		return rerun(job, err);
	if (!job->told && !supervisor->interrupted) {
		describe_death(status, &reason);
		end_with(job, VERDICT_ERROR, text_str(&reason));
	} else if (!job->told) {
		supervisor->running--;
		supervisor->summary.not_run++;
	}
	free_job(job);
	return 0;
}

static int on_guard(void *data, struct err *err)
{
	struct job *job = data;

	(void)err;
	job->guard = NULL;
	if (!job->told)
		end_with(job, VERDICT_ERROR, "the runner did not end, long after its time limit");
	kill_job(job);
	return 0;
}

/* --- the beginning --- */

static const char *tags_of(const struct scenario_tree *tree, struct arena *arena)
{
	struct text out = {0};

	for (size_t i = 0; i < tree->tags.count; i++)
		text_addf(&out, "%s%s", i ? " " : "", ((const char *const *)tree->tags.values)[i]);
	const char *kept = arena_strdup(arena, text_str(&out));
	text_free(&out);
	return kept;
}

static void tell_begin(struct job *job)
{
	const struct scenario_tree *tree = job->scenario->tree;
	const struct run_settings *settings = job->supervisor->request->settings;
	struct event *event = add_event(job, EVENT_CASE_BEGIN);
	_cleanup_text_ struct text rerun_line = {0};

	text_addf(&rerun_line, "%s ", settings->invocation);
	text_add_shell_word(&rerun_line, job->scenario->id);
	event->case_begin = (struct event_case_begin){
		.id = job->scenario->id, .file = job->scenario->path, .line = node_field_span(&tree->node, "scenario").line,
		.title = tree->title ? tree->title : "", .about = tree->about ? tree->about : "", .tags = tags_of(tree, job->arena),
		.rerun = arena_strdup(job->arena, text_str(&rerun_line)), .seed = settings->seed, .observer = job->rings ? "rings" : "sockets",
	};
	if (!job->rerun)
		hand_on(job->supervisor, event);
}

static int64_t limit_of(const struct job *job)
{
	const struct run_settings *settings = job->supervisor->request->settings;
	double span = settings->timeout ? (double)settings->timeout : (double)job->scenario->tree->timeout * settings->timeout_multiplier;

	return span > (double)(INT64_MAX / 2) ? CLOCK_NEVER : (int64_t)span + GUARD;
}

static int begin_case(struct job *job, struct err *err)
{
	struct supervisor *supervisor = job->supervisor;
	struct runner_request request = {
		.scenario = job->scenario, .settings = supervisor->request->settings, .plan = job->plan, .case_index = job->index,
		.observer = job->rings ? OBSERVE_RINGS : OBSERVE_SOCKETS,
	};
	struct err inner = {0};

	tell_begin(job);
	if (runner_start(&request, &job->runner, &inner) < 0) {
		end_with(job, VERDICT_ERROR, inner.text);
		free_job(job);
		return 0;
	}
	job->running = true;
	job->guard = loop_add_timer(supervisor->loop, clock_after(clock_now(), limit_of(job)), on_guard, job);
	int r = loop_add_fd(supervisor->loop, job->runner.events, EPOLLIN, on_events, job, &job->events_watch, err);
	if (r >= 0)
		r = loop_add_fd(supervisor->loop, job->runner.sandbox.pidfd, EPOLLIN, on_ended, job, &job->pid_watch, err);
	return r;
}

static int start_next(struct supervisor *supervisor, struct err *err)
{
	const struct run_settings *settings = supervisor->request->settings;
	struct job *job = mem_new(struct job);
	_cleanup_text_ struct text reason = {0};

	*job = (struct job){
		.supervisor = supervisor, .scenario = supervisor->request->cases[supervisor->next % supervisor->request->count],
		.index = (int64_t)supervisor->next, .arena = arena_new(), .runner = {.sandbox = {.pid = -1, .pidfd = -1}, .events = -1},
		.next = supervisor->jobs,
	};
	supervisor->jobs = job;
	supervisor->next++;
	supervisor->running++;
	enum requirement_outcome met = requirement_check(job->scenario, settings, &supervisor->requirements, &reason);
	if (met != REQUIREMENT_MET) {
		tell_begin(job);
		end_with(job, met == REQUIREMENT_SKIP ? VERDICT_SKIP : VERDICT_ERROR, text_str(&reason));
		free_job(job);
		return 0;
	}
	job->plan = plan_make(job->scenario->tree, job->arena);
	job->plan->host = &supervisor->host;
	job->rings = settings->observer == OBSERVE_RINGS || (settings->observer == OBSERVE_AUTO && (job->plan->wants_rings || settings->live));
	return begin_case(job, err);
}

/* Jobs whose verdict is out, and whose process goes on. */
static size_t count_closing(const struct supervisor *supervisor)
{
	size_t closing = 0;

	for (const struct job *job = supervisor->jobs; job; job = job->next)
		closing += job->told && job->running;
	return closing;
}

static bool something_ended(void *data)
{
	const struct supervisor *supervisor = data;
	bool more = supervisor->next < supervisor->total && !supervisor->stopped;

	if (!more)
		return supervisor->running == 0 || supervisor->interrupted;
	return supervisor->running < supervisor->request->settings->jobs && count_closing(supervisor) < CLOSING_MAX;
}

static int on_signal(void *data, uint32_t events, struct err *err)
{
	struct supervisor *supervisor = data;
	struct signalfd_siginfo info;

	(void)events;
	(void)err;
	while (read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		supervisor->interrupted = supervisor->stopped = true;
	return 0;
}

static bool nothing_left(void *data)
{
	return ((struct supervisor *)data)->jobs == NULL;
}

static int on_tick(void *data, struct err *err)
{
	struct supervisor *supervisor = data;

	(void)err;
	supervisor->request->tick(supervisor->request->tick_data);
	loop_add_timer(supervisor->loop, clock_now() + TICK, on_tick, supervisor);
	return 0;
}

static int run_all(struct supervisor *supervisor, struct err *err)
{
	int r = 0;

	if (supervisor->request->tick)
		loop_add_timer(supervisor->loop, clock_now() + TICK, on_tick, supervisor);
	while (r >= 0) {
		r = loop_run(supervisor->loop, something_ended, supervisor, CLOCK_NEVER, err);
		if (r < 0 || supervisor->stopped || supervisor->next >= supervisor->total)
			break;
		r = start_next(supervisor, err);
	}
	/* -x and the end of the list: what runs may end; an interrupt: it may not. */
	if (r >= 0 && !supervisor->interrupted)
		r = loop_run(supervisor->loop, something_ended, supervisor, CLOCK_NEVER, err);
	return r;
}

static void tell_run_begin(struct supervisor *supervisor)
{
	const struct run_settings *settings = supervisor->request->settings;
	struct event event = {.type = EVENT_RUN_BEGIN, .case_index = -1, .stamp = clock_tape()};

	event.run_begin = (struct event_run_begin){
		.version = EVENT_VERSION, .program = supervisor->request->program, .cases = (int64_t)supervisor->total,
		.jobs = settings->jobs, .seed = settings->seed,
	};
	hand_on(supervisor, &event);
}

static void tell_run_end(struct supervisor *supervisor, int64_t started)
{
	struct event event = {.type = EVENT_RUN_END, .case_index = -1, .stamp = clock_tape()};

	supervisor->summary.not_run += (int64_t)(supervisor->total - supervisor->next);
	supervisor->summary.interrupted = supervisor->interrupted;
	supervisor->summary.took = clock_now() - started;
	event.run_end = supervisor->summary;
	hand_on(supervisor, &event);
}

static int watch_signals(struct supervisor *supervisor, sigset_t *ret_old, struct err *err)
{
	sigset_t wanted;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGTERM);
	sigprocmask(SIG_BLOCK, &wanted, ret_old);
	supervisor->signal_fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	if (supervisor->signal_fd < 0)
		return err_errno(err, -errno, "cannot watch signals");
	return loop_add_fd(supervisor->loop, supervisor->signal_fd, EPOLLIN, on_signal, supervisor, &supervisor->signal_watch, err);
}

int supervise(const struct supervision *request, struct event_run_end *ret_summary, struct err *err)
{
	struct supervisor supervisor = {.request = request, .signal_fd = -1, .stamps_fd = -1};
	int64_t started = clock_now();
	sigset_t old;

	supervisor.total = request->count * request->settings->repeat;
	int r = loop_new(&supervisor.loop, err);
	if (r < 0)
		return r;
	sysctl_learn_host(&supervisor.host, NULL); /* what fails stays unknown */
	observer_hold_stamps(&supervisor.stamps_fd, NULL); /* saves each lab a wait; without it they only start later */
	r = watch_signals(&supervisor, &old, err);
	tell_run_begin(&supervisor);
	if (r >= 0)
		r = run_all(&supervisor, err);
	if (r < 0 || supervisor.interrupted)
		for (struct job *job = supervisor.jobs; job; job = job->next)
			kill_job(job);
	if (supervisor.interrupted && r >= 0)
		r = loop_run(supervisor.loop, nothing_left, &supervisor, CLOCK_NEVER, err);
	tell_run_end(&supervisor, started);
	/* What closes behind its verdict is bounded by the kernel's own work: namespaces, RCU. */
	int waited = loop_run(supervisor.loop, nothing_left, &supervisor, clock_now() + GUARD, r < 0 ? NULL : err);
	while (supervisor.jobs) {
		kill_job(supervisor.jobs);
		free_job(supervisor.jobs);
	}
	loop_remove(supervisor.signal_watch);
	cleanup_closep(&supervisor.signal_fd);
	cleanup_closep(&supervisor.stamps_fd);
	sigprocmask(SIG_SETMASK, &old, NULL);
	loop_free(supervisor.loop);
	*ret_summary = supervisor.summary;
	return r < 0 ? r : waited < 0 ? waited : 0;
}
