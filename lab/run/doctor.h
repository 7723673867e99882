/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a machine allows, all of it: features tried, programs looked for, limits read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lab/base/mem.h"
#include "lab/base/text.h"

enum doctor_group { DOCTOR_SANDBOX, DOCTOR_LINK, DOCTOR_NETFILTER, DOCTOR_SOCKET, DOCTOR_PROGRAM, DOCTOR_LIMIT, DOCTOR_GROUP_COUNT };
extern const char *const doctor_group_titles[DOCTOR_GROUP_COUNT];
extern const char *const doctor_group_names[DOCTOR_GROUP_COUNT]; /* for JSON: "sandbox", "link"… */

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_MISSING, /* some scenarios will be skipped */
	DOCTOR_FATAL,   /* without it no lab is possible here */
	DOCTOR_UNTRIED, /* something fatal stands in the way */
};
extern const char *const doctor_state_names[];

struct doctor_line {
	enum doctor_group group;
	enum doctor_state state;
	const char *name;   /* the word for `requires: features` or `requires: programs`, or a limit's */
	const char *doc;    /* what it is for */
	char *note;         /* why not, or what was found; or NULL */
	const char *remedy; /* what to change, or NULL */
};

struct doctor_report {
	ARRAY(struct doctor_line) lines;
	bool lab_possible;
	bool privileged; /* without a user namespace */
};

/* Takes a few ms a feature. Free with doctor_report_free(). */
void doctor_examine(struct doctor_report *ret);
void doctor_report_free(struct doctor_report *report);
