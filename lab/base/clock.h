/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time. Nothing else in nslab reads a clock. */
#pragma once

#include <stdint.h>

#include "lab/base/text.h"

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* CLOCK_MONOTONIC in nanoseconds: deadlines and durations. */
int64_t clock_now(void);

/* CLOCK_REALTIME in nanoseconds: the clock of packet stamps (SO_TIMESTAMPNS, socket(7); TPACKET, packet(7)). */
int64_t clock_tape(void);

/* A deadline that never comes. */
#define CLOCK_NEVER INT64_MAX

/* now + span, without overflow; CLOCK_NEVER stays. */
int64_t clock_after(int64_t now, int64_t span);

/* "50 ms", "1.75 ms", "31 s", "12 µs": three significant digits, the unit that fits. */
void clock_add_span(struct text *out, int64_t span);
/* "50ms": as the scenario language writes durations, exact. */
void clock_add_duration(struct text *out, int64_t span);
