/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/kernel/sandbox.h"
#include "tests/kernel/isolate.h"

/* A folder with a /proc and a marker becomes the root, and is no mount point. Returns the way back. */
static int enter_chroot(char *directory)
{
	struct err err = {0};
	char path[64];

	CHECK(unshare(CLONE_NEWNS) == 0, "%s", strerror(errno));
	CHECK_OK(sandbox_private_mounts(&err));
	int home = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(mkdtemp(directory) && chdir(directory) == 0, "%s", strerror(errno));
	snprintf(path, sizeof(path), "%s/proc", directory);
	CHECK(mkdir("proc", 0755) == 0 && mkdir("here", 0755) == 0 && mount("proc", path, "proc", 0, NULL) == 0, "%s", strerror(errno));
	CHECK(chroot(".") == 0 && chdir("/here") == 0, "%s", strerror(errno));
	CHECK(mount(NULL, "/", NULL, MS_PRIVATE, NULL) < 0 && errno == EINVAL, "the root is a mount point");
	return home;
}

/* In the runner. */
static void look_around(void)
{
	struct err err = {0};
	char cwd[64];
	int fd;

	CHECK(sandbox_setup(&err) == SANDBOX_READY, "%s", err.text);
	CHECK(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/here") == 0, "the working directory is lost");
	CHECK(getpid() == 1 && access("/proc/1/status", F_OK) == 0 && access("/proc/2", F_OK) < 0, "/proc is not the runner's own");
	/* What a program's view does: whoever enters the namespace anew finds the same root. */
	fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && setns(fd, CLONE_NEWNS) == 0, "%s", strerror(errno));
	CHECK(access("/here", F_OK) == 0 && access("/etc", F_OK) < 0, "setns(2) leads out of the chroot");
	_exit(0);
}

FORKED(sandbox, a_runner_works_in_a_chroot_that_is_no_mount_point)
{
	char directory[] = "/tmp/nslab-chroot-XXXXXX", proc[64], here[64];
	int status = 1;
	struct sandbox sandbox;
	struct err err = {0};

	if (geteuid() != 0)
		SKIP("only root can chroot, and nobody can make a user namespace inside one (user_namespaces(7))");
	int home = enter_chroot(directory);
	int r = sandbox_fork(&sandbox, &err);
	if (r == 1)
		look_around();
	bool ended = r == 0 && waitpid(sandbox.pid, &status, 0) == sandbox.pid;
	CHECK(fchdir(home) == 0 && chroot(".") == 0, "%s", strerror(errno));
	snprintf(proc, sizeof(proc), "%s/proc", directory);
	snprintf(here, sizeof(here), "%s/here", directory);
	CHECK(umount2(proc, MNT_DETACH) == 0 && rmdir(proc) == 0 && rmdir(here) == 0 && rmdir(directory) == 0, "%s", strerror(errno));
	CHECK(ended && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the runner failed: %s", err.text);
}
