/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a child process tells its parent what went wrong before it became what it should. */
#include "lab/kernel/child.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "lab/base/mem.h"

struct report {
	int code;
	char text[ERR_TEXT_MAX];
};

int child_channel(int ret_fds[2], struct err *err)
{
	/* Sockets, not a pipe: MSG_NOSIGNAL, and one message stays one. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0)
		return err_errno(err, -errno, "cannot make a pair of sockets");
	return 0;
}

int child_tell(int fd, int code, const struct err *err)
{
	struct report report = {.code = code};

	if (code < 0)
		memcpy(report.text, err->text, sizeof(report.text));
	return send(fd, &report, code < 0 ? sizeof(report) : sizeof(report.code), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int child_hear(int fd, struct err *err)
{
	struct report report = {0};
	ssize_t n;

	do
		n = recv(fd, &report, sizeof(report), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, -errno, "cannot hear from a child process");
	if (n == 0)
		return 0; /* closed by execve(2), or by death: then there is a status to read */
	report.text[sizeof(report.text) - 1] = '\0';
	return report.code < 0 ? err_set(err, report.code, "%s", report.text) : 0;
}
