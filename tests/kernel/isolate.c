/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Test bodies in a process of their own, with namespaces of their own. */
#include "tests/kernel/isolate.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/base/text.h"
#include "lab/kernel/sandbox.h"

#define STATUS_FAIL 1
#define STATUS_SKIP 77
#define REPORT_FD 100 /* in the child: where messages go */

static void report(int status, const char *fmt, va_list args) __attribute__((format(printf, 2, 0), noreturn));
static void report(int status, const char *fmt, va_list args)
{
	char text[2048];
	int n = vsnprintf(text, sizeof(text), fmt, args);

	if (n > 0 && write(REPORT_FD, text, n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1) < 0)
		_exit(STATUS_FAIL);
	_exit(status);
}

void isolate_fail(const char *file, int line, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	snprintf(text, sizeof(text), "%s:%d: %s", file, line, fmt);
	va_start(args, fmt);
	report(STATUS_FAIL, text, args);
}

void isolate_skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(STATUS_SKIP, fmt, args);
}

static void write_file(const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, content, strlen(content)) < 0)
		isolate_skip("cannot write %s: %s", path, strerror(errno));
	close(fd);
}

static void enter_namespaces(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	struct err err = {0};
	char map[64];

	if (unshare((uid ? CLONE_NEWUSER : 0) | CLONE_NEWNET | CLONE_NEWNS) < 0)
		isolate_skip("this machine refuses namespaces: %s", strerror(errno));
	if (uid) {
		write_file("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "0 %u 1", gid);
		write_file("/proc/self/gid_map", map);
		snprintf(map, sizeof(map), "0 %u 1", uid);
		write_file("/proc/self/uid_map", map);
	}
	if (sandbox_private_mounts(&err) < 0)
		isolate_skip("%s", err.text);
}

static void run(void (*body)(void), bool namespaces)
{
	char text[4096];
	size_t length = 0;
	int fds[2], status = 0;
	ssize_t n;
	pid_t pid;

	fflush(NULL);
	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		if (fcntl(fds[1], F_DUPFD_CLOEXEC, REPORT_FD) != REPORT_FD)
			_exit(STATUS_FAIL);
		close(fds[0]);
		close(fds[1]);
		if (namespaces)
			enter_namespaces();
		body();
		_exit(0);
	}
	close(fds[1]);
	while ((n = read(fds[0], text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	close(fds[0]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_SKIP)
		cr_skip_test("%s", text);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s%s", text,
		  WIFSIGNALED(status) ? " (killed by a signal)" : length ? "" : "(it ended with a status and no message)");
}

void isolate_run(void (*body)(void))
{
	run(body, true);
}

void isolate_fork(void (*body)(void))
{
	run(body, false);
}

int isolate_command(const char *const *argv, char **ret_output)
{
	struct text output = {0};
	char chunk[4096];
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		isolate_fail(__FILE__, __LINE__, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(fds[1]);
	while ((n = read(fds[0], chunk, sizeof(chunk))) > 0)
		text_add_bytes(&output, chunk, (size_t)n);
	close(fds[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		isolate_fail(__FILE__, __LINE__, "cannot run %s", argv[0]);
	*ret_output = text_steal(&output);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool isolate_has(const char *program)
{
	static const char *const directories[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"};
	char path[256];

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directories[i], program);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}
