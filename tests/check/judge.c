/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/check/judge.h"

#include <string.h>

#include "drivers/driver.h"

void judge_print(struct judged *judged)
{
	text_clear(&judged->findings);
	diag_list_sort(&judged->diags);
	for (size_t i = 0; i < judged->diags.items.count; i++)
		diag_print(&judged->diags.items.items[i], false, false, &judged->findings);
}

void judge(struct judged *judged, const char *text)
{
	*judged = (struct judged){0};
	judged->file = scenario_load_text("test.nslab.yaml", text, strlen(text), driver_registry(), NULL, 0, &judged->diags);
	if (judged->file)
		scenario_cases(judged->file, &judged->diags, &judged->cases, &judged->count);
	for (size_t i = 0; i < judged->count; i++)
		check_case(&judged->cases[i], &judged->diags);
	judge_print(judged);
}

int judge_with_kernel(struct judged *judged, const char *text, struct err *err)
{
	judge(judged, text);
	int r = check_kernel(judged->cases, judged->count, &judged->diags, err);
	judge_print(judged);
	return r;
}

void judge_free(struct judged *judged)
{
	scenario_file_free(judged->file);
	diag_list_free(&judged->diags);
	text_free(&judged->findings);
}
