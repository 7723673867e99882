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

int child_give(int channel, int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(fd))] = {0};
	char byte = 0; /* a descriptor does not travel alone (unix(7)) */
	struct iovec body = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(channel, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int child_take(int channel, int *ret_fd, struct err *err)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	char byte;
	struct iovec room = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &room, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	ssize_t n;

	do
		n = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, -errno, "cannot take a descriptor from a child process");

	const struct cmsghdr *header = n ? CMSG_FIRSTHDR(&message) : NULL;
	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int)))
		return err_set(err, -EPIPE, "a child process ended before its work was done");
	memcpy(ret_fd, CMSG_DATA(header), sizeof(int));
	return 0;
}
