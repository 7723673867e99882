/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time. Nothing else in nslab reads a clock. */
#include "lab/base/clock.h"

#include <inttypes.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_tape(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_after(int64_t now, int64_t span)
{
	int64_t sum;

	if (now == CLOCK_NEVER || span == CLOCK_NEVER || __builtin_add_overflow(now, span, &sum))
		return CLOCK_NEVER;
	return sum;
}

void clock_add_span(struct text *out, int64_t span)
{
	static const struct {
		int64_t unit;
		const char *name;
	} units[] = {{NS_PER_S, "s"}, {NS_PER_MS, "ms"}, {NS_PER_US, "µs"}, {1, "ns"}};
	size_t i = 0;

	if (span < 0) {
		text_add_char(out, '-');
		span = -span;
	}
	while (i + 1 < COUNT_OF(units) && span < units[i].unit)
		i++;
	double value = (double)span / (double)units[i].unit;
	int digits = value >= 100 || units[i].unit == 1 ? 0 : value >= 10 ? 1 : 2;
	text_addf(out, "%.*f %s", digits, value, units[i].name);
}

void clock_add_duration(struct text *out, int64_t span)
{
	static const struct {
		int64_t unit;
		const char *name;
	} units[] = {{NS_PER_S * 60, "min"}, {NS_PER_S, "s"}, {NS_PER_MS, "ms"}, {NS_PER_US, "us"}, {1, "ns"}};
	size_t i = 0;

	if (span == 0) {
		text_add(out, "0s");
		return;
	}
	while (i + 1 < COUNT_OF(units) && span % units[i].unit)
		i++;
	text_addf(out, "%" PRId64 "%s", span / units[i].unit, units[i].name);
}
