/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "lab/run/requirement.h"
#include "lab/run/artifacts.h"

static enum requirement_outcome check(const char *program, const char *kernel, const char *const *require, struct text *why)
{
	struct requires_node requires = {.kernel = kernel};
	struct scenario_tree tree = {.requires = &requires};
	struct scenario_case scenario = {.tree = &tree, .directory = "."};
	struct run_settings settings = {.require = require};
	struct requirement_cache cache = {0};

	if (program)
		requires.programs = (struct value_list){.values = &program, .count = 1};
	return requirement_check(&scenario, &settings, &cache, why);
}

Test(requirement, a_program_is_looked_for_in_path)
{
	struct text why = {0};

	cr_assert_eq(check("sh", NULL, NULL, &why), REQUIREMENT_MET);
	cr_assert_eq(check("no-such-program", NULL, NULL, &why), REQUIREMENT_SKIP);
	cr_assert_str_eq(text_str(&why), "needs the program 'no-such-program', which is not in PATH");
	text_free(&why);
}

Test(requirement, kernel_versions_are_compared_number_by_number)
{
	struct text why = {0};

	cr_assert_eq(check(NULL, ">= 3.2", NULL, &why), REQUIREMENT_MET);
	cr_assert_eq(check(NULL, ">= 999.1", NULL, &why), REQUIREMENT_SKIP);
	cr_assert_eq(check(NULL, "< 999", NULL, &why), REQUIREMENT_MET);
	cr_assert_eq(check(NULL, "> 3.9.17", NULL, &why), REQUIREMENT_MET);
	text_free(&why);
}

Test(requirement, what_is_required_by_the_caller_is_an_error_when_missing)
{
	static const char *const all[] = {"all", NULL}, *const other[] = {"rings", NULL};
	struct text why = {0};

	cr_assert_eq(check("no-such-program", NULL, all, &why), REQUIREMENT_ERROR);
	cr_assert_eq(check("no-such-program", NULL, other, &why), REQUIREMENT_SKIP);
	text_free(&why);
}

Test(artifacts, a_case_id_becomes_one_file_name)
{
	struct text name = {0};

	artifacts_name("scenarios/ip/ping.nslab.yaml[v=a b,w=../c]", &name);
	cr_assert_str_eq(text_str(&name), "scenarios_ip_ping.nslab.yaml[v=a_b,w=.._c]");
	text_free(&name);
}
