/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Value types of floor 0: booleans, numbers, words, durations, sizes, rates, ranges. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lab/base/clock.h"
#include "lab/base/field.h"

static int check_limits(const struct field *field, int64_t value, const char *text, struct err *err)
{
	if ((field->min || field->max) && (value < field->min || value > field->max)) {
		struct text low = {0}, high = {0};

		field->type->print(field, &field->min, &low);
		field->type->print(field, &field->max, &high);
		int r = field->max == INT64_MAX ? err_set(err, -ERANGE, "'%s' is below %s", text, text_str(&low)) :
						  err_set(err, -ERANGE, "'%s' is outside %s to %s", text, text_str(&low), text_str(&high));
		text_free(&low);
		text_free(&high);
		return r;
	}
	return 0;
}

static int parse_bool(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};

	(void)field;
	(void)arena;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcasecmp(text, words[i]) == 0) {
			*(bool *)ret = i & 1;
			return 0;
		}
	return err_set(err, -EINVAL, "'%s' is neither true nor false", text);
}

static void print_bool(const struct field *field, const void *value, struct text *out)
{
	(void)field;
	text_add(out, *(const bool *)value ? "true" : "false");
}

const struct value_type type_bool = {
	.name = "boolean", .doc = "true or false (also yes, no, on, off)", .size = sizeof(bool),
	.json = "\"type\": \"boolean\"", .parse = parse_bool, .print = print_bool,
};

static int parse_int(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	int64_t value;
	int r = str_to_i64(text, &value);

	(void)arena;
	if (r == -ERANGE)
		return err_set(err, r, "'%s' does not fit into 64 bits", text);
	if (r < 0)
		return err_set(err, r, "'%s' is not a whole number", text);
	r = check_limits(field, value, text, err);
	if (r < 0)
		return r;
	*(int64_t *)ret = value;
	return 0;
}

static void print_int(const struct field *field, const void *value, struct text *out)
{
	(void)field;
	text_addf(out, "%" PRId64, *(const int64_t *)value);
}

const struct value_type type_int = {
	.name = "whole number", .doc = "a whole number, in decimal or as 0x… in hexadecimal", .size = sizeof(int64_t),
	.json = "\"type\": [\"integer\", \"string\"]", .parse = parse_int, .print = print_int,
};

static int parse_string(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	(void)field;
	(void)err;
	*(const char **)ret = arena_strdup(arena, text);
	return 0;
}

static void print_string(const struct field *field, const void *value, struct text *out)
{
	const char *string = *(const char *const *)value;

	(void)field;
	text_add(out, string ? string : "");
}

const struct value_type type_string = {
	.name = "text", .doc = "any text", .size = sizeof(char *), .json = "\"type\": [\"string\", \"number\", \"boolean\"]",
	.parse = parse_string, .print = print_string,
};

static int parse_enum(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	struct text all = {0};
	size_t count = 0;

	(void)arena;
	for (; field->choices[count]; count++) {
		if (strcmp(text, field->choices[count]) == 0) {
			*(int *)ret = (int)count;
			text_free(&all);
			return 0;
		}
		text_addf(&all, "%s%s", count ? ", " : "", field->choices[count]);
	}
	const char *near = str_nearest(text, field->choices, count);
	int r = near ? err_set(err, -EINVAL, "'%s' is none of %s; did you mean '%s'?", text, text_str(&all), near) :
		       err_set(err, -EINVAL, "'%s' is none of %s", text, text_str(&all));
	text_free(&all);
	return r;
}

static void print_enum(const struct field *field, const void *value, struct text *out)
{
	text_add(out, field->choices[*(const int *)value]);
}

const struct value_type type_enum = {
	.name = "choice", .doc = "one of the words listed", .size = sizeof(int), .parse = parse_enum, .print = print_enum,
};

struct unit {
	const char *name;
	int64_t factor;
};

/*
 * A decimal number with an optional fraction and a unit, exact in integers:
 * "1.5s" is 1,500,000,000. -EINVAL, or -ERANGE.
 */
