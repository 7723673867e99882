/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/base/text.h"
#include "lab/kernel/netns.h"
#include "lab/kernel/sandbox.h"
#include "tests/kernel/isolate.h"

static const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", NULL};

/* Runs `body` as a runner; its exit status, or 128 + signal. A machine that permits no sandbox is a skip. */
static int run_sandboxed(void (*body)(void))
{
	struct sandbox sandbox;
	struct err err = {0};
	int status, r = sandbox_fork(&sandbox, &err);

	if (r < 0)
		SKIP("no sandbox here: %s", err.text);
	if (r == 1) {
		r = sandbox_setup(&err);
		CHECK(r >= 0, "%s", err.text);
		if (r == SANDBOX_HOST_PROC)
			SKIP("this machine refuses mounts");
		body();
		_exit(0);
	}
	CHECK(waitpid(sandbox.pid, &status, 0) == sandbox.pid, "waitpid: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A skip or a failure inside has told its message already. */
#define SANDBOXED(suite, name)                         \
	static void suite##_##name##_inside(void);     \
	FORKED(suite, name)                            \
	{                                              \
		int status = run_sandboxed(suite##_##name##_inside); \
		_exit(status);                         \
	}                                              \
	static void suite##_##name##_inside(void)

/* A node with nothing but lo. */
static int make_node(void)
{
	struct err err = {0};
	int fd;

	CHECK_OK(netns_create(&fd, &err));
	return fd;
}

/* Spawns with stdout and stderr read back; the exit status. */
static int spawn_and_read(struct program *program, struct text *output, struct err *err)
{
	char chunk[1024];
	int fds[2], pidfd, status;
	ssize_t n;
	pid_t pid;

	CHECK(pipe2(fds, O_CLOEXEC) == 0, "pipe");
	program->stdout_fd = program->stderr_fd = fds[1];
	int r = program_spawn(program, &pid, &pidfd, err);
	close(fds[1]);
	while ((n = read(fds[0], chunk, sizeof(chunk))) > 0)
		text_add_bytes(output, chunk, (size_t)n);
	close(fds[0]);
	if (r < 0)
		return r;
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};
	CHECK(poll(&ended, 1, 10000) == 1, "the descriptor of the process does not tell its end");
	CHECK(waitpid(pid, &status, 0) == pid, "waitpid");
	close(pidfd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void check_shell(struct program *program, const char *script, const char *expected)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct text output = {0};
	struct err err = {0};

	program->argv = argv;
	int r = spawn_and_read(program, &output, &err);
	CHECK(r == 0, "'%s' ended with %d: %s%s", script, r, text_str(&output), err.text);
	CHECK(str_eq(text_str(&output), expected), "'%s' printed '%s', not '%s'", script, text_str(&output), expected);
	text_free(&output);
}

static struct program simple(void)
{
	return (struct program){.env = env, .netns = make_node(), .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1, .hostname = "inside", .view_fd = -1};
}

SANDBOXED(sandbox, the_child_is_pid_1_and_uid_0_with_its_own_proc)
{
	char self[32] = "";

	CHECK(getpid() == 1, "pid %d", getpid());
	CHECK(getuid() == 0 && getgid() == 0, "uid %d gid %d", getuid(), getgid());
	CHECK(readlink("/proc/self", self, sizeof(self) - 1) == 1 && self[0] == '1', "/proc/self is %s", self);
}

/* A process without a runner's ways, to be ended from outside. */
static void block_for_ever(void)
{
	for (;;)
		pause();
}

FORKED(sandbox, killing_the_runner_ends_all_that_it_started)
{
	struct sandbox sandbox;
	struct err err = {0};
	int alive[2], told[2];
	char byte;

	CHECK(pipe2(alive, O_CLOEXEC) == 0 && pipe2(told, O_CLOEXEC) == 0, "pipe");
	int r = sandbox_fork(&sandbox, &err);
	if (r < 0)
		SKIP("no sandbox here: %s", err.text);
	if (r == 1) {
		for (int i = 0; i < 3; i++)
			if (fork() == 0) {
				setsid(); /* no group or session of the runner's could be used to find it */
				signal(SIGTERM, SIG_IGN);
				if (write(told[1], "x", 1) != 1)
					_exit(1);
				block_for_ever();
			}
		block_for_ever();
	}
	close(alive[1]); /* from now on only they hold it */
	for (int i = 0; i < 3; i++)
		CHECK(read(told[0], &byte, 1) == 1, "the grandchildren did not start");
	struct pollfd before = {.fd = alive[0], .events = POLLIN};
	CHECK(poll(&before, 1, 0) == 0, "somebody must hold the pipe");
	kill(sandbox.pid, SIGKILL);
	struct pollfd ended = {.fd = alive[0]};
	CHECK(poll(&ended, 1, 10000) == 1 && (ended.revents & POLLHUP), "something is left that holds the pipe");
	CHECK(waitpid(sandbox.pid, NULL, 0) == sandbox.pid, "waitpid");
}

FORKED(sandbox, the_runner_dies_with_its_parent)
{
	int alive[2], told[2];
	char byte;

	CHECK(pipe2(alive, O_CLOEXEC) == 0 && pipe2(told, O_CLOEXEC) == 0, "pipe");
	pid_t parent = fork();
	if (parent == 0) {
		struct sandbox sandbox;
		struct err err = {0};
		int r = sandbox_fork(&sandbox, &err);

		if (r < 0 || write(told[1], r == 1 ? "x" : "p", 1) != 1)
			_exit(1);
		block_for_ever();
	}
	close(alive[1]);
	close(told[1]);
	for (int i = 0; i < 2; i++)
		if (read(told[0], &byte, 1) != 1)
			SKIP("no sandbox here");
	kill(parent, SIGKILL);
	struct pollfd ended = {.fd = alive[0]};
	CHECK(poll(&ended, 1, 10000) == 1 && (ended.revents & POLLHUP), "the runner outlived its parent");
	waitpid(parent, NULL, 0);
}

SANDBOXED(sandbox, a_program_runs_in_its_node_with_its_name_and_its_environment)
{
	static const char *const own[] = {"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "COLOUR=blue", NULL};
	struct program program = simple();

	program.env = own;
	check_shell(&program, "hostname; echo $COLOUR; id -u; pwd >/dev/null && echo here; ls /sys/class/net; cat", "inside\nblue\n0\nhere\nlo\n");
}

SANDBOXED(sandbox, a_program_has_default_signals_and_no_foreign_descriptors)
{
	struct program program = simple();
	sigset_t all;

	signal(SIGPIPE, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	CHECK(dup2(STDERR_FILENO, 50) == 50, "a descriptor that is inherited");
	check_shell(&program, "grep -E 'SigBlk|SigIgn' /proc/self/status; ls /proc/self/fd", "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n0\n1\n2\n3\n");
}

SANDBOXED(sandbox, what_keeps_a_program_from_starting_is_told)
{
	static const char *const missing[] = {"no-such-program", NULL}, *const directory[] = {"/usr", NULL}, *const present[] = {"true", NULL};
	struct program program = simple();
	struct text output = {0};
	struct err err = {0};

	program.argv = missing;
	CHECK(spawn_and_read(&program, &output, &err) == -ENOENT, "%s", err.text);
	CHECK(strstr(err.text, "cannot run 'no-such-program': no such program in PATH (/usr/sbin:"), "%s", err.text);
	program.argv = directory;
	CHECK(spawn_and_read(&program, &output, &err) == -EACCES, "%s", err.text);
	program.argv = present;
	program.cwd = "/no/such/directory";
	CHECK(spawn_and_read(&program, &output, &err) == -ENOENT && strstr(err.text, "/no/such/directory"), "%s", err.text);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a process that did not start is left");
}

SANDBOXED(view, the_host_is_read_only_and_run_tmp_var_are_private)
{
	struct program program = simple();
	struct err err = {0};
	struct stat about;

	CHECK(chdir("/") == 0, "chdir"); /* a working directory below /tmp would stay visible */
	CHECK_OK(program_view(&program, &program.view_fd, &err));
	check_shell(&program, "for d in /run /tmp /var /dev/shm; do ls -A $d; echo x >$d/mine && cat $d/mine; done", "x\nx\nx\nx\n");
	check_shell(&program, "for d in /run /tmp /var /dev/shm; do ls -A $d; done", "mine\nmine\nmine\nmine\n");
	check_shell(&program, "for d in / /etc /usr /root /home; do touch $d/x 2>/dev/null && echo $d can be written; done; true", "");
	check_shell(&program, "echo x >/dev/null && head -c 4 /dev/zero | wc -c", "4\n");
	CHECK(stat("/tmp/mine", &about) < 0 && stat("/run/mine", &about) < 0, "it shows outside");
}

SANDBOXED(view, two_nodes_do_not_see_each_others_files)
{
	struct program one = simple(), other = simple();
	struct err err = {0};

	CHECK_OK(program_view(&one, &one.view_fd, &err));
	CHECK_OK(program_view(&other, &other.view_fd, &err));
	check_shell(&one, "echo x >/run/mine", "");
	check_shell(&other, "ls -A /run", "");
}

SANDBOXED(view, sysctls_of_the_node_can_be_written_and_those_of_the_host_cannot)
{
	struct program program = simple();

	check_shell(&program, "echo 1 >/proc/sys/net/ipv4/ip_forward && cat /proc/sys/net/ipv4/ip_forward", "1\n");
	check_shell(&program, "echo 1 2>/dev/null >/proc/sys/kernel/printk || echo refused", "refused\n");
}

SANDBOXED(view, hosts_and_resolv_conf_are_the_labs)
{
	struct program program = simple();

	program.hosts = "192.0.2.1 server\n";
	program.resolv = "nameserver 192.0.2.53\n";
	check_shell(&program, "cat /etc/hosts /etc/resolv.conf; getent hosts server; ls -A /run", "192.0.2.1 server\nnameserver 192.0.2.53\n192.0.2.1       server\n");
}

SANDBOXED(view, files_cover_what_the_host_has_and_appear_where_it_has_nothing)
{
	static const struct program_file files[] = {
		{"/etc/hosts", "covered\n", 0644},	  {"/etc/nslab.d/deep/new.conf", "new\n", 0600},
		{"/run/server/answer", "answer\n", 0644}, {"/usr/bin/nslab-test-tool", "#!/bin/sh\necho tool\n", 0755},
		{"/top.txt", "top\n", 0644},
	};
	struct program program = simple();
	struct err err = {0};

	program.hosts = "must not show\n";
	program.files = files;
	program.file_count = sizeof(files) / sizeof(files[0]);
	CHECK_OK(program_view(&program, &program.view_fd, &err));
	check_shell(&program, "cat /etc/hosts /etc/nslab.d/deep/new.conf /run/server/answer /top.txt; nslab-test-tool", "covered\nnew\nanswer\ntop\ntool\n");
	check_shell(&program, "stat -c %a /etc/nslab.d/deep/new.conf; test -s /etc/passwd && echo passwd", "600\npasswd\n");
	check_shell(&program, "touch /etc/nslab.d/x /usr/bin/x /x 2>/dev/null || echo read-only", "read-only\n");
	CHECK(access("/etc/nslab.d", F_OK) < 0 && access("/top.txt", F_OK) < 0, "it shows outside");
}

SANDBOXED(view, a_file_that_cannot_be_placed_is_named)
{
	static const struct program_file relative = {"etc/x", "", 0644}, under_a_file = {"/etc/passwd/x", "", 0644}, directory = {"/etc", "", 0644};
	static const struct program_file *const files[] = {&relative, &under_a_file, &directory};
	struct program program = simple();

	program.file_count = 1;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct err err = {0};

		program.files = files[i];
		CHECK(program_view(&program, &program.view_fd, &err) < 0, "%s was placed", files[i]->path);
		CHECK(strstr(err.text, files[i]->path), "%s", err.text);
	}
}

SANDBOXED(view, the_working_directory_stays_visible_below_a_private_one)
{
	struct program program = simple();
	char directory[] = "/tmp/nslab-view-XXXXXX", kept[64], expected[128];
	const char *const keep[] = {kept, NULL};

	CHECK(mkdtemp(directory), "mkdtemp: %s", strerror(errno));
	snprintf(kept, sizeof(kept), "%s/kept", directory);
	CHECK(mkdir(kept, 0700) == 0 && chdir(directory) == 0, "%s", strerror(errno));
	snprintf(expected, sizeof(expected), "%s\nkept\nread-only\nfree\n", directory);
	program.keep = keep;
	check_shell(&program, "pwd; ls; touch x 2>/dev/null || echo read-only; touch /tmp/x && echo free", expected);
	CHECK(chdir("/") == 0 && rmdir(kept) == 0 && rmdir(directory) == 0, "%s", strerror(errno));
}
