/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes of a lab: a runner that is PID 1 of its own world, and programs in nodes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lab/base/err.h"

/*
 * Theory of operation
 *
 * sandbox_fork() is fork(2) into new PID, mount, IPC and UTS namespaces, and,
 * where the caller is not root with CAP_SYS_ADMIN, a new user namespace in
 * which it is uid 0. The child is PID 1 there: when it dies, by SIGKILL too,
 * the kernel ends everything it started. It dies with its parent
 * (PR_SET_PDEATHSIG; the parent's thread counts, so call from the main thread
 * of a process that has no other). Mounts are private; /proc is that of the new
 * PID namespace. The network namespace is still the caller's: a lab makes its
 * own, and one nobody uses would cost 0.3 ms.
 */
struct sandbox {
	pid_t pid;   /* as the caller sees it */
	int pidfd;   /* readable when it has ended (pidfd_open(2)); the caller's, who also waits for it (waitpid(2)) */
};

/* Returns 0 in the parent, 1 in the child. An error says which step failed and what would allow it; then there is no child. */
int sandbox_fork(struct sandbox *ret, struct err *err);

enum sandbox_outcome {
	SANDBOX_READY = 0,
	SANDBOX_HOST_PROC = 1, /* mounting was refused, as in a container: /proc shows the host's processes, and programs cannot have a view */
};
/* In the child, first thing: mounts and /proc. enum sandbox_outcome, or negative. */
int sandbox_setup(struct err *err);
/*
 * Nothing that is mounted from now on shows outside the caller's mount namespace, which must be its own (unshare(2)), nor the
 * other way round. Root in a chroot keeps seeing what it saw, no longer as a chroot.
 */
int sandbox_private_mounts(struct err *err);

/* A program in a node. */
struct program {
	const char *const *argv;      /* NULL-terminated; looked up in PATH of `env` */
	const char *const *env;       /* NULL-terminated, complete */
	const char *cwd;              /* or NULL: the caller's */
	int netns;                    /* descriptor */
	int stdin_fd, stdout_fd, stderr_fd; /* -1: /dev/null */
	const char *hostname;         /* node name, for UTS */
	const char *hosts;            /* content of /etc/hosts; NULL: empty */
	const char *resolv;           /* content of /etc/resolv.conf; NULL: empty */
	const struct program_file *files; /* seen by this program only, over the read-only host */
	size_t file_count;
	const char *const *keep;      /* NULL-terminated, or NULL: host directories that stay visible below /run, /tmp, /var, /dev/shm */
	int view_fd;                  /* a node's view made by program_view(), or -1: make one for this program */
	bool terminal;                /* stdin is a terminal: new session with it as controlling terminal */
};
struct program_file {
	const char *path;             /* absolute */
	const char *content;
	unsigned mode;
};

/*
 * Makes a node's file-system view once and returns a mount-namespace descriptor. In it the host is read-only; /run, /tmp, /var
 * and /dev/shm are private, empty and writable; hosts, resolv.conf and the files lie over the host's; /sys is that of the
 * node's network namespace, and /proc/sys/net and /sys/devices/virtual/net can be written. The caller's working directory,
 * program->cwd and program->keep stay visible (read-only) where one of the private directories would hide them; a private
 * directory itself cannot be kept. Uses netns, hosts, resolv, files, cwd and keep of `program`.
 */
int program_view(const struct program *program, int *ret_fd, struct err *err);
/*
 * Spawns it in a session of its own, with default signals and an empty signal mask; errors up to and including execve(2) are
 * reported here, and then there is no process. *ret_pidfd is the caller's, who also waits for the process. It is killed when the calling thread ends.
 */
int program_spawn(const struct program *program, pid_t *ret_pid, int *ret_pidfd, struct err *err);