static int parse_with_unit(const char *text, const struct unit *units, size_t count, int64_t *ret)
{
	int64_t whole = 0, fraction = 0, scale = 1;
	const char *c = text;

	if (!isdigit((unsigned char)*c))
		return -EINVAL;
	for (; isdigit((unsigned char)*c); c++)
		if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, *c - '0', &whole))
			return -ERANGE;
	if (*c == '.') {
		c++;
		if (!isdigit((unsigned char)*c))
			return -EINVAL;
		for (; isdigit((unsigned char)*c); c++)
			if (scale < INT64_C(1000000000)) {
				fraction = fraction * 10 + (*c - '0');
				scale *= 10;
			}
	}
	while (*c == ' ')
		c++;
	for (size_t i = 0; i < count; i++) {
		int64_t value, part;

		if (strcmp(c, units[i].name) != 0)
			continue;
		if (__builtin_mul_overflow(whole, units[i].factor, &value) ||
		    __builtin_mul_overflow(fraction, units[i].factor, &part) ||
		    __builtin_add_overflow(value, part / scale, &value))
			return -ERANGE;
		*ret = value;
		return 0;
	}
	return -EINVAL;
}

static const struct unit duration_units[] = {
	{"ns", 1}, {"us", NS_PER_US}, {"µs", NS_PER_US}, {"ms", NS_PER_MS}, {"s", NS_PER_S}, {"min", 60 * NS_PER_S}, {"h", 3600 * NS_PER_S},
};

static int parse_duration(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	int64_t value = 0;
	int r = strcmp(text, "0") == 0 ? 0 : parse_with_unit(text, duration_units, COUNT_OF(duration_units), &value);

	(void)arena;
	if (r == -ERANGE)
		return err_set(err, r, "'%s' is too long a time", text);
	if (r < 0)
		return err_set(err, r, "'%s' is not a duration; write a number and ns, us, ms, s, min or h, as in 50ms", text);
	r = check_limits(field, value, text, err);
	if (r < 0)
		return r;
	*(int64_t *)ret = value;
	return 0;
}

static void print_duration(const struct field *field, const void *value, struct text *out)
{
	(void)field;
	clock_add_duration(out, *(const int64_t *)value);
}

const struct value_type type_duration = {
	.name = "duration", .doc = "a number and ns, us, ms, s, min or h: 50ms, 1.5s", .size = sizeof(int64_t),
	/* The pattern binds texts, the limits numbers: the one number without a unit is 0. */
	.json = "\"type\": [\"string\", \"integer\"], \"pattern\": \"^(0|[0-9]+([.][0-9]+)? *(ns|us|µs|ms|s|min|h))$\", "
		"\"minimum\": 0, \"maximum\": 0",
	.parse = parse_duration, .print = print_duration,
};

static const struct unit size_units[] = {
	{"", 1}, {"B", 1}, {"kB", 1000}, {"KiB", 1024}, {"K", 1024}, {"MB", 1000000}, {"MiB", 1 << 20}, {"M", 1 << 20},
	{"GB", 1000000000}, {"GiB", 1 << 30}, {"G", 1 << 30},
};

static int parse_size(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	int64_t value = 0;
	int r = parse_with_unit(text, size_units, COUNT_OF(size_units), &value);

	(void)arena;
	if (r == -ERANGE)
		return err_set(err, r, "'%s' is too large", text);
	if (r < 0)
		return err_set(err, r, "'%s' is not a size in bytes; write a number, and kB, KiB, MB, MiB, GB or GiB where wanted", text);
	r = check_limits(field, value, text, err);
	if (r < 0)
		return r;
	*(int64_t *)ret = value;
	return 0;
}

static void print_size(const struct field *field, const void *value, struct text *out)
{
	int64_t size = *(const int64_t *)value;

	(void)field;
	if (size && size % (1 << 20) == 0)
		text_addf(out, "%" PRId64 "MiB", size >> 20);
	else if (size && size % 1024 == 0)
		text_addf(out, "%" PRId64 "KiB", size >> 10);
	else
		text_addf(out, "%" PRId64, size);
}

const struct value_type type_size = {
	.name = "size", .doc = "bytes: 512, 64KiB, 1MiB, 4kB", .size = sizeof(int64_t),
	.json = "\"type\": [\"integer\", \"string\"]", .parse = parse_size, .print = print_size,
};

static const struct unit count_units[] = {{"", 1}, {"k", 1000}, {"M", 1000000}};

