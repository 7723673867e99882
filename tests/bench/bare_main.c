/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One case in plain C as a program: what `nslab run` of one scenario is held against, from exec to exit. */
#include <stdio.h>
#include <sys/wait.h>

#include "tests/bench/bare.h"

int main(void)
{
	pid_t pid;

	printf("pass in %.3f ms\n", (double)bare_case(&pid) / 1e6);
	waitpid(pid, NULL, 0);
	return 0;
}
