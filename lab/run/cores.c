/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many cores we may use. */
#include "lab/run/cores.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

static int read_two(const char *path, char *first, size_t room, long long *ret_second)
{
	char line[128];
	FILE *file = fopen(path, "re");
	int n = 0;

	if (!file)
		return 0;
	if (fgets(line, sizeof(line), file) && room >= 32)
		n = sscanf(line, "%31s %lld", first, ret_second);
	fclose(file);
	return n;
}

/* Quota over period as whole cores, rounded up; 0: no limit. */
static unsigned cores_of(long long quota, long long period)
{
	return quota > 0 && period > 0 ? (unsigned)((quota + period - 1) / period) : 0;
}

static unsigned smaller(unsigned a, unsigned b)
{
	return !b || (a && a < b) ? a : b;
}

/* The limit of the cgroup at `path` and of each above it. */
static unsigned limit_of_tree(const char *mount, char *path, const char *file)
{
	unsigned limit = 0;

	for (;;) {
		char name[512], first[32] = "";
		long long second = 100000;

		snprintf(name, sizeof(name), "%s%s/%s", mount, strcmp(path, "/") == 0 ? "" : path, file);
		int n = read_two(name, first, sizeof(first), &second);
		long long quota = 0;
		if (n == 1 && strstr(file, "cfs_quota")) {
			char period[32] = "";

			snprintf(name, sizeof(name), "%s%s/cpu.cfs_period_us", mount, strcmp(path, "/") == 0 ? "" : path);
			if (read_two(name, period, sizeof(period), &second) >= 1)
				sscanf(period, "%lld", &second);
		}
		if (n >= 1 && sscanf(first, "%lld", &quota) == 1)
			limit = smaller(limit, cores_of(quota, second));
		char *slash = strrchr(path, '/');
		if (!slash || slash == path)
			return limit;
		*slash = '\0';
	}
}

static unsigned cgroup_limit(void)
{
	char line[512];
	unsigned limit = 0;
	FILE *file = fopen("/proc/self/cgroup", "re");

	while (file && fgets(line, sizeof(line), file)) {
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		if (controllers[1] == '\0')
			limit = smaller(limit, limit_of_tree("/sys/fs/cgroup", path, "cpu.max"));
		else if (strcmp(controllers + 1, "cpu") == 0 || strstr(controllers, "cpu,"))
			limit = smaller(limit, limit_of_tree("/sys/fs/cgroup/cpu", path, "cpu.cfs_quota_us"));
	}
	if (file)
		fclose(file);
	return limit;
}

unsigned cores_granted(void)
{
	cpu_set_t set;
	unsigned cores = 1;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
		cores = (unsigned)CPU_COUNT(&set);
	return smaller(cores, cgroup_limit());
}
