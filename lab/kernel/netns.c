/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network namespaces, held by file descriptor (network_namespaces(7)). */
#include "lab/kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#include "lab/base/mem.h"

/* Of the thread, not of the process: a test's second thread may be somewhere else. */
#define OWN_NAMESPACE "/proc/thread-self/ns/net"

int netns_current(int *ret_fd, struct err *err)
{
	int fd = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, -errno, "cannot open %s", OWN_NAMESPACE);
	*ret_fd = fd;
	return 0;
}

int netns_create(int *ret_fd, struct err *err)
{
	if (unshare(CLONE_NEWNET) < 0) {
		int code = -errno;

		err_errno(err, code, "cannot create a network namespace");
		if (code == -ENOSPC)
			return err_wrap(err, "the limit user.max_net_namespaces is reached");
		if (code == -EPERM)
			return err_wrap(err, "this process lacks CAP_SYS_ADMIN, or a seccomp profile denies unshare(2)");
		return code;
	}
	return netns_current(ret_fd, err);
}

int netns_enter(int fd, struct err *err)
{
	if (setns(fd, CLONE_NEWNET) < 0)
		return err_errno(err, -errno, "cannot enter a network namespace");
	return 0;
}
