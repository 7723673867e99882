/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long until a lab is ready, its first packet through: nslab, bare C and a script of ip commands for the same lab, in one run. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "lab/base/clock.h"
#include "lab/kernel/sysctl.h"
#include "lab/run/plan.h"
#include "lab/scenario/scenario.h"
#include "tests/bench/bare.h"
#include "tests/bench/bench.h"

/*
 * Theory of operation
 *
 * Each measurement is a process of its own. The kinds take turns, since a
 * machine's speed drifts, and lower quartiles are compared. The kernel clears a lab away
 * behind its last close, which would be paid for by whoever comes next: so
 * before each measurement we wait for that (bench_settle()).
 */
enum kind { BARE, NSLAB, SCRIPT, KINDS };
static const char *const kind_names[] = {"bare C", "nslab", "ip script"};

#define LIMIT_BARE 1.15
#define LIMIT_SCRIPT 15
#define ROUNDS_MAX 101

/* --- the three ways --- */

static int64_t measure_bare(int nodes)
{
	struct bare_lab lab;
	int64_t start = clock_now();

	bare_build(nodes, &lab);
	bare_first_packet(lab.netns);
	return clock_now() - start;
}

static const struct scenario_tree *make_tree(int nodes)
{
	struct text text = {0};
	struct diag_list diags = {0};
	const struct scenario_case *cases;
	struct scenario_file *file;
	size_t count;

	text_add(&text, "scenario: pairs\nnodes:\n");
	for (int i = 0; i < nodes; i++)
		text_addf(&text, "  n%d: {}\n", i);
	text_add(&text, "links:\n");
	for (int i = 0; i < nodes; i += 2)
		text_addf(&text, "  - {\"n%d:eth0\": %s/24, \"n%d:eth0\": %s/24}\n", i, BARE_LEFT, i + 1, BARE_RIGHT);
	file = scenario_load_text("pairs.nslab.yaml", text_str(&text), text.length, driver_registry(), NULL, 0, &diags);
	if (!file || scenario_cases(file, &diags, &cases, &count) < 0)
		bench_die("the scenario is refused");
	return cases[0].tree;
}

/* As in a run, where the supervisor learns once what the host hands down. */
static struct sysctl_host host;

static int64_t measure_nslab(int nodes)
{
	const struct scenario_tree *tree = make_tree(nodes);
	struct arena *arena = arena_new();
	struct lab_ns lab;
	struct err err = {0};
	int64_t start = clock_now();
	struct plan *plan = plan_make(tree, arena);

	plan->host = &host;
	if (plan_build(plan, &lab, &err) < 0) {
		fprintf(stderr, "bench_lab: %s\n", err.text);
		_exit(2);
	}
	bare_first_packet(lab.netns);
	return clock_now() - start;
}

/* `nslab plan --shell`: what builds the same lab by ip, sysctl and ethtool. */
static void write_script(int nodes)
{
	_cleanup_text_ struct text script = {0};
	int fd = open("/run/lab.sh", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	plan_print_shell(plan_make(make_tree(nodes), arena_new()), &script);
	if (fd < 0 || write(fd, script.data, script.length) != (ssize_t)script.length)
		bench_die("/run/lab.sh");
	close(fd);
}

static int64_t measure_script(int nodes)
{
	int netns[2], status;

	if (unshare(CLONE_NEWNET) < 0 || mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0)
		bench_die("cannot make a /run for the script");
	write_script(nodes);
	int64_t start = clock_now();
	pid_t pid = vfork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "/run/lab.sh", NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		bench_die("the script failed");
	for (int i = 0; i < 2; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/run/netns/n%d", i);
		netns[i] = open(path, O_RDONLY | O_CLOEXEC);
	}
	bare_first_packet(netns);
	return clock_now() - start;
}

static int64_t (*const measures[])(int nodes) = {[BARE] = measure_bare, [NSLAB] = measure_nslab, [SCRIPT] = measure_script};

/* --- taking turns --- */

static int64_t measure(enum kind kind, int nodes)
{
	int64_t took = 0;
	int fds[2];

	bench_settle();
	if (pipe2(fds, O_CLOEXEC) < 0)
		bench_die("pipe");
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit files;

		if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
			files.rlim_cur = files.rlim_max;
			setrlimit(RLIMIT_NOFILE, &files);
		}
		if (unshare(CLONE_NEWNS) < 0)
			bench_die("cannot make a mount namespace");
		took = measures[kind](nodes);
		if (write(fds[1], &took, sizeof(took)) != sizeof(took))
			_exit(2);
		_exit(0);
	}
	close(fds[1]);
	ssize_t n = read(fds[0], &took, sizeof(took));
	close(fds[0]);
	waitpid(pid, NULL, 0);
	if (n != sizeof(took)) {
		fprintf(stderr, "bench_lab: %s, %d nodes: no result\n", kind_names[kind], nodes);
		exit(2);
	}
	return took;
}

