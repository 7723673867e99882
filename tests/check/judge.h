/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenarios judged in tests. */
#pragma once

#include "lab/check/check.h"

/* What is said of a scenario, printed as a person reads it. */
struct judged {
	struct scenario_file *file;
	const struct scenario_case *cases;
	size_t count;
	struct diag_list diags;
	struct text findings; /* sorted, printed */
};

/* Reads the text and judges all its cases; no kernel is asked. The scenario's folder is `directory`/. */
void judge(struct judged *judged, const char *text);
/* The same, and asks the kernel: what check_kernel() returns. */
int judge_with_kernel(struct judged *judged, const char *text, struct err *err);
/* Prints what was found since into `findings`. */
void judge_print(struct judged *judged);
void judge_free(struct judged *judged);

/* Two hosts on a wire, and the steps given. */
#define TWO_HOSTS(steps) TWO_HOSTS_WITH("", steps)
#define TWO_HOSTS_WITH(left, steps)                                                       \
	"scenario: two hosts\n"                                                            \
	"nodes:\n"                                                                         \
	"  left:\n" left                                                                   \
	"  right:\n"                                                                       \
	"links:\n"                                                                         \
	"  - left:eth0: [192.0.2.1/24, \"2001:db8::1/64\"]\n"                              \
	"    right:eth0: [192.0.2.2/24, \"2001:db8::2/64\"]\n"                             \
	"steps:\n" steps
#define SEND "  - send: {in: left, with: udp, to: \"192.0.2.2:9\", payload: x}\n"
#define SEE "  - expect: {at: right:eth0, packets: udp}\n"
