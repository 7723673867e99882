/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A case of one packet, from start to verdict: alone, in a row, and as a program; against bare C in one run. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "lab/base/clock.h"
#include "lab/check/check.h"
#include "lab/observe/observer.h"
#include "lab/run/supervisor.h"
#include "lab/scenario/scenario.h"
#include "tests/bench/bare.h"
#include "tests/bench/bench.h"

/*
 * Theory of operation
 *
 * As in bench_lab.c, kinds take turns and lower quartiles are compared. In a row nothing
 * is waited for between two cases: each pays for the clearing away of those
 * before it, which is the point. Afterwards bench_settle() proves that not one
 * network namespace is left.
 */
#define LIMIT_ALONE 1.3
#define LIMIT_ROW 1.2
#define LIMIT_PROGRAM 5
#define ROUNDS 101
#define ROW 400
#define LABS_WITHOUT_STALL 300
#define STALL (900 * NS_PER_MS) /* what was lost is asked for again after a second */

static const char one_packet[] = "scenario: one packet\n"
				 "nodes: {a: {}, b: {}}\n"
				 "links:\n"
				 "  - {\"a:eth0\": 192.0.2.1/24, \"b:eth0\": 192.0.2.2/24}\n"
				 "steps:\n"
				 "  - {step: a knocks, send: {in: a, with: udp, to: \"192.0.2.2:7000\", payload: x}}\n"
				 "  - {step: it arrives, expect: {at: \"b:eth0\", dir: in, packets: udp dst port 7000}}\n";
static const char both_families[] = "scenario: both families\n"
				    "nodes: {a: {}, b: {}}\n"
				    "links:\n"
				    "  - {\"a:eth0\": [192.0.2.1/24, \"2001:db8::1/64\"], \"b:eth0\": [192.0.2.2/24, \"2001:db8::2/64\"]}\n"
				    "steps:\n"
				    "  - {step: by IPv6, send: {in: a, with: udp, to: \"[2001:db8::2]:7000\", payload: x}}\n"
				    "  - {step: it arrives, expect: {at: \"b:eth0\", dir: in, packets: ip6 and udp dst port 7000}}\n"
				    "  - {step: by IPv4, send: {in: a, with: udp, to: \"192.0.2.2:7000\", payload: x}}\n"
				    "  - {step: that too, expect: {at: \"b:eth0\", dir: in, packets: ip and udp dst port 7000}}\n";

static const struct scenario_case *load(const char *text)
{
	struct diag_list diags = {0};
	const struct scenario_case *cases;
	size_t count;
	struct scenario_file *file = scenario_load_text("one.nslab.yaml", text, strlen(text), driver_registry(), NULL, 0, &diags);

	if (!file || scenario_cases(file, &diags, &cases, &count) < 0)
		bench_die("the scenario is refused");
	check_case(cases, &diags); /* as `nslab run` does before anything runs: the filter library is loaded here */
	return cases;
}

/* Notes when each verdict is in. */
struct watch {
	struct event_sink sink;
	int64_t begun;   /* clock_now() when the first case was about to start */
	int64_t first;   /* of the first verdict */
	int64_t last;    /* of the latest */
	int64_t slowest; /* a case's own time, start to verdict */
	int passed;
};

static int on_event(struct event_sink *sink, const struct event *event, struct err *err)
{
	struct watch *watch = (struct watch *)sink;

	(void)err;
	if (event->type == EVENT_CASE_BEGIN && !watch->begun)
		watch->begun = clock_now();
	if (event->type != EVENT_CASE_END)
		return 0;
	watch->last = clock_now();
	if (!watch->first)
		watch->first = watch->last;
	if (event->case_end.took > watch->slowest)
		watch->slowest = event->case_end.took;
	watch->passed += event->case_end.verdict == VERDICT_PASS;
	return 0;
}

static struct watch run_cases(const struct scenario_case *scenario, unsigned repeat)
{
	struct run_settings settings = {.jobs = 1, .timeout_multiplier = 1, .repeat = repeat, .invocation = "nslab run"};
	struct watch watch = {.sink.emit = on_event};
	struct supervision supervision = {.cases = &scenario, .count = 1, .settings = &settings, .sink = &watch.sink, .program = "bench"};
	struct event_run_end summary;
	struct err err = {0};

	if (supervise(&supervision, &summary, &err) < 0 || watch.passed != (int)repeat) {
		fprintf(stderr, "bench_case: %d of %u passed; %s\n", watch.passed, repeat, err.text);
		_exit(2);
	}
	return watch;
}

