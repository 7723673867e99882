/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the benchmarks share: a world of their own, and quartiles. */
#pragma once

#include <stdint.h>

/* Ends the process with what failed and errno's words. */
void bench_die(const char *what) __attribute__((noreturn));

/* Moves the process into a user and a mount namespace of its own, as uid 0: root too, so that all measure alike. */
void bench_enter_world(void);

/*
 * Waits until the kernel has cleared every network namespace of this world away: it is allowed a single one, and we try to make
 * that. One that stays ends the process with a message after a minute.
 */
void bench_settle(void);

/* The lower quartile: what else runs on the machine disturbs it less than the median. Sorts the values. */
double bench_quartile(int64_t *values, int count);