/* Rounds are repeated while a limit does not hold: what else runs on a machine only ever adds. */
#define ATTEMPTS 3

/* One size; whether the limits held. */
static bool compare(int nodes, int rounds, int script_rounds)
{
	static int64_t values[KINDS][ROUNDS_MAX];
	double bare = 0, nslab = 0, script = 0;
	bool good = false;

	for (int i = 0; i < script_rounds; i++)
		values[SCRIPT][i] = measure(SCRIPT, nodes);
	if (script_rounds)
		script = bench_quartile(values[SCRIPT], script_rounds);
	for (int attempt = 0; attempt < ATTEMPTS && !good; attempt++) {
		for (int i = 0; i < rounds; i++)
			for (int turn = 0; turn < 2; turn++) {
				enum kind kind = (i + turn) % 2 ? BARE : NSLAB; /* nobody is always second */

				values[kind][i] = measure(kind, nodes);
			}
		bare = bench_quartile(values[BARE], rounds);
		nslab = bench_quartile(values[NSLAB], rounds);
		good = nslab <= bare * LIMIT_BARE && (!script_rounds || script >= nslab * LIMIT_SCRIPT);
	}
	printf("%5d  %9.3f  %9.3f  %7.2f", nodes, bare / 1e6, nslab / 1e6, nslab / bare);
	if (script_rounds)
		printf("  %9.1f  %7.1f", script / 1e6, script / nslab);
	else
		printf("  %9s  %7s", "-", "-");
	printf("%s\n", good ? "" : "   beyond the limit");
	fflush(stdout);
	return good;
}

/* bench_lab, or bench_lab NODES ROUNDS [SCRIPT-ROUNDS] */
int main(int argc, char **argv)
{
	static const struct {
		int nodes, rounds, script_rounds;
	} sizes[] = {{2, 101, 11}, {4, 61, 7}, {10, 41, 5}, {40, 21, 3}, {100, 11, 3}, {400, 5, 1}, {1000, 3, 1}};
	bool good = true;

	if (sysctl_learn_host(&host, NULL) < 0)
		bench_die("cannot read this host's sysctls");
	bench_enter_world();
	printf("lab ready, first packet through: lower quartile, ms (at most %.2f times bare C, at least %d times faster than a script of ip commands)\n",
	       LIMIT_BARE, LIMIT_SCRIPT);
	printf("%5s  %9s  %9s  %7s  %9s  %7s\n", "nodes", kind_names[BARE], kind_names[NSLAB], "ratio", kind_names[SCRIPT], "ratio");
	fflush(stdout);
	if (argc >= 3) {
		int rounds = atoi(argv[2]);

		return !compare(atoi(argv[1]), rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds, argc > 3 ? atoi(argv[3]) : 0);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		good = compare(sizes[i].nodes, sizes[i].rounds, sizes[i].script_rounds) && good;
	return good ? 0 : 1;
}