static bool verdict(const char *what, double bare, double nslab, double limit)
{
	bool good = nslab <= bare * limit;

	printf("%-44s %9.3f %9.3f %7.2f %7.2f%s\n", what, bare / 1e6, nslab / 1e6, nslab / bare, limit, good ? "" : "   beyond the limit");
	fflush(stdout);
	return good;
}

static bool alone(double *ret_nslab)
{
	static int64_t bare[ROUNDS], nslab[ROUNDS];
	const struct scenario_case *scenario = load(one_packet);

	for (int i = 0; i < ROUNDS; i++)
		for (int turn = 0; turn < 2; turn++) {
			bench_settle();
			if ((i + turn) % 2) {
				pid_t pid;

				bare[i] = bare_case(&pid);
				waitpid(pid, NULL, 0);
				continue;
			}
			struct watch watch = run_cases(scenario, 1);
			nslab[i] = watch.first - watch.begun;
		}
	*ret_nslab = bench_quartile(nslab, ROUNDS);
	return verdict("one packet, start to verdict", bench_quartile(bare, ROUNDS), *ret_nslab, LIMIT_ALONE);
}

/* Time to the last verdict of a row, by its number; what closes behind the verdicts goes on meanwhile, as in any run. */
static bool in_a_row(double nslab_alone)
{
	const struct scenario_case *scenario = load(one_packet);
	int64_t bare, nslab;

	bench_settle();
	int64_t start = clock_now();
	for (int i = 0; i < ROW; i++) {
		pid_t pid;

		bare_case(&pid);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	bare = (clock_now() - start) / ROW;
	while (waitpid(-1, NULL, 0) > 0)
		;
	bench_settle();
	start = clock_now();
	struct watch watch = run_cases(scenario, ROW);
	nslab = (watch.last - watch.begun) / ROW;
	bench_settle(); /* ends the benchmark where namespaces are left */
	printf("%-44s %9.3f %9.3f %7.2f\n", "400 of them in a row, each", (double)bare / 1e6, (double)nslab / 1e6, (double)nslab / (double)bare);
	return verdict("  nslab, one alone and one of the row", nslab_alone, (double)nslab, LIMIT_ROW);
}

static int64_t run_program(const char *const *argv)
{
	int64_t start = clock_now();
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, STDOUT_FILENO);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		bench_die(argv[0]);
	return clock_now() - start;
}

static bool as_a_program(const char *bare_program, const char *nslab_program)
{
	static int64_t bare[ROUNDS], nslab[ROUNDS];
	char file[] = "/tmp/bench-XXXXXX.nslab.yaml";
	const char *const bare_argv[] = {bare_program, NULL}, *const nslab_argv[] = {nslab_program, "run", file, NULL};
	int fd = mkstemps(file, (int)strlen(".nslab.yaml"));

	if (fd < 0 || write(fd, one_packet, strlen(one_packet)) < 0)
		bench_die(file);
	close(fd);
	for (int i = 0; i < ROUNDS; i++)
		for (int turn = 0; turn < 2; turn++) {
			bench_settle();
			if ((i + turn) % 2)
				bare[i] = run_program(bare_argv);
			else
				nslab[i] = run_program(nslab_argv);
		}
	unlink(file);
	return verdict("the same as a program, exec to exit", bench_quartile(bare, ROUNDS), bench_quartile(nslab, ROUNDS), LIMIT_PROGRAM);
}

static bool without_stall(void)
{
	struct watch watch = run_cases(load(both_families), LABS_WITHOUT_STALL);
	bool good = watch.slowest < STALL;

	printf("%-44s %9s %9.3f %7s %7s%s\n", "300 labs of both families, the slowest", "", (double)watch.slowest / 1e6, "", "",
	       good ? "" : "   a stall of a second");
	return good;
}

/* bench_case BARE-PROGRAM NSLAB-PROGRAM */
int main(int argc, char **argv)
{
	double nslab = 0;
	int stamps;
	bool good;

	if (argc != 3)
		return 2;
	bench_enter_world();
	/* The kernel stamps packets from the first socket on that asks for it, and has to be patched for that: once, and for both. */
	if (observer_hold_stamps(&stamps, NULL) < 0)
		bench_die("cannot have packets stamped");
	printf("%-44s %9s %9s %7s %7s\n", "lower quartile, ms", "bare C", "nslab", "ratio", "at most");
	good = alone(&nslab);
	good = in_a_row(nslab) && good;
	good = as_a_program(argv[1], argv[2]) && good;
	good = without_stall() && good;
	return good ? 0 : 1;
}