static int parse_rate(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	const char *slash = strchr(text, '/');
	int64_t count, per = 0;

	(void)field;
	if (slash) {
		static const struct unit periods[] = {{"/s", NS_PER_S}, {"/min", 60 * NS_PER_S}, {"/ms", NS_PER_MS}};
		const char *number = arena_strndup(arena, text, (size_t)(slash - text));

		for (size_t i = 0; i < COUNT_OF(periods); i++)
			if (strcmp(slash, periods[i].name) == 0)
				per = periods[i].factor;
		if (per && parse_with_unit(number, count_units, COUNT_OF(count_units), &count) == 0 && count > 0) {
			*(double *)ret = (double)count * ((double)NS_PER_S / (double)per);
			return 0;
		}
	}
	return err_set(err, -EINVAL, "'%s' is not a rate; write packets per time, as in 1000/s, 10k/s or 60/min", text);
}

static void print_rate(const struct field *field, const void *value, struct text *out)
{
	(void)field;
	text_addf(out, "%.15g/s", *(const double *)value);
}

const struct value_type type_rate = {
	.name = "rate", .doc = "packets per time: 1000/s, 10k/s, 60/min", .size = sizeof(double),
	.json = "\"type\": \"string\", \"pattern\": \"^[0-9.]+ *[kM]?/(s|min|ms)$\"", .parse = parse_rate, .print = print_rate,
};

typedef int (*bound_fn)(const char *text, int64_t *ret);

static int bound_count(const char *text, int64_t *ret)
{
	uint64_t value;
	int r = str_to_u64(text, &value);

	if (r < 0)
		return r;
	if (value >= INT64_MAX)
		return -ERANGE;
	*ret = (int64_t)value;
	return 0;
}

static int bound_span(const char *text, int64_t *ret)
{
	return parse_with_unit(text, duration_units, COUNT_OF(duration_units), ret);
}

static int parse_bounds(const char *text, struct arena *arena, bound_fn bound, struct range *ret)
{
	const char *dots = strstr(text, "..");
	struct range range = {0, INT64_MAX};

	if (!dots) {
		int r = bound(text, &range.min);

		if (r < 0)
			return r;
		range.max = range.min;
	} else {
		const char *low = arena_strndup(arena, text, (size_t)(dots - text));
		const char *high = dots + 2;
		int r = *low ? bound(low, &range.min) : 0;

		if (r == 0 && *high)
			r = bound(high, &range.max);
		if (r < 0 || (!*low && !*high))
			return r < 0 ? r : -EINVAL;
		if (range.max < range.min)
			return -ERANGE;
	}
	*ret = range;
	return 0;
}

static int parse_range(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	int r = parse_bounds(text, arena, bound_count, ret);

	(void)field;
	if (r == -ERANGE)
		return err_set(err, r, "'%s': the upper bound lies below the lower one, or does not fit", text);
	if (r < 0)
		return err_set(err, r, "'%s' is not a count; write 3, 2..5, 2.. or ..5", text);
	return 0;
}

static void print_range(const struct field *field, const void *value, struct text *out)
{
	const struct range *range = value;

	(void)field;
	if (range->min == range->max)
		text_addf(out, "%" PRId64, range->min);
	else if (range->max == INT64_MAX)
		text_addf(out, "%" PRId64 "..", range->min);
	else if (range->min == 0)
		text_addf(out, "..%" PRId64, range->max);
	else
		text_addf(out, "%" PRId64 "..%" PRId64, range->min, range->max);
}

const struct value_type type_range = {
	.name = "count", .doc = "a number, or a range with both ends included: 3, 2..5, 2.., ..5", .size = sizeof(struct range),
	.json = "\"type\": [\"integer\", \"string\"]", .parse = parse_range, .print = print_range,
};

static int parse_span_range(const struct field *field, const char *text, struct arena *arena, void *ret, struct err *err)
{
	int r = parse_bounds(text, arena, bound_span, ret);

	(void)field;
	if (r == -ERANGE)
		return err_set(err, r, "'%s': the upper bound lies below the lower one, or does not fit", text);
	if (r < 0)
		return err_set(err, r, "'%s' is not a time span; write 10ms, 5ms..10ms or ..10ms", text);
	return 0;
}

static void print_span_range(const struct field *field, const void *value, struct text *out)
{
	const struct range *range = value;

	(void)field;
	if (range->min || range->min == range->max || range->max == INT64_MAX)
		clock_add_duration(out, range->min);
	if (range->min == range->max)
		return;
	text_add(out, "..");
	if (range->max != INT64_MAX)
		clock_add_duration(out, range->max);
}

const struct value_type type_span_range = {
	.name = "time span", .doc = "a duration, or a range of them: 10ms, 5ms..10ms, ..10ms", .size = sizeof(struct range),
	.parse = parse_span_range, .print = print_span_range,
};
