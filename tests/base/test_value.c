/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>

#include "lab/base/clock.h"
#include "lab/base/field.h"

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

TestSuite(value, .init = setup, .fini = teardown);

static int64_t duration(const char *text, int *ret)
{
	struct field field = {.name = "d", .type = &type_duration};
	int64_t value = -1;

	*ret = type_duration.parse(&field, text, arena, &value, NULL);
	return value;
}

Test(value, durations_are_exact)
{
	int r;

	cr_assert_eq(duration("1.5s", &r), 1500 * NS_PER_MS);
	cr_assert_eq(duration("50ms", &r), 50 * NS_PER_MS);
	cr_assert_eq(duration("0.001us", &r), 1);
	cr_assert_eq(duration("2min", &r), 120 * NS_PER_S);
	duration("5", &r);
	cr_assert_eq(r, -EINVAL, "a number without a unit is refused");
	duration("99999999999h", &r);
	cr_assert_eq(r, -ERANGE);
	duration("-1s", &r);
	cr_assert_eq(r, -EINVAL);
}

Test(value, every_value_prints_as_it_parses)
{
	static const struct {
		const struct value_type *type;
		const char *text;
	} cases[] = {
		{&type_bool, "true"}, {&type_int, "-17"}, {&type_duration, "1500ms"}, {&type_size, "64KiB"}, {&type_size, "1000"},
		{&type_rate, "1000/s"}, {&type_range, "3"}, {&type_range, "2..5"}, {&type_range, "2.."}, {&type_range, "..5"},
		{&type_span_range, "5ms..10ms"}, {&type_span_range, "..10ms"}, {&type_string, "any text"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct field field = {.name = "f", .type = cases[i].type};
		struct text out = {0};
		struct err err = {0};
		_Alignas(16) char value[64];

		cr_assert_eq(field.type->parse(&field, cases[i].text, arena, value, &err), 0, "%s", err.text);
		field.type->print(&field, value, &out);
		cr_assert_str_eq(text_str(&out), cases[i].text);
		text_free(&out);
	}
}

Test(value, limits_name_both_bounds)
{
	struct field field = {.name = "ttl", .type = &type_int, .min = 1, .max = 255};
	struct err err = {0};
	int64_t value;

	cr_assert_eq(type_int.parse(&field, "256", arena, &value, &err), -ERANGE);
	cr_assert_str_eq(err.text, "'256' is outside 1 to 255");
}

Test(value, a_range_upside_down_is_refused)
{
	struct field field = {.name = "count", .type = &type_range};
	struct range range;

	cr_assert_eq(type_range.parse(&field, "5..2", arena, &range, NULL), -ERANGE);
	cr_assert_eq(type_range.parse(&field, "..", arena, &range, NULL), -EINVAL);
	cr_assert_eq(type_range.parse(&field, "x", arena, &range, NULL), -EINVAL);
}

Test(value, an_unknown_choice_suggests_the_nearest)
{
	static const char *const choices[] = {"host", "router", NULL};
	struct field field = {.name = "kind", .type = &type_enum, .choices = choices};
	struct err err = {0};
	int value;

	cr_assert_eq(type_enum.parse(&field, "ruoter", arena, &value, &err), -EINVAL);
	cr_assert_str_eq(err.text, "'ruoter' is none of host, router; did you mean 'router'?");
}
