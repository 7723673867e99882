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
 * sandbox_fork() is fork(2) into new PID, mount, network, IPC and UTS
 * namespaces, and, where the caller is not root, a new user namespace in which
 * it is uid 0. The child is PID 1 there: when it dies, by SIGKILL too, the
 * kernel ends everything it started. It dies with its parent (PR_SET_PDEATHSIG;
 * the parent's thread counts, so call from the main thread). Mounts are private;
 * /proc is that of the new PID namespace.
 */
struct sandbox {
	pid_t pid;   /* as the caller sees it */
	int pidfd;   /* readable when it has ended (pidfd_open(2)) */
};

/* Returns 0 in the parent, 1 in the child. The child's set-up failures are reported through sandbox_ready(). */
int sandbox_fork(struct sandbox *ret, struct err *err);
/* In the child, first thing: user map, mounts, /proc. Says which step failed and what would allow it. */
int sandbox_setup(struct err *err);

/* A program in a node. */
struct program {
	const char *const *argv;      /* NULL-terminated; looked up in PATH of `env` */
	const char *const *env;       /* NULL-terminated, complete */
	const char *cwd;              /* or NULL */
	int netns;                    /* descriptor */
	int stdin_fd, stdout_fd, stderr_fd; /* -1: /dev/null */
	const char *hostname;         /* node name, for UTS */
	const char *hosts;            /* content of /etc/hosts */
	const char *resolv;           /* content of /etc/resolv.conf; NULL: empty */
	const struct program_file *files; /* seen by this program only, over the read-only host */
	size_t file_count;
	int view_fd;                  /* a node's view made by program_view(), or -1: make one for this program */
	bool terminal;                /* stdin is a terminal: new session with it as controlling terminal */
};
struct program_file {
	const char *path;             /* absolute */
	const char *content;
	unsigned mode;
};

/* Makes a node's file-system view once (private empty writable /run /tmp /var, hosts, files over the read-only host) and returns a mount-namespace descriptor. */
int program_view(const struct program *program, int *ret_fd, struct err *err);
/* Spawns it; errors up to and including execve are reported here. *ret_pidfd is the caller's. */
int program_spawn(const struct program *program, pid_t *ret_pid, int *ret_pidfd, struct err *err);
