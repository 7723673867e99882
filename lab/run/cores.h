/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many cores we may use. */
#pragma once

/* By affinity (sched_getaffinity(2)) and the CPU quota of our cgroup (v2 cpu.max, v1 cpu.cfs_quota_us), rounded up; at least 1. */
unsigned cores_granted(void);
